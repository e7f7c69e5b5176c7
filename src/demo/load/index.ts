import type { ClientBase } from 'pg';
import { exitCodes, StoaError } from '../../errors.ts';
import { connect } from '../../postgres/connect.ts';
import { forums } from './forums.ts';
import { governance } from './governance.ts';
import { groups } from './groups.ts';
import { deferIndexes } from './indexes.ts';
import { insight } from './insight.ts';
import { messaging } from './messaging.ts';
import { moderation } from './moderation.ts';
import { people } from './people.ts';
import { type LoadModule, type LoadPlan, type LoadStep, prepareDraws } from './step.ts';
import { tracker } from './tracker.ts';
import { workspace } from './workspace.ts';

/** What requires what stands below it. */
const modules: readonly LoadModule[] = [
  people,
  messaging,
  groups,
  forums,
  governance,
  moderation,
  tracker,
  workspace,
  insight,
];

export interface LoadOptions {
  /** Of a role that may become `stoa_owner`. A superuser loads faster: foreign keys are then not looked up row by row. */
  readonly databaseUrl: string;
  /** 1 is 100,000 members and a million messages; 0.01 the least. */
  readonly scale: number;
  /** The same scale, seed and moment give the same rows. */
  readonly seed?: number;
  readonly now?: Date;
  /** Add to a community that is there, instead of refusing. */
  readonly add?: boolean;
  readonly onProgress?: (progress: LoadProgress) => void;
}

export interface LoadProgress {
  readonly step: string;
  /** Rows of this step so far. */
  readonly rows: number;
  /** Rows of all steps so far. */
  readonly total: number;
}

export interface StepResult {
  readonly step: string;
  readonly rows: number;
  readonly elapsedMs: number;
}

export interface LoadResult {
  readonly members: number;
  /** Whether foreign keys were looked up while loading, for want of the right to leave it. */
  readonly areKeysChecked: boolean;
  readonly steps: readonly StepResult[];
  readonly rows: number;
  readonly elapsedMs: number;
}

async function refuseCommunity(client: ClientBase, plan: LoadPlan, add: boolean): Promise<void> {
  const { rows } = await client.query<{ people: string; drawn: boolean }>(
    `select
       (select count(*) from core.users where not is_system) as people,
       exists (select from core.users where username::text = $1) as drawn`,
    [`load_${plan.seed}_0`],
  );
  const people = Number(rows[0]?.people ?? 0);
  if (rows[0]?.drawn) {
    throw new StoaError(
      'seed.drawn_already',
      `The community of seed ${plan.seed} is in this database already.`,
      {
        cure: 'Choose another seed: --seed 2.',
        exitCode: exitCodes.refused,
      },
    );
  }
  if (people > 0 && !add) {
    throw new StoaError(
      'seed.not_empty',
      `This database holds a community of ${people.toLocaleString('en')}.`,
      {
        cure: 'Use an empty database, or say --add to put made-up people among them.',
        exitCode: exitCodes.refused,
      },
    );
  }
}

/**
 * Every counter is computed by the statement that writes its row, so triggers must not count again. Whoever may switch
 * to the role of a replica leaves the look-ups of foreign keys out as well (PostgreSQL manual, session_replication_role);
 * anybody else switches off the triggers of the tables, for this transaction. That the result is the one that triggers
 * and keys would have given is what the invariants and a test over all foreign keys prove.
 */
async function silenceTriggers(
  client: ClientBase,
  schemas: readonly string[],
): Promise<() => Promise<boolean>> {
  const { rows } = await client.query<{ allowed: boolean }>(
    `select has_parameter_privilege('session_replication_role', 'set') as allowed`,
  );
  if (rows[0]?.allowed) {
    await client.query(`set local session_replication_role = 'replica'`);
    await client.query('set local role stoa_owner');
    return async () => false;
  }
  await client.query('set local role stoa_owner');
  const { rows: tables } = await client.query<{ name: string }>(
    `select distinct trigger.tgrelid::regclass::text as name
     from pg_catalog.pg_trigger as trigger
     join pg_catalog.pg_class as class on class.oid = trigger.tgrelid
     where not trigger.tgisinternal
       and not class.relispartition
       and class.relnamespace::regnamespace::text = any ($1)
     order by 1`,
    [schemas],
  );
  for (const { name } of tables) await client.query(`alter table ${name} disable trigger user`);
  return async () => {
    for (const { name } of tables) await client.query(`alter table ${name} enable trigger user`);
    return true;
  };
}

/** Tables that hold something, the largest first; a partitioned one stands for its partitions. */
async function filledTables(
  client: ClientBase,
  schemas: readonly string[],
): Promise<readonly { readonly name: string; readonly bytes: number }[]> {
  const { rows } = await client.query<{ name: string; bytes: string }>(
    `select class.oid::regclass::text as name, sum(pg_total_relation_size(part.relid)) as bytes
     from pg_catalog.pg_class as class
     cross join lateral (
       select class.oid as relid where class.relkind = 'r'
       union all
       select tree.relid from pg_partition_tree(class.oid) as tree where class.relkind = 'p' and tree.isleaf
     ) as part
     where class.relkind in ('r', 'p')
       and not class.relispartition
       and class.relowner = 'stoa_owner'::regrole
       and class.relnamespace::regnamespace::text = any ($1)
     group by class.oid
     having sum(pg_relation_size(part.relid)) > 0
     order by 2 desc, 1`,
    [schemas],
  );
  return rows.map(({ name, bytes }) => ({ name, bytes: Number(bytes) }));
}

/**
 * What autovacuum would do in the next hour: statistics for the planner, visibility maps, text indexes merged. In two
 * sessions, because each of them keeps one core busy.
 */
async function vacuum(databaseUrl: string, wanted: readonly LoadModule[]): Promise<StepResult> {
  const started = performance.now();
  const clients: ClientBase[] = [];
  const ends: (() => Promise<void>)[] = [];
  try {
    for (let session = 0; session < 2; session += 1) {
      const client = await connect(databaseUrl, 'seed load, vacuum');
      ends.push(() => client.end());
      await client.query(
        `set role stoa_owner; set synchronous_commit = off; set maintenance_work_mem = '256MB'`,
      );
      clients.push(client);
    }
    const shares = clients.map((client) => ({ client, bytes: 0, names: [] as string[] }));
    const [first] = shares;
    if (first) {
      const schemas = wanted.flatMap((module) => module.schemas);
      for (const { name, bytes } of await filledTables(first.client, schemas)) {
        const lightest = shares.reduce((one, other) => (other.bytes < one.bytes ? other : one), first);
        lightest.names.push(name);
        lightest.bytes += bytes;
      }
    }
    await Promise.all(
      shares
        .filter(({ names }) => names.length > 0)
        .map(({ client, names }) => client.query(`vacuum (analyze) ${names.join(', ')}`)),
    );
  } finally {
    await Promise.all(ends.map((end) => end()));
  }
  return { step: 'vacuum and analyze', rows: 0, elapsedMs: Math.round(performance.now() - started) };
}

async function hasSchema(client: ClientBase, schema: string): Promise<boolean> {
  const { rows } = await client.query<{ yes: boolean }>('select to_regnamespace($1) is not null as yes', [
    schema,
  ]);
  return rows[0]?.yes ?? false;
}

/**
 * A made-up community for measuring: `scale` × 100,000 members with everything that they do in the modules that are
 * there, written as sets, whole or not at all. It is drawn, not random: see `LoadPlan`.
 */
export async function loadScale(options: LoadOptions): Promise<LoadResult> {
  const { scale, seed = 1, now = new Date(), add = false } = options;
  const plan: LoadPlan = {
    scale,
    seed,
    nowMs: now.getTime(),
    members: Math.max(1_000, Math.round(100_000 * scale)),
  };
  const begun = performance.now();
  const client = await connect(options.databaseUrl, 'seed load');
  try {
    await client.query('begin; set local synchronous_commit = off');
    // Plans are made for one use, rows come in order of their keys, and what is new in a text index that is kept is
    // merged in larger pieces than the 4 MB of daily business.
    await client.query(
      `set local jit = off; set local work_mem = '256MB'; set local maintenance_work_mem = '256MB';
       set local gin_pending_list_limit = '32MB'`,
    );
    await client.query(`select pg_advisory_xact_lock(hashtextextended('stoa.seed', 0))`);
    await client.query('set local role stoa_owner');
    await refuseCommunity(client, plan, add);
    await client.query('reset role');
    const wanted: LoadModule[] = [];
    for (const module of modules) if (await hasSchema(client, module.schemas[0])) wanted.push(module);
    const restore = await silenceTriggers(
      client,
      wanted.flatMap(({ schemas }) => schemas),
    );
    await prepareDraws(client, plan);
    const buildIndexes = await deferIndexes(
      client,
      wanted.flatMap(({ bulk = [] }) => bulk),
    );

    const steps: StepResult[] = [];
    let total = 0;
    const run = async (step: LoadStep): Promise<void> => {
      const started = performance.now();
      let rows = 0;
      for (const statement of step.statements) {
        const { rowCount } = await client.query(statement);
        if (step.isHidden) continue;
        rows += rowCount ?? 0;
        options.onProgress?.({ step: step.name, rows, total: total + rows });
      }
      total += rows;
      steps.push({ step: step.name, rows, elapsedMs: Math.round(performance.now() - started) });
    };
    for (const module of wanted) for (const step of module.steps(plan)) await run(step);
    options.onProgress?.({ step: 'indexes', rows: 0, total });
    const indexing = performance.now();
    await buildIndexes();
    steps.push({ step: 'indexes', rows: 0, elapsedMs: Math.round(performance.now() - indexing) });
    const areKeysChecked = await restore();
    await client.query('commit');
    options.onProgress?.({ step: 'vacuum and analyze', rows: 0, total });
    steps.push(await vacuum(options.databaseUrl, wanted));
    return {
      members: plan.members,
      areKeysChecked,
      steps,
      rows: total,
      elapsedMs: Math.round(performance.now() - begun),
    };
  } catch (error) {
    await client.query('rollback').catch(() => undefined);
    throw error;
  } finally {
    await client.end();
  }
}
