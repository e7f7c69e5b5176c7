import type { ClientBase } from 'pg';
import pg from 'pg';

/** A query of microseconds is repeated for so long: what disturbs the machine for a moment is then a small part. */
const atLeastMs = 100;

/**
 * Milliseconds that a query takes inside the server, all its rows fetched: the mean of so many runs of one prepared
 * plan, and of as many as it takes to fill a tenth of a second. Measured there because a round trip would take longer
 * than most of these queries. `query` carries its values as literals.
 */
export async function timeInServer(client: ClientBase, query: string, times: number): Promise<number> {
  await client.query(`
    do $bench$
    declare
      begun timestamptz;
      one record;
      turns integer := 0;
    begin
      -- A first run reads what is not in memory yet and makes the plan.
      for one in ${query} loop end loop;
      begun := clock_timestamp();
      loop
        for one in ${query} loop end loop;
        turns := turns + 1;
        exit when turns >= ${times} and clock_timestamp() - begun > interval '${atLeastMs} ms';
      end loop;
      perform set_config('bench.elapsed', (extract(epoch from clock_timestamp() - begun) * 1000 / turns)::text, false);
    end
    $bench$`);
  const { rows } = await client.query<{ elapsed: string }>(
    "select current_setting('bench.elapsed') as elapsed",
  );
  return Number(rows[0]?.elapsed);
}

/** The plan as it ran, with buffers and without what differs from run to run. */
export async function planOf(client: ClientBase, query: string): Promise<string> {
  const { rows } = await client.query<{ 'QUERY PLAN': string }>(
    `explain (analyze, buffers, costs off, timing off, summary off) ${query}`,
  );
  return rows.map((row) => row['QUERY PLAN']).join('\n');
}

/** A value in the text of a query. */
export const literal = (value: string): string => pg.escapeLiteral(value);
