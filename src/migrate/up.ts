import { modules as registry } from '../modules.ts';
import { loadBackfills } from './backfill/declaration.ts';
import { refuseUnlessBackfilled, requiredBackfills } from './backfill/gate.ts';
import { type ContractOptions, contractDefaults, refuseWhileInUse } from './contract/gate.ts';
import { findMigration } from './find.ts';
import { type MigrateOptions, withMigrator } from './migrator.ts';
import { pendingMigrations } from './order.ts';
import { type BoundPlan, refuseUnlessAsPlanned } from './plan/bound.ts';
import { projectRoot } from './root.ts';
import type { Step } from './step.ts';
import { planStep } from './step.ts';
import { surveyMigrations } from './survey.ts';

export interface UpOptions extends MigrateOptions {
  /** At most so many. */
  readonly steps?: number | undefined;
  /** No further than this one. */
  readonly to?: string | undefined;
  /** Apply only when everything stands as it stood when this plan was made. */
  readonly plan?: BoundPlan | undefined;
  /** How a migration marked "-- contract" is judged. */
  readonly contract?: Partial<ContractOptions> | undefined;
}

/**
 * Brings a database up to date: the engine's tables, the queue's schema, then every pending migration of the chosen
 * modules. Waits for another migrator that is at work. Answers with the names of what it applied, in order.
 */
export async function migrateUp(options: UpOptions): Promise<{ applied: string[] }> {
  return withMigrator(options, async ({ migrations, ledger, apply, session }) => {
    const every = pendingMigrations(migrations, await ledger());
    if (options.plan) await refuseUnlessAsPlanned(session.worker, options.plan, every);
    const pending = limit(every, options);
    // Everything is read and judged before the first statement is sent.
    const steps: Step[] = [];
    for (const migration of pending) steps.push(await planStep(migration, 'up'));
    const backfills = await loadBackfills(options.root ?? projectRoot, registry);
    for (const migration of pending) requiredBackfills(migration, backfills);
    const applied: string[] = [];
    for (const step of steps) {
      await refuseUnlessBackfilled(session.worker, step.migration, backfills);
      await refuseWhileInUse(session.worker, step, { ...contractDefaults, ...options.contract });
      await apply(step);
      applied.push(step.migration.name);
    }
    return { applied };
  });
}

/** What `migrateUp` would run. Changes nothing, not even the engine's own tables. */
export async function planUp(options: UpOptions): Promise<readonly Step[]> {
  const { migrations, applied } = await surveyMigrations(options);
  const steps: Step[] = [];
  for (const migration of limit(pendingMigrations(migrations, applied), options))
    steps.push(await planStep(migration, 'up'));
  return steps;
}

function limit<T extends { readonly name: string }>(
  pending: readonly T[],
  { steps, to }: { readonly steps?: number | undefined; readonly to?: string | undefined },
): readonly T[] {
  const until =
    to === undefined ? pending : pending.slice(0, pending.indexOf(findMigration(pending, to)) + 1);
  return until.slice(0, steps ?? until.length);
}
