import type { Client } from 'pg';
import pg from 'pg';

/**
 * The plan of a statement as pg_stat_statements keeps it, with $1 where values were. Nothing is executed. From
 * PostgreSQL 16 on; before that a plan cannot be asked for without values.
 */
export async function planOf(client: Client, statement: string): Promise<readonly string[]> {
  const { rows } = await client.query<{ version: number }>(
    "select current_setting('server_version_num')::integer as version",
  );
  if ((rows[0]?.version ?? 0) < 160_000) return ['(PostgreSQL 16 is needed for a plan without values)'];
  if (!/^\s*(select|with|insert|update|delete|merge)\b/i.test(statement)) return ['(no plan: not a query)'];
  await client.query('begin read only');
  try {
    const plan = await client.query<{ 'QUERY PLAN': string }>(
      `explain (generic_plan, costs off) ${statement}`,
    );
    return plan.rows.map((row) => row['QUERY PLAN']);
  } catch (error) {
    if (!(error instanceof pg.DatabaseError)) throw error;
    return [`(no plan: ${error.message})`];
  } finally {
    await client.query('rollback');
  }
}
