import pg, { type Pool, type QueryResultRow } from 'pg';

/** A statement under somebody's claims. Prepared by its name, once a connection. */
export interface ClaimsQuery {
  /** When the transaction began, by the clock of the database: milliseconds since 1970. */
  readonly startedAt: number;
  rows<Row extends QueryResultRow>(name: string, text: string, values: readonly unknown[]): Promise<Row[]>;
  /** Raises a reason of the registry, with its words. */
  refuse(reason: string): Promise<never>;
}

/**
 * Reads under the role and the claims of whoever listens, as a request of theirs would: one read-only transaction.
 * Begin and the claims are one round trip.
 */
export async function readAs<Result>(
  pool: Pool,
  settings: Readonly<Record<string, string>>,
  work: (query: ClaimsQuery) => Promise<Result>,
): Promise<Result> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    const claims = Object.entries(settings)
      .map(([name, value]) => `set_config(${pg.escapeLiteral(name)}, ${pg.escapeLiteral(value)}, true)`)
      .join(', ');
    const began: unknown = await client.query(
      `begin read only; select (extract(epoch from now()) * 1000)::float8 as started_at, ${claims}`,
    );
    const result = await work({
      startedAt: startOf(began),
      async rows<Row extends QueryResultRow>(name: string, text: string, values: readonly unknown[]) {
        return (await client.query<Row>({ name: `stoa_${name}`, text, values: [...values] })).rows;
      },
      async refuse(reason): Promise<never> {
        await client.query('select core.fail($1)', [reason]);
        throw new Error(`core.fail did not raise "${reason}"`);
      },
    });
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
}

/** Several statements at once have several results, of which the last is that of the select. */
function startOf(results: unknown): number {
  const last: unknown = Array.isArray(results) ? results.at(-1) : undefined;
  if (typeof last === 'object' && last !== null && 'rows' in last && Array.isArray(last.rows)) {
    const row: unknown = last.rows[0];
    if (typeof row === 'object' && row !== null && 'started_at' in row) return Number(row.started_at);
  }
  throw new Error('the claims of a listener were not set');
}
