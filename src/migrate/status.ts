import type { Client } from 'pg';
import { modules as registry, resolveModules } from '../modules.ts';
import { appliedFaults } from './applied.ts';
import type { ContractOptions } from './contract/gate.ts';
import { isDisposable } from './disposable.ts';
import type { LockHolder } from './events.ts';
import { type ClosedGate, closedGates } from './gates.ts';
import { readLedger } from './ledger.ts';
import { loadMigrations } from './load.ts';
import { lockHolder } from './lock.ts';
import { pendingMigrations } from './order.ts';
import { readReleases, releaseFaults } from './released.ts';
import { projectRoot } from './root.ts';
import { connectAsOwner, hasLedger } from './survey.ts';

export type MigrationState = 'applied' | 'pending' | 'edited' | 'missing' | 'unfinished';

export interface MigrationStatus {
  readonly name: string;
  /** Null when the file is gone. */
  readonly module: string | null;
  readonly state: MigrationState;
  readonly appliedAt: Date | null;
  readonly appliedBy: string | null;
  readonly executionMs: number | null;
  readonly isReleased: boolean;
  /** Of a pending one: what would refuse it now. */
  readonly gates: readonly ClosedGate[];
}

export interface UnfinishedStep {
  readonly migration: string;
  readonly direction: string;
  /** Number of the statement that is to be gone on with. */
  readonly statement: number;
  readonly startedAt: Date;
}

export interface Status {
  readonly migrations: readonly MigrationStatus[];
  readonly counts: Readonly<Record<MigrationState, number>>;
  readonly modules: readonly string[];
  readonly isDisposable: boolean;
  readonly lockHolder: LockHolder | null;
  readonly unfinished: readonly UnfinishedStep[];
  /** `forums.posts_hot_idx` */
  readonly invalidIndexes: readonly string[];
  /** `posts_author_fkey on forums.posts` */
  readonly unvalidatedConstraints: readonly string[];
  /** Released files that were edited or are gone. */
  readonly releaseFaults: readonly string[];
  /** Nothing pending, edited, missing or unfinished. */
  readonly isCurrent: boolean;
}

export async function migrationStatus(options: {
  readonly databaseUrl: string;
  readonly modules?: readonly string[] | undefined;
  readonly root?: string;
  /** How a migration marked "-- contract" is judged. */
  readonly contract?: Partial<ContractOptions>;
}): Promise<Status> {
  const root = options.root ?? projectRoot;
  const modules = resolveModules(options.modules);
  const all = await loadMigrations(root, registry);
  const releases = await readReleases(root);
  const released = new Set(releases.map(({ file }) => file));
  const client = await connectAsOwner(options.databaseUrl);
  try {
    const isStarted = await hasLedger(client);
    const applied = isStarted ? await readLedger(client) : [];
    const unfinished = isStarted ? await unfinishedSteps(client) : [];
    const faults = appliedFaults(applied, all);
    const chosen = all.filter(({ module }) => modules.some(({ name }) => name === module));
    const edited = new Set(faults.edited.map(({ name }) => name));
    const begun = new Set(unfinished.map(({ migration }) => migration));
    const pending = pendingMigrations(chosen, applied);
    const gates = await closedGates(client, pending, root, options.contract);
    const byName = new Map(all.map((migration) => [migration.name, migration]));
    const migrations: MigrationStatus[] = [
      ...applied.map(({ name, appliedAt, appliedBy, executionMs }) => {
        const migration = byName.get(name);
        const state: MigrationState = !migration
          ? 'missing'
          : begun.has(name)
            ? 'unfinished'
            : edited.has(name)
              ? 'edited'
              : 'applied';
        return {
          name,
          module: migration?.module ?? null,
          state,
          appliedAt,
          appliedBy,
          executionMs,
          isReleased: migration !== undefined && released.has(migration.file),
          gates: [],
        };
      }),
      ...pending.map(({ name, module, file }) => ({
        name,
        module,
        state: begun.has(name) ? ('unfinished' as const) : ('pending' as const),
        appliedAt: null,
        appliedBy: null,
        executionMs: null,
        isReleased: released.has(file),
        gates: gates.get(name) ?? [],
      })),
    ];
    const counts = { applied: 0, pending: 0, edited: 0, missing: 0, unfinished: 0 };
    for (const { state } of migrations) counts[state] += 1;
    const faultsOfReleases = releaseFaults(releases, all);
    return {
      migrations,
      counts,
      modules: modules.map(({ name }) => name),
      isDisposable: await isDisposable(client),
      lockHolder: (await lockHolder(client)) ?? null,
      unfinished,
      invalidIndexes: await invalidIndexes(client),
      unvalidatedConstraints: await unvalidatedConstraints(client),
      releaseFaults: faultsOfReleases,
      isCurrent: counts.applied === migrations.length && faultsOfReleases.length === 0,
    };
  } finally {
    await client.end();
  }
}

async function unfinishedSteps(client: Client): Promise<readonly UnfinishedStep[]> {
  const { rows } = await client.query<UnfinishedStep>(
    `select
       name as migration,
       direction,
       (array_agg(position + (finished_at is not null)::integer order by position desc))[1] as statement,
       max(started_at) as "startedAt"
     from ops.migration_steps
     group by name, direction
     order by name`,
  );
  return rows;
}

async function invalidIndexes(client: Client): Promise<readonly string[]> {
  const { rows } = await client.query<{ name: string }>(
    `select format('%I.%I', space.nspname, class.relname) as name
     from pg_index as index
     join pg_class as class on class.oid = index.indexrelid
     join pg_namespace as space on space.oid = class.relnamespace
     where not index.indisvalid
     order by 1`,
  );
  return rows.map(({ name }) => name);
}

async function unvalidatedConstraints(client: Client): Promise<readonly string[]> {
  const { rows } = await client.query<{ name: string }>(
    `select format('%I on %I.%I', constr.conname, space.nspname, class.relname) as name
     from pg_constraint as constr
     join pg_class as class on class.oid = constr.conrelid
     join pg_namespace as space on space.oid = class.relnamespace
     where not constr.convalidated
     order by 1`,
  );
  return rows.map(({ name }) => name);
}
