import { setTimeout as sleep } from 'node:timers/promises';
import { runner } from 'node-pg-migrate';
import { exitCodes, StoaError } from '../errors.ts';
import { Conductor } from './conductor.ts';
import type { Blocker, Listener } from './events.ts';
import { explainFailure, sqlstateOf } from './failure.ts';
import type { Session } from './session.ts';
import { mixesClasses, type Step } from './step.ts';
import { type Patience, pauseBefore } from './timeouts.ts';

export interface ApplyOptions {
  readonly patience: Patience;
  readonly onEvent: Listener;
}

/** Lock not available; deadlock detected. */
const retriedStates = new Map([
  ['55P03', 'the lock was not to be had in time'],
  ['40P01', 'it lost a deadlock'],
]);

/**
 * Applies one migration through node-pg-migrate, which writes the ledger. Whole or, when one of its statements cannot
 * run inside a transaction, up to a statement that the next run goes on after.
 */
export async function applyStep(session: Session, step: Step, options: ApplyOptions): Promise<void> {
  const { migration, direction } = step;
  const { patience, onEvent } = options;
  const begun = performance.now();
  onEvent({
    type: 'migration',
    migration: migration.name,
    direction,
    statements: step.statements.length,
    transactional: step.isTransactional,
  });
  if (mixesClasses(step)) {
    onEvent({
      type: 'warning',
      migration: migration.name,
      message:
        'concurrent statements stand beside others in one file: each runs in a transaction of its own, ' +
        'and what is done stays done when a later one fails',
    });
  }
  for (let attempt = 1; ; attempt += 1) {
    const conductor = new Conductor(session, step, { ...options, attempt, begun });
    try {
      await runThroughLedger(conductor, step);
      break;
    } catch (error) {
      await session.worker.query('rollback').catch(() => undefined);
      await conductor.afterFailure();
      const reason = retriedStates.get(sqlstateOf(error) ?? '');
      if (reason === undefined || attempt >= patience.tries) {
        throw explainFailure(error, step, conductor.failedAt, {
          attempts: attempt,
          blockers: conductor.seenBlockers,
        });
      }
      await pause(step, attempt, reason, conductor.seenBlockers, options);
    }
  }
  onEvent({
    type: 'migrationDone',
    migration: migration.name,
    direction,
    elapsedMs: performance.now() - begun,
  });
}

async function pause(
  step: Step,
  attempt: number,
  reason: string,
  blockers: readonly Blocker[],
  { patience, onEvent }: ApplyOptions,
): Promise<void> {
  const delayMs = pauseBefore(attempt + 1, patience);
  onEvent({
    type: 'retry',
    migration: step.migration.name,
    attempt,
    attempts: patience.tries,
    delayMs,
    reason,
    blockers,
  });
  await sleep(delayMs);
}

const silent = () => undefined;

async function runThroughLedger(conductor: Conductor, step: Step): Promise<void> {
  const { migration, direction, statements, isTransactional } = step;
  const folder = migration.path.slice(0, migration.path.lastIndexOf('/'));
  const applied = await runner({
    dbClient: conductor.client,
    migrationsSchema: 'ops',
    migrationsTable: 'pgmigrations',
    dir: folder,
    // The one file: its neighbours are none of this run's business.
    ignorePattern: `(?!${migration.name}\\.sql$).*`,
    migrationLoaderStrategies: [
      {
        extensions: ['.sql'],
        loader: async () => {
          const action = (pgm: { noTransaction(): void; sql(text: string): void }): void => {
            if (!isTransactional) pgm.noTransaction();
            for (const statement of statements) pgm.sql(statement.text);
          };
          const nothing = (): void => undefined;
          return [
            {
              id: migration.path,
              filePaths: [migration.path],
              actions: {
                up: direction === 'up' ? action : nothing,
                down: direction === 'down' ? action : nothing,
                shorthands: {},
              },
            },
          ];
        },
      },
    ],
    direction,
    file: migration.name,
    count: 1,
    // The order over all modules is decided before (order.ts); node-pg-migrate sees one file.
    checkOrder: false,
    singleTransaction: false,
    // Held by lock.ts, which never waits inside a query.
    noLock: true,
    logger: { info: silent, warn: silent, error: silent, debug: silent },
  });
  if (applied.length !== 1) {
    throw new StoaError('migrate.not_run', `node-pg-migrate did not run ${migration.file}.`, {
      cure: 'Look at "stoa migrate status": the ledger and the files do not fit together.',
      exitCode: exitCodes.database,
    });
  }
}
