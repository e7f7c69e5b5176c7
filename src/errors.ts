/**
 * The one kind of failure that Stoa shows to a person on purpose: what is wrong, and what to do about it.
 * Anything else that reaches the command line is a defect and is printed with its stack.
 */
export const exitCodes = {
  ok: 0,
  /** Something broke that nobody foresaw. */
  unexpected: 1,
  /** The command was called with words it does not take. */
  usage: 2,
  /** A setting is missing or has a value that cannot be used. */
  configuration: 3,
  /** The database cannot be reached, or is not one that Stoa can use. */
  database: 4,
  /** The command would destroy or change something that it must not without permission. */
  refused: 5,
  /** A check ran and found something (drift, pending migrations, a plan that is not proven). */
  checkFailed: 6,
  /** A port, a lock or a data folder is taken by somebody else. */
  busy: 7,
  /** Input that was given (a file, a row) is not of the form the command takes. */
  input: 8,
  /** Stopped by a signal. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

export class StoaError extends Error {
  override readonly name = 'StoaError';
  /** Stable and dotted, for machines: `cluster.port_taken`. */
  readonly code: string;
  /** What the reader can do, one sentence. */
  readonly cure: string | undefined;
  readonly exitCode: ExitCode;

  constructor(
    code: string,
    message: string,
    options: { cure?: string; exitCode?: ExitCode; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.cure = options.cure;
    this.exitCode = options.exitCode ?? exitCodes.unexpected;
  }
}
