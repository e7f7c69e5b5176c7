import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import pg from 'pg';
import { connect } from '../../postgres/connect.ts';
import type { ProbedTable, ProbeSpan } from './report.ts';

const betweenMs = 5;

/** Reads and writes one row of a table all the time, each over a connection of its own, as the owner. */
export interface Probe {
  readonly reads: readonly ProbeSpan[];
  readonly writes: readonly ProbeSpan[];
  summary(): ProbedTable;
  /** When what is under way has ended. */
  stop(): Promise<void>;
}

interface Row {
  /** `id = '…'`; undefined when the table has no key or no row. */
  readonly condition: string | undefined;
  readonly column: string | undefined;
}

export async function startProbe(url: string, table: string): Promise<Probe> {
  const [reader, writer] = [await open(url, `reader of ${table}`), await open(url, `writer of ${table}`)];
  const row = await chooseRow(reader, table);
  const reads: ProbeSpan[] = [];
  const writes: ProbeSpan[] = [];
  const over = new AbortController();
  let writesBy: 'row' | 'lock' = row.condition === undefined ? 'lock' : 'row';

  const read = async (): Promise<void> => {
    await reader.query(
      `select from ${table} ${row.condition === undefined ? '' : `where ${row.condition}`} limit 1`,
    );
  };
  const write = async (): Promise<void> => {
    await writer.query('begin');
    try {
      if (writesBy === 'row') {
        await writer.query(`update ${table} set ${row.column} = ${row.column} where ${row.condition}`);
      } else await writer.query(`lock table ${table} in row exclusive mode`);
    } finally {
      await writer.query('rollback');
    }
  };
  const repeat = async (
    operation: () => Promise<void>,
    spans: ProbeSpan[],
    isWrite: boolean,
  ): Promise<void> => {
    while (!over.signal.aborted) {
      const begun = performance.now();
      try {
        await operation();
        spans.push({ table, begun, ended: performance.now() });
      } catch (error) {
        // A trigger that refuses, a key that is called otherwise now: the lock of a write tells as much.
        if (!(error instanceof pg.DatabaseError)) return;
        if (isWrite && writesBy === 'row') writesBy = 'lock';
        else if (isGone(error)) return;
      }
      await sleep(betweenMs, undefined, { signal: over.signal }).catch(() => undefined);
    }
  };
  const running = [repeat(read, reads, false), repeat(write, writes, true)];
  return {
    reads,
    writes,
    summary: () => ({
      table,
      reads: reads.length,
      writes: writes.length,
      readMs: median(reads),
      writeMs: median(writes),
      writesBy,
    }),
    async stop() {
      over.abort();
      await Promise.all(running);
      await Promise.all([reader.end(), writer.end()]);
    },
  };
}

async function open(url: string, name: string): Promise<Client> {
  const client = await connect(url, `rehearse (${name})`);
  await client.query('set role stoa_owner; set statement_timeout = 0; set lock_timeout = 0');
  return client;
}

/** Undefined table, column or schema: nobody can read it any more. */
function isGone(error: pg.DatabaseError): boolean {
  return ['42P01', '42703', '3F000'].includes(error.code ?? '');
}

/** Some row, by its primary key, so that finding it costs nothing. */
async function chooseRow(client: Client, table: string): Promise<Row> {
  const { rows: columns } = await client.query<{ name: string; type: string }>(
    `select quote_ident(attribute.attname) as name, format_type(attribute.atttypid, attribute.atttypmod) as type
     from pg_catalog.pg_index as key
     cross join lateral unnest(key.indkey::smallint[]) with ordinality as part (number, position)
     join pg_catalog.pg_attribute as attribute on attribute.attrelid = key.indrelid and attribute.attnum = part.number
     where key.indrelid = $1::regclass and key.indisprimary
     order by part.position`,
    [table],
  );
  const [first] = columns;
  if (!first) return { condition: undefined, column: undefined };
  const { rows } = await client.query<{ key: (string | null)[] }>(
    `select array[${columns.map(({ name }) => `${name}::text`).join(', ')}] as key from ${table} limit 1`,
  );
  const [row] = rows;
  if (!row) return { condition: undefined, column: undefined };
  return {
    column: first.name,
    condition: columns
      .map(({ name, type }, index) => `${name} = ${pg.escapeLiteral(row.key[index] ?? '')}::${type}`)
      .join(' and '),
  };
}

function median(spans: readonly ProbeSpan[]): number {
  const times = spans.map(({ begun, ended }) => ended - begun).sort((a, b) => a - b);
  return times[Math.floor(times.length / 2)] ?? 0;
}
