import type { Node } from 'libpg-query';
import type { Client } from 'pg';
import type { Difference } from '../../catalog/fingerprint.ts';
import { exitCodes, StoaError } from '../../errors.ts';
import { modules as registry } from '../../modules.ts';
import { databaseOf } from '../../postgres/connect.ts';
import { namedRelations } from '../check/ast.ts';
import type { ContractOptions } from '../contract/gate.ts';
import { explainFailure } from '../failure.ts';
import { closedGates } from '../gates.ts';
import type { AppliedMigration } from '../ledger.ts';
import { loadMigrations } from '../load.ts';
import { type MigrateOptions, type Migrator, withMigrator } from '../migrator.ts';
import { pendingMigrations } from '../order.ts';
import { projectRoot } from '../root.ts';
import { withScratchDatabase } from '../scratch.ts';
import { placeOf, planStep, type Step } from '../step.ts';
import { connectAsOwner, surveyMigrations } from '../survey.ts';
import { defaultPatience, type Patience, timeoutsFor } from '../timeouts.ts';
import { classify, runsInTransaction } from '../traits.ts';
import { breakagesOf } from './breakages.ts';
import { effectOf } from './classify.ts';
import { type Measurement, measureInTransaction } from './measure.ts';
import { measureOutsideTransaction, tablesOf } from './measure-concurrent.ts';
import type { ApiChanges, Plan, PlannedMigration, PlannedStatement } from './plan.ts';
import { tableSizes } from './sizes.ts';
import { type Snapshot, takeSnapshot } from './snapshot.ts';
import { driftOf, readTarget, type TargetReading } from './target.ts';

export interface PlanOptions extends MigrateOptions {
  /** May create databases; need not be the server of the target, but should be of its major. */
  readonly adminUrl: string;
  /** Pause between the two looks at the statistics of the target; 0 looks once and tells no rates. */
  readonly sampleMs: number;
  /** The schema of the API as text, of a database; undefined where it cannot be built. Asked before and after. */
  readonly readApi?: ((databaseUrl: string) => Promise<string | undefined>) | undefined;
  readonly compareApi?: ((before: string, after: string) => ApiChanges) | undefined;
  /** How a migration marked "-- contract" is judged. */
  readonly contract?: Partial<ContractOptions> | undefined;
  readonly onProgress?: (phase: 'replay' | 'measure', done: number, total: number) => void;
}

/**
 * What `migrateUp` would do to the target, statement by statement, measured: a scratch database is brought to where
 * the target is, the pending statements are run there, and the server is asked which locks it took and what became of
 * each table. Nothing is changed in the target, and no lock is taken there.
 */
export async function makePlan(options: PlanOptions): Promise<Plan> {
  const { databaseUrl } = options;
  const { migrations, applied } = await surveyMigrations(options);
  const pending = pendingMigrations(migrations, applied);
  const steps: Step[] = [];
  for (const migration of pending) steps.push(await planStep(migration, 'up'));

  const client = await connectAsOwner(databaseUrl);
  try {
    const target = await readTarget(client);
    const gates = await closedGates(client, pending, options.root ?? projectRoot, options.contract);
    const measured =
      steps.length === 0 ? nothingPending : await measureOnScratch({ ...options, applied, target, steps });
    const names = new Set(
      measured.planned.flatMap(({ statements }) =>
        statements.flatMap(({ locks, rewrites, scans }) => [
          ...locks.map(({ relation }) => relation),
          ...rewrites,
          ...scans,
        ]),
      ),
    );
    return {
      version: 1,
      madeAt: new Date().toISOString(),
      database: databaseOf(databaseUrl),
      serverVersion: await serverVersion(client),
      measuredOn: measured.measuredOn,
      target: target.state,
      drift: measured.drift.map(({ change, kind, identity }) => ({ change, kind, identity })),
      tables: Object.fromEntries(await tableSizes(client, [...names], options.sampleMs)),
      migrations: measured.planned.map((planned) => ({ ...planned, gates: gates.get(planned.name) ?? [] })),
      api: measured.api,
      isBreaking:
        measured.planned.some(({ isBreaking }) => isBreaking) || (measured.api?.breaking.length ?? 0) > 0,
    };
  } finally {
    await client.end();
  }
}

interface MeasuredPlan extends Pick<Plan, 'measuredOn' | 'api'> {
  readonly drift: readonly Difference[];
  readonly planned: readonly MeasuredMigration[];
}

type MeasuredMigration = Omit<PlannedMigration, 'gates'>;

const nothingPending: MeasuredPlan = { drift: [], planned: [], api: null, measuredOn: '' };

interface Measuring extends PlanOptions {
  readonly applied: readonly AppliedMigration[];
  readonly target: TargetReading;
  readonly steps: readonly Step[];
}

async function measureOnScratch(options: Measuring): Promise<MeasuredPlan> {
  const { adminUrl, applied, target, steps, readApi, compareApi, root = projectRoot } = options;
  const { onProgress = () => undefined } = options;
  const patience = { ...defaultPatience, ...options.patience };
  const files = new Map(
    (await loadMigrations(root, registry)).map((migration) => [migration.name, migration]),
  );
  return withScratchDatabase(adminUrl, 'plan', (url) =>
    withMigrator({ ...options, databaseUrl: url, onEvent: () => undefined }, async (migrator) => {
      const { worker } = migrator.session;
      for (const [index, { name }] of applied.entries()) {
        onProgress('replay', index, applied.length);
        // surveyMigrations has refused a ledger that names a file which is gone.
        const migration = files.get(name);
        if (migration) await migrator.apply(await migrator.plan(migration, 'up'));
      }
      const drift = driftOf((await readTarget(worker)).facts, target.facts);
      const compare = (from: string | undefined, to: string | undefined): ApiChanges | null =>
        from === undefined || to === undefined ? null : (compareApi?.(from, to) ?? null);
      const before = await readApi?.(url);
      let last = before;
      const isToldByFile = steps.length > 1 && steps.length <= mostFilesWithApi;
      const planned = await measureSteps(migrator, url, steps, patience, onProgress, async () => {
        if (!isToldByFile || before === undefined) return null;
        const previous = last;
        last = await readApi?.(url);
        return compare(previous, last);
      });
      const after = before === undefined ? undefined : isToldByFile ? last : await readApi?.(url);
      const api = compare(before, after);
      const [only, ...others] = planned;
      if (only && others.length === 0) {
        const isBreaking = only.isBreaking || (api?.breaking.length ?? 0) > 0;
        return {
          drift,
          planned: [{ ...only, api, isBreaking }],
          api,
          measuredOn: await serverVersion(worker),
        };
      }
      return { drift, planned, api, measuredOn: await serverVersion(worker) };
    }),
  );
}

/** Building the schema of the API takes a second or so: a new database, with all files pending, is told as a whole. */
const mostFilesWithApi = 12;

async function serverVersion(client: Client): Promise<string> {
  const { rows } = await client.query<{ version: string }>(
    "select current_setting('server_version') as version",
  );
  return rows[0]?.version ?? '';
}

async function measureSteps(
  { session, plan }: Migrator,
  url: string,
  steps: readonly Step[],
  patience: Patience,
  onProgress: NonNullable<PlanOptions['onProgress']>,
  readChanges: () => Promise<ApiChanges | null>,
): Promise<readonly MeasuredMigration[]> {
  const { worker } = session;
  const total = steps.reduce((sum, { statements }) => sum + statements.length, 0);
  let done = 0;
  const inUse = await takeSnapshot(worker);
  let snapshot = inUse;
  const planned: MeasuredMigration[] = [];
  for (const { migration } of steps) {
    const step = await plan(migration, 'up');
    const statements: PlannedStatement[] = [];
    for (const index of step.statements.keys()) {
      onProgress('measure', done, total);
      done += 1;
      const { measurement, after } = await measureStatement(worker, url, step, index, snapshot, inUse);
      statements.push(plannedStatement(step, index, measurement, patience));
      snapshot = after;
    }
    const api = await readChanges();
    planned.push({
      name: migration.name,
      module: migration.module,
      file: migration.file,
      checksum: migration.checksum.toString('hex'),
      isTransactional: step.isTransactional,
      retry: {
        tries: patience.tries,
        firstLockTimeoutMs: patience.canaryLockTimeoutMs,
        lockTimeoutMs: patience.lockTimeoutMs,
        unit: step.isTransactional ? 'file' : 'statement',
      },
      statements,
      api,
      isBreaking: statements.some(({ breaks }) => breaks.length > 0) || (api?.breaking.length ?? 0) > 0,
    });
  }
  return planned;
}

/**
 * Each statement is run in a transaction of its own, although the engine runs the file in one: a lock that an earlier
 * statement holds would hide that this one needs it too. What the file has set LOCAL so far is set again.
 */
async function measureStatement(
  worker: Client,
  url: string,
  step: Step,
  index: number,
  before: Snapshot,
  inUse: Snapshot,
): Promise<{ measurement: Measurement; after: Snapshot }> {
  const statement = step.statements[index];
  if (!statement) throw new RangeError(`statement ${index}`);
  try {
    if (!runsInTransaction(statement.node)) {
      const subjects = await tablesOf(worker, namedRelations(statement.node));
      return await measureOutsideTransaction(url, worker, statement.text, subjects, before, inUse);
    }
    await worker.query('begin');
    for (const { node, text } of step.statements.slice(0, index)) {
      if ('VariableSetStmt' in node) await worker.query(text);
    }
    const result = await measureInTransaction(worker, statement.text, before, inUse);
    await worker.query('commit');
    return result;
  } catch (error) {
    await worker.query('rollback').catch(() => undefined);
    const explained = explainFailure(error, step, index, { attempts: 1, blockers: [] });
    if (!(explained instanceof StoaError)) throw explained;
    throw new StoaError('migrate.plan_failed', explained.message, {
      cure: 'It fails on the scratch database, and would in the target: correct it first. A statement that only works in one transaction with those above it cannot be measured.',
      exitCode: exitCodes.checkFailed,
      cause: error,
    });
  }
}

function plannedStatement(
  step: Step,
  index: number,
  measurement: Measurement,
  patience: Patience,
): PlannedStatement {
  const place = placeOf(step, index);
  const statement = step.statements[index];
  if (!statement) throw new RangeError(`statement ${index}`);
  const { changes, locks, scanned } = measurement;
  return {
    number: index + 1,
    line: place.line,
    kind: place.kind,
    text: statement.text,
    effect: effectOf(measurement, { writesRows: writesRows(statement.node) && locks.length > 0 }),
    locks: locks.map(({ relation, mode }) => ({ relation, mode })),
    rewrites: changes.rewritten,
    scans: scanned,
    rebuiltIndexes: changes.rebuiltIndexes,
    replaces: changes.replaced,
    breaks: breakagesOf(changes),
    timeoutMs: timeoutsFor(classify(statement.node), 1, patience).statementMs,
  };
}

function writesRows(node: Node): boolean {
  return (
    'InsertStmt' in node ||
    'UpdateStmt' in node ||
    'DeleteStmt' in node ||
    'MergeStmt' in node ||
    ('CopyStmt' in node && node.CopyStmt.is_from === true)
  );
}
