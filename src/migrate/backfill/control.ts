import type { Client } from 'pg';
import type { Queryable } from '../../catalog/queryable.ts';
import { exitCodes, StoaError } from '../../errors.ts';
import { modules as registry, resolveModules } from '../../modules.ts';
import { readLedger } from '../ledger.ts';
import { loadMigrations } from '../load.ts';
import { projectRoot } from '../root.ts';
import { connectAsOwner, hasLedger } from '../survey.ts';
import { type Backfill, findBackfill, loadBackfills } from './declaration.ts';
import { type BackfillRecord, readBackfillRecords } from './record.ts';

export interface BackfillOptions {
  /** A login that may become stoa_owner. */
  readonly databaseUrl: string;
  readonly modules?: readonly string[] | undefined;
  readonly root?: string | undefined;
}

/** A backfill of the files, of the database, or of both. */
export interface KnownBackfill {
  readonly name: string;
  readonly declared: Backfill | undefined;
  readonly record: BackfillRecord | undefined;
}

export async function listBackfills(options: BackfillOptions): Promise<readonly KnownBackfill[]> {
  const declared = await loadBackfills(options.root ?? projectRoot, resolveModules(options.modules));
  return asOwner(options, async (client) => {
    const records = await readBackfillRecords(client);
    const names = new Set([...declared, ...records].map(({ name }) => name));
    return [...names].sort().map((name) => ({
      name,
      declared: declared.find((each) => each.name === name),
      record: records.find((each) => each.name === name),
    }));
  });
}

/**
 * Begins a backfill: checks that what it needs is there, writes its row and queues the job. Answers with its name.
 * One that runs already is refused, except where the caller wants to run it itself (`attach`).
 */
export async function startBackfill(
  wanted: string,
  { attach = false, ...options }: BackfillOptions & { readonly attach?: boolean },
): Promise<string> {
  const root = options.root ?? projectRoot;
  const backfill = findBackfill(await loadBackfills(root, resolveModules(options.modules)), wanted);
  const { name } = backfill;
  await asOwner(options, async (client) => {
    await refusePendingBefore(client, root, backfill);
    const known = (await readBackfillRecords(client)).find((each) => each.name === name);
    if (known) {
      refuseEdited(known, backfill);
      if (known.state === 'running' && attach) return;
      throw new StoaError(
        'backfill.started',
        `The backfill ${name} was begun before: it is ${known.state}.`,
        {
          cure: cureOf(known),
          exitCode: exitCodes.refused,
        },
      );
    }
    await refuseUnusableKey(client, backfill);
    await client.query('begin');
    await client.query(
      `insert into ops.backfills
         (name, target, key_columns, statement, checksum, target_ms, longest_ms, lag_limit_bytes, expected_rows)
       values ($1, $2, $3, $4, $5, $6, $7, $8, (
         select coalesce(sum(greatest(part.reltuples, 0)), 0)
         from pg_partition_tree(to_regclass($2)) as tree
         join pg_catalog.pg_class as part on part.oid = tree.relid
         where tree.isleaf
       ))`,
      [
        name,
        backfill.table,
        backfill.key,
        backfill.statement,
        backfill.checksum,
        backfill.targetMs,
        backfill.longestMs,
        backfill.lagLimitBytes,
      ],
    );
    await queue(client, name);
    await client.query('commit');
  });
  return name;
}

/** Waits for the batch that is under way; after it nothing more happens until it is resumed. */
export async function pauseBackfill(wanted: string, options: BackfillOptions): Promise<string> {
  return move(wanted, options, ['running'], (client, name) =>
    client.query("update ops.backfills set state = 'paused' where name = $1 and state = 'running'", [name]),
  );
}

/** Goes on with a paused one; one that is said to run and that nobody works on is queued again. */
export async function resumeBackfill(wanted: string, options: BackfillOptions): Promise<string> {
  return move(wanted, options, ['paused', 'running'], async (client, name) => {
    await client.query("update ops.backfills set state = 'running' where name = $1 and state = 'paused'", [
      name,
    ]);
    await queue(client, name);
  });
}

/** Tries the batch again that failed, and goes on from there. */
export async function retryBackfill(wanted: string, options: BackfillOptions): Promise<string> {
  return move(wanted, options, ['failed'], async (client, name) => {
    await client.query(
      `update ops.backfills
       set state = 'running', error = null, failed_upto = null
       where name = $1 and state = 'failed'`,
      [name],
    );
    await queue(client, name);
  });
}

async function move(
  wanted: string,
  options: BackfillOptions,
  from: readonly BackfillRecord['state'][],
  change: (client: Client, name: string) => Promise<unknown>,
): Promise<string> {
  const declared = await loadBackfills(options.root ?? projectRoot, resolveModules(options.modules));
  return asOwner(options, async (client) => {
    const records = await readBackfillRecords(client);
    // One whose file was removed after it was begun is known by its whole name.
    const record =
      records.find(({ name }) => name === wanted) ??
      records.find(({ name }) => name === findBackfill(declared, wanted).name);
    if (!record) throw notStarted(findBackfill(declared, wanted).name);
    if (!from.includes(record.state)) {
      throw new StoaError('backfill.state', `The backfill ${record.name} is ${record.state}.`, {
        cure: cureOf(record),
        exitCode: exitCodes.refused,
      });
    }
    const backfill = declared.find(({ name }) => name === record.name);
    if (backfill) refuseEdited(record, backfill);
    await client.query('begin');
    await change(client, record.name);
    await client.query('commit');
    return record.name;
  });
}

function notStarted(name: string): StoaError {
  return new StoaError('backfill.not_started', `The backfill ${name} was not begun.`, {
    cure: `Begin it: stoa migrate backfill start ${name}.`,
    exitCode: exitCodes.refused,
  });
}

export function cureOf({ name, state }: Pick<BackfillRecord, 'name' | 'state'>): string {
  switch (state) {
    case 'running':
      return `See how far it is: stoa migrate backfill status ${name}.`;
    case 'paused':
      return `Go on with it: stoa migrate backfill resume ${name}.`;
    case 'failed':
      return `Correct what made it fail, then: stoa migrate backfill retry ${name}.`;
    case 'finished':
      return 'There is nothing to do.';
  }
}

async function queue(client: Client, name: string): Promise<void> {
  await client.query("select core.enqueue('backfill_run', json_build_object('name', $1::text), $2)", [
    name,
    `backfill:${name}`,
  ]);
}

function refuseEdited(record: BackfillRecord, backfill: Backfill): void {
  if (record.state === 'finished' || record.checksum.equals(backfill.checksum)) return;
  throw new StoaError(
    'backfill.edited',
    `${backfill.file} was edited after it was begun: the rows up to where it came would differ from the others.`,
    { cure: 'Put it back, or give the new text a number of its own.', exitCode: exitCodes.refused },
  );
}

/** What a backfill fills is made by a migration before it. */
async function refusePendingBefore(client: Client, root: string, backfill: Backfill): Promise<void> {
  const applied = (await hasLedger(client)) ? await readLedger(client) : [];
  const names = new Set(applied.map(({ name }) => name));
  const before = (await loadMigrations(root, registry)).find(
    ({ module, version, name }) =>
      module === backfill.module && version < backfill.version && !names.has(name),
  );
  if (!before) return;
  throw new StoaError(
    'backfill.too_early',
    `${before.file} comes before ${backfill.file} and is not applied.`,
    {
      cure: `Apply it first: stoa migrate up --to ${before.name}.`,
      exitCode: exitCodes.refused,
    },
  );
}

async function refuseUnusableKey(client: Client, backfill: Backfill): Promise<void> {
  const { rows } = await client.query<{ is_table: boolean; is_key: boolean }>(
    `select
       coalesce((select relkind in ('r', 'p') from pg_catalog.pg_class where oid = to_regclass($1)), false) as is_table,
       exists (
         select
         from pg_catalog.pg_index as candidate
         where candidate.indrelid = to_regclass($1)
           and candidate.indisunique
           and candidate.indisvalid
           and candidate.indpred is null
           and $2::text[] = array(
             select attribute.attname::text
             from unnest(candidate.indkey::smallint[]) with ordinality as part (number, position)
             join pg_catalog.pg_attribute as attribute
               on attribute.attrelid = candidate.indrelid and attribute.attnum = part.number and attribute.attnotnull
             where part.position <= candidate.indnkeyatts
             order by part.position
           )
           and candidate.indnkeyatts = cardinality($2::text[])
       ) as is_key`,
    [backfill.table, backfill.key],
  );
  if (rows[0]?.is_table !== true) {
    throw new StoaError('backfill.no_table', `${backfill.file}: there is no table ${backfill.table}.`, {
      cure: 'Correct the line "-- table:", or apply the migration that makes it.',
      exitCode: exitCodes.input,
    });
  }
  if (rows[0].is_key) return;
  throw new StoaError(
    'backfill.no_key',
    `${backfill.file}: (${backfill.key.join(', ')}) is no unique key without nulls of ${backfill.table}.`,
    {
      cure: 'Name the columns of its primary key, or of another unique index, in the order of the index.',
      exitCode: exitCodes.input,
    },
  );
}

async function asOwner<Result>(
  { databaseUrl }: BackfillOptions,
  work: (client: Client & Queryable) => Promise<Result>,
): Promise<Result> {
  const client = await connectAsOwner(databaseUrl);
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
