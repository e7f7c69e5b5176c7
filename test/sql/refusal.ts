import { DatabaseError } from 'pg';

export interface Refusal {
  readonly sqlstate: string;
  readonly reason: string;
  readonly retryAfter: number | undefined;
}

/** The registered error with which a statement is refused. Fails when it is not refused, or for another cause. */
export async function refusal(statement: Promise<unknown>): Promise<Refusal> {
  let outcome: unknown;
  try {
    outcome = await statement;
  } catch (error) {
    if (!(error instanceof DatabaseError) || !/^ST\d{3}$/.test(error.code ?? '')) throw error;
    const [reason = '', retryAfter] = (error.detail ?? '').split(';retry_after=');
    return {
      sqlstate: error.code ?? '',
      reason,
      retryAfter: retryAfter === undefined ? undefined : Number(retryAfter),
    };
  }
  throw new Error(`nothing was refused: ${JSON.stringify(outcome)}`);
}

/** Only the reason of it. */
export async function reasonOf(statement: Promise<unknown>): Promise<string> {
  return (await refusal(statement)).reason;
}
