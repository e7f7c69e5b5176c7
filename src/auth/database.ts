import type { ClientBase, Pool, QueryResultRow } from 'pg';
import { asRefusal } from './refusal.ts';

/** A statement that each connection keeps prepared by this name: for those that come with every request. */
export interface PreparedStatement {
  readonly name: string;
  readonly text: string;
}

/** Calls of the functions of schema auth, as stoa_auth. What they refuse arrives as a Refusal. */
export interface AuthDatabase {
  rows<Row extends QueryResultRow>(
    statement: string | PreparedStatement,
    values: readonly unknown[],
  ): Promise<Row[]>;
  /** The first row, if there is one. */
  first<Row extends QueryResultRow>(
    statement: string | PreparedStatement,
    values: readonly unknown[],
  ): Promise<Row | undefined>;
  /** The one row that there must be. */
  one<Row extends QueryResultRow>(text: string, values: readonly unknown[]): Promise<Row>;
  /** Raises a reason of the registry, with its words. */
  refuse(reason: string, retryAfter?: number | null): Promise<never>;
  /** All or nothing. */
  transaction<Result>(work: (database: AuthDatabase) => Promise<Result>): Promise<Result>;
}

function over(client: Pool | ClientBase, transaction: AuthDatabase['transaction']): AuthDatabase {
  const rows: AuthDatabase['rows'] = async <Row extends QueryResultRow>(
    statement: string | PreparedStatement,
    values: readonly unknown[],
  ) => {
    const prepared = typeof statement === 'string' ? { text: statement } : statement;
    try {
      return (await client.query<Row>({ ...prepared, values: [...values] })).rows;
    } catch (error) {
      throw asRefusal(error);
    }
  };
  const first: AuthDatabase['first'] = async <Row extends QueryResultRow>(
    statement: string | PreparedStatement,
    values: readonly unknown[],
  ) => (await rows<Row>(statement, values))[0];
  return {
    rows,
    first,
    async one<Row extends QueryResultRow>(text: string, values: readonly unknown[]) {
      const row = await first<Row>(text, values);
      if (!row) throw new Error('a function of schema auth returned no row');
      return row;
    },
    async refuse(reason, retryAfter): Promise<never> {
      await rows('select auth.refuse($1, $2)', [reason, retryAfter ?? null]);
      throw new Error(`auth.refuse did not raise "${reason}"`);
    },
    transaction,
  };
}

export function authDatabase(pool: Pool): AuthDatabase {
  return over(pool, async (work) => {
    const client = await pool.connect();
    let broken: Error | undefined;
    const inside: AuthDatabase = over(client, (nested) => nested(inside));
    try {
      await client.query('begin');
      const result = await work(inside);
      await client.query('commit');
      return result;
    } catch (error) {
      await client.query('rollback').catch((failure: Error) => {
        broken = failure;
      });
      throw error;
    } finally {
      // A connection that cannot even roll back is thrown away.
      client.release(broken);
    }
  });
}
