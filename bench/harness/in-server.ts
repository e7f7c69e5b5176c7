import type { ClientBase } from 'pg';
import pg from 'pg';

/** Before what counts: what is not in memory yet is read, and the plan is made. */
const warmUpMs = 50;
/** A query of microseconds is repeated for so long: what disturbs the machine for a moment is then a small part. */
const atLeastMs = 200;
/** Of that, the stretches whose means are compared. The clock is read once a stretch, so that it is no part of the time. */
const stretchMs = 20;

/**
 * Milliseconds that a query takes inside the server, all its rows fetched: the median of the means of stretches in which
 * one prepared plan runs again and again, after others that do not count. What takes longer than all of that runs twice,
 * and counts once. Measured there because a round trip would take longer than most of these queries. `query` carries its
 * values as literals.
 */
export async function timeInServer(client: ClientBase, query: string): Promise<number> {
  await client.query(`
    do $bench$
    declare
      begun timestamptz := clock_timestamp();
      stretch_begun timestamptz;
      one record;
      turns integer := 0;
      means double precision[] := '{}';
    begin
      loop
        for one in ${query} loop end loop;
        turns := turns + 1;
        exit when clock_timestamp() - begun > interval '${warmUpMs} ms';
      end loop;
      turns := greatest(1, (turns * ${stretchMs} / (extract(epoch from clock_timestamp() - begun) * 1000))::integer);
      begun := clock_timestamp();
      loop
        stretch_begun := clock_timestamp();
        for turn in 1..turns loop
          for one in ${query} loop end loop;
        end loop;
        means := means || (extract(epoch from clock_timestamp() - stretch_begun) * 1000 / turns)::double precision;
        exit when clock_timestamp() - begun > interval '${atLeastMs} ms';
      end loop;
      perform set_config(
        'bench.elapsed',
        (select percentile_cont(0.5) within group (order by mean) from unnest(means) as mean)::text,
        false
      );
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
