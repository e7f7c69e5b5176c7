import type { Client } from 'pg';
import { type Drift, drift, type Portrait, portray } from '../drift/compare.ts';
import { withReplayedHistory, withReplayServer } from '../drift/replay.ts';
import { exitCodes, StoaError } from '../errors.ts';
import { resolveModules } from '../modules.ts';
import { findMigration } from './find.ts';
import { recordMigration } from './ledger.ts';
import { loadMigrations } from './load.ts';
import { type MigrateOptions, withMigrator } from './migrator.ts';
import { pendingMigrations } from './order.ts';
import { projectRoot } from './root.ts';
import { connectAsOwner, surveyMigrations } from './survey.ts';

export interface BaselineOptions extends MigrateOptions {
  /** May create databases; where it may not, the history is replayed on a temporary server. */
  readonly adminUrl: string;
  /** The last migration that counts as applied; default: the newest. */
  readonly to?: string | undefined;
  /** Say what would be recorded, and record nothing. */
  readonly dryRun?: boolean;
  readonly onApplied?: (position: number, count: number) => void;
}

export interface Baseline {
  /** Names of the migrations that are recorded now and were not before. */
  readonly recorded: readonly string[];
  /** The last one of the history that was compared. */
  readonly version: string;
  readonly facts: number;
}

/** Rows that migrations put into a table and that a database made otherwise does not have. */
interface MissingRows {
  readonly table: string;
  readonly missing: number;
  readonly first: string;
}

const engineTables = /\bops\.(?:pgmigrations|schema_migrations|migration_steps)/;

/**
 * Adopts a database that has the schema already, because it was restored, copied or made by hand: proves that its
 * catalog is that of the history up to a version, and that it has the rows which the migrations insert, then writes the
 * ledger without running anything.
 */
export async function baseline(options: BaselineOptions): Promise<Baseline> {
  const root = options.root ?? projectRoot;
  const files = await loadMigrations(root, resolveModules(options.modules));
  const last = options.to === undefined ? files.at(-1) : findMigration(files, options.to);
  if (last === undefined) {
    throw new StoaError('migrate.no_files', 'There are no migrations.', { exitCode: exitCodes.input });
  }
  const { applied } = await surveyMigrations(options);
  const done = new Set(applied.map(({ name }) => name));
  const wanted = files.filter(({ version, name }) => version <= last.version || done.has(name));
  await refuseEmpty(options.databaseUrl);

  const facts = await withReplayServer(options.adminUrl, (place) =>
    withReplayedHistory(
      place,
      {
        root,
        names: wanted.map(({ name }) => name),
        ...(options.onApplied === undefined ? {} : { onApplied: options.onApplied }),
      },
      (historyUrl) => refuseUnlessAlike(historyUrl, options.databaseUrl, last.name),
    ),
  );

  const missing = pendingMigrations(files, applied).filter(({ version }) => version <= last.version);
  if (!options.dryRun) {
    await withMigrator(options, async ({ session, plan }) => {
      await session.worker.query('begin');
      try {
        for (const migration of missing) {
          await session.worker.query('insert into ops.pgmigrations (name, run_on) values ($1, now())', [
            migration.name,
          ]);
          await recordMigration(session.worker, await plan(migration, 'up'), 0);
        }
        await session.worker.query('commit');
      } catch (error) {
        await session.worker.query('rollback');
        throw error;
      }
    });
  }
  return { recorded: missing.map(({ name }) => name), version: last.name, facts };
}

async function refuseEmpty(databaseUrl: string): Promise<void> {
  const client = await connectAsOwner(databaseUrl);
  try {
    const { rows } = await client.query<{ is_empty: boolean }>(
      "select not exists (select from pg_catalog.pg_namespace where nspname = 'core') as is_empty",
    );
    if (!rows[0]?.is_empty) return;
  } finally {
    await client.end();
  }
  throw new StoaError('migrate.nothing_to_adopt', 'This database has no schema of Stoa.', {
    cure: 'Run "stoa migrate up": it makes everything.',
    exitCode: exitCodes.refused,
  });
}

async function refuseUnlessAlike(historyUrl: string, databaseUrl: string, version: string): Promise<number> {
  const history = await connectAsOwner(historyUrl);
  try {
    const live = await connectAsOwner(databaseUrl);
    try {
      const found = await portray(live);
      const differences = unlikeEngine(drift(await portray(history), { ...found, settings: [] }), found);
      if (differences.length > 0) throw differs(version, differences.map(sentence));
      const rows = await missingRows(history, live);
      if (rows.length > 0) {
        throw differs(
          version,
          rows.map(
            ({ table, missing, first }) => `${missing} rows missing from ${table}, the first is ${first}`,
          ),
        );
      }
      return found.facts.length;
    } finally {
      await live.end();
    }
  } finally {
    await history.end();
  }
}

/** The engine's own tables are made when the ledger is written. */
function unlikeEngine(differences: readonly Drift[], live: Portrait): readonly Drift[] {
  const hasLedger = live.facts.some(
    ({ kind, identity }) => kind === 'table' && identity === 'ops.pgmigrations',
  );
  return hasLedger ? differences : differences.filter(({ identity }) => !engineTables.test(identity));
}

const sentence = ({ change, kind, identity }: Drift): string =>
  `${change === 'added' ? 'only here:' : change === 'removed' ? 'missing:' : 'differs:'} ${kind} ${identity}`;

const shown = 40;

function differs(version: string, lines: readonly string[]): StoaError {
  const rest = lines.length - shown;
  return new StoaError(
    'migrate.not_like_history',
    `This database is not what the migrations up to ${version} make:\n${lines
      .slice(0, shown)
      .map((line) => `  ${line}`)
      .join('\n')}${rest > 0 ? `\n  and ${rest} more` : ''}`,
    {
      cure: 'Name the version that it stands at (--to), choose its modules (STOA_MODULES), or mend what differs. Nothing was recorded.',
      exitCode: exitCodes.refused,
    },
  );
}

interface KeyedTable {
  readonly name: string;
  /** An expression for the key as text. */
  readonly key: string;
}

/** Tables whose key says which row it is: a key that is made up anew in each database cannot be compared. */
const keyedTables = `
  select
    format('%I.%I', space.nspname, class.relname) as name,
    format('row(%s)::text', string_agg(format('%I', attribute.attname), ', ' order by attribute.attnum)) as key
  from pg_catalog.pg_constraint as rule
  join pg_catalog.pg_class as class on class.oid = rule.conrelid
  join pg_catalog.pg_namespace as space on space.oid = class.relnamespace
  join pg_catalog.pg_attribute as attribute on attribute.attrelid = class.oid and attribute.attnum = any (rule.conkey)
  where rule.contype = 'p'
    and class.relkind = 'r'
    and not class.relispartition
    and space.nspname = any ($1)
    and format('%I.%I', space.nspname, class.relname) !~ '^ops\\.(pgmigrations|schema_migrations|migration_steps)$'
  group by space.nspname, class.relname
  having not bool_or(attribute.attidentity <> '' or attribute.atthasdef)
  order by 1`;

async function missingRows(history: Client, live: Client): Promise<readonly MissingRows[]> {
  const { rows: tables } = await history.query<KeyedTable>(keyedTables, [
    resolveModules(undefined).map(({ schema }) => schema),
  ]);
  const found: MissingRows[] = [];
  for (const { name, key } of tables) {
    const { rows } = await history.query<{ key: string }>(`select ${key} as key from ${name} order by 1`);
    if (rows.length === 0) continue;
    const { rows: absent } = await live.query<{ key: string }>(
      `select wanted.key
       from unnest($1::text[]) as wanted (key)
       where not exists (select from ${name} as kept where ${key} = wanted.key)`,
      [rows.map((row) => row.key)],
    );
    const [first] = absent;
    if (first) found.push({ table: name, missing: absent.length, first: first.key });
  }
  return found;
}
