import pino, { type Logger } from 'pino';
import type { LogLevel } from './config.ts';

export type { Logger } from 'pino';

/** Never written, wherever it stands in what is logged. */
const secretNames = ['password', 'token', 'secret', 'secretKey', 'authorization', 'cookie', 'refreshToken'];

export interface LogOptions {
  readonly level: LogLevel;
  /** Default: standard output, as containers expect. */
  readonly file?: string;
}

/** One JSON object a line. */
export function createLogger(options: LogOptions): Logger {
  return pino(
    {
      level: options.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: {
        paths: secretNames.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]),
        censor: '(hidden)',
      },
    },
    pino.destination({ dest: options.file ?? 1, mkdir: true, sync: true, append: true }),
  );
}
