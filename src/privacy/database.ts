import { setTimeout as sleep } from 'node:timers/promises';
import pg, { type ClientBase, type QueryResult, type QueryResultRow } from 'pg';
import { exitCodes, StoaError } from '../errors.ts';

/** Deadlock, serialisation, lock timeout: another try is all it needs, since each statement is its own transaction. */
const passing = ['40P01', '40001', '55P03'];

const attempts = 12;

/** A statement beside live traffic. What the database refuses with a reason becomes an error with that code. */
export async function ask<Row extends QueryResultRow>(
  client: ClientBase,
  text: string,
  values: readonly unknown[] = [],
): Promise<QueryResult<Row>> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await client.query<Row>(text, [...values]);
    } catch (error) {
      if (!(error instanceof pg.DatabaseError)) throw error;
      if (passing.includes(error.code ?? '') && attempt < attempts) {
        await sleep(20 * attempt + Math.random() * 30);
        continue;
      }
      if (error.code?.startsWith('ST') !== true) throw error;
      throw new StoaError(error.detail?.split(';')[0] ?? 'privacy.refused', error.message, {
        ...(error.hint === undefined ? {} : { cure: error.hint }),
        exitCode: exitCodes.refused,
        cause: error,
      });
    }
  }
}

/** Does the work while no other session of this database holds a lock of this name. */
export async function alone<Result>(
  client: ClientBase,
  name: string,
  work: () => Promise<Result>,
): Promise<Result> {
  await client.query('select pg_advisory_lock(hashtextextended($1, 0))', [name]);
  try {
    return await work();
  } finally {
    await client.query('select pg_advisory_unlock(hashtextextended($1, 0))', [name]);
  }
}

/** The same, but refused instead of waited for. */
export async function aloneNow<Result>(
  client: ClientBase,
  name: string,
  busy: () => StoaError,
  work: () => Promise<Result>,
): Promise<Result> {
  const { rows } = await client.query<{ taken: boolean }>(
    'select pg_try_advisory_lock(hashtextextended($1, 0)) as taken',
    [name],
  );
  if (!rows[0]?.taken) throw busy();
  try {
    return await work();
  } finally {
    await client.query('select pg_advisory_unlock(hashtextextended($1, 0))', [name]);
  }
}
