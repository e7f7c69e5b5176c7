import type { DatabaseError } from 'pg';
import { exitCodes, StoaError } from '../errors.ts';

/**
 * Something that sign-in refuses on purpose. The words come from the registry (core.error_codes), by way of the
 * function that raised it.
 */
export class Refusal extends StoaError {
  /** `ST401` and the like. */
  readonly sqlstate: string;
  /** Seconds after which trying again makes sense. */
  readonly retryAfter: number | undefined;

  constructor(raised: {
    reason: string;
    sqlstate: string;
    message: string;
    cure: string | undefined;
    retryAfter: number | undefined;
  }) {
    super(raised.reason, raised.message, {
      ...(raised.cure === undefined ? {} : { cure: raised.cure }),
      exitCode: exitCodes.refused,
    });
    this.sqlstate = raised.sqlstate;
    this.retryAfter = raised.retryAfter;
  }

  /** The dotted key of the registry. */
  get reason(): string {
    return this.code;
  }
}

/** What a banned account gets instead of a session: with it, its owner answers to the ban. Shown this once. */
export interface AppealToken {
  readonly text: string;
  readonly expiresAt: Date;
}

/** The same, said to somebody who has shown every factor of an account that is banned. */
export class BannedRefusal extends Refusal {
  /** Not to be listed where the error is logged. */
  readonly #appealToken: AppealToken;

  constructor(refusal: Refusal, appealToken: AppealToken) {
    super({
      reason: refusal.reason,
      sqlstate: refusal.sqlstate,
      message: refusal.message,
      cure: refusal.cure,
      retryAfter: refusal.retryAfter,
    });
    this.#appealToken = appealToken;
  }

  get appealToken(): AppealToken {
    return this.#appealToken;
  }
}

/** Turns what core.fail raised into a Refusal; every other error passes unchanged. */
export function asRefusal(error: unknown): unknown {
  if (!isRaisedByRegistry(error)) return error;
  // DETAIL is "reason" or "reason;retry_after=seconds".
  const [reason, retry] = (error.detail ?? '').split(';');
  const seconds = retry?.match(/^retry_after=(\d+)$/)?.[1];
  return new Refusal({
    reason: reason ?? '',
    sqlstate: error.code ?? '',
    message: error.message,
    cure: error.hint,
    retryAfter: seconds === undefined ? undefined : Number(seconds),
  });
}

function isRaisedByRegistry(error: unknown): error is DatabaseError {
  return error instanceof Error && 'code' in error && /^ST\d{3}$/.test(String(error.code));
}
