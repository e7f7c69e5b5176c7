import type { Client } from 'pg';
import { exitCodes, StoaError } from '../errors.ts';
import { isDisposable, refuseUnlessDisposable } from './disposable.ts';
import { findMigration } from './find.ts';
import type { AppliedMigration } from './ledger.ts';
import type { Migration } from './load.ts';
import { lossesOf } from './losses.ts';
import { type MigrateOptions, type Migrator, withMigrator } from './migrator.ts';
import type { Step } from './step.ts';

export interface DownOptions extends MigrateOptions {
  readonly isProduction: boolean;
  /** How many; default 1. */
  readonly steps?: number | undefined;
  /** Everything that was applied after this one. */
  readonly to?: string | undefined;
}

/**
 * Undoes the migrations that were applied last, latest first. What would destroy data is refused, before anything is
 * undone, unless the database is marked as disposable.
 */
export async function migrateDown(options: DownOptions): Promise<{ undone: string[] }> {
  return withMigrator(
    options,
    async (migrator) => {
      const steps = await planDown(migrator, chosen(await migrator.ledger(), options), options.isProduction);
      const undone: string[] = [];
      for (const step of steps) {
        await refuseLosses(migrator.session.worker, step, options.isProduction);
        await migrator.apply(step);
        undone.push(step.migration.name);
      }
      return { undone };
    },
    { allowEdited: true },
  );
}

/** Undoes the latest migrations and applies them again, as their files stand now. */
export async function migrateRedo(options: DownOptions): Promise<{ redone: string[] }> {
  return withMigrator(
    options,
    async (migrator) => {
      const steps = await planDown(migrator, chosen(await migrator.ledger(), options), options.isProduction);
      for (const step of steps) {
        await refuseLosses(migrator.session.worker, step, options.isProduction);
        await migrator.apply(step);
      }
      const redone: string[] = [];
      for (const { migration } of [...steps].reverse()) {
        await migrator.apply(await migrator.plan(migration, 'up'));
        redone.push(migration.name);
      }
      return { redone };
    },
    { allowEdited: true },
  );
}

/** Latest first. */
function chosen(applied: readonly AppliedMigration[], options: DownOptions): readonly AppliedMigration[] {
  if (options.to === undefined) return applied.slice(-(options.steps ?? 1)).reverse();
  const stop = findMigration(applied, options.to);
  return applied.slice(applied.indexOf(stop) + 1).reverse();
}

async function planDown(
  { allMigrations, plan, session }: Migrator,
  applied: readonly AppliedMigration[],
  isProduction: boolean,
): Promise<readonly Step[]> {
  const steps: Step[] = [];
  for (const { name, checksum } of applied) {
    const migration = fileOf(name, allMigrations);
    if (checksum !== null && !checksum.equals(migration.checksum)) {
      if (isProduction || !(await isDisposable(session.worker))) throw edited(migration);
    }
    steps.push(await plan(migration, 'down'));
  }
  // Before the first one is undone: half a way down helps nobody.
  for (const step of steps) await refuseLosses(session.worker, step, isProduction);
  return steps;
}

function fileOf(name: string, migrations: readonly Migration[]): Migration {
  const migration = migrations.find((each) => each.name === name);
  if (migration) return migration;
  throw new StoaError('migrate.missing', `${name} cannot be undone: its file is gone.`, {
    cure: 'Bring the file back.',
    exitCode: exitCodes.refused,
  });
}

function edited({ file }: Migration): StoaError {
  return new StoaError(
    'migrate.edited',
    `${file} was edited after it was applied: its down section may not fit any more.`,
    {
      cure: 'Put the file back as it was. On a database that is marked as disposable it is undone as it stands.',
      exitCode: exitCodes.refused,
    },
  );
}

async function refuseLosses(client: Client, step: Step, isProduction: boolean): Promise<void> {
  const losses = await lossesOf(client, step);
  if (losses.length === 0) return;
  const shown = losses.slice(0, 5).join(', ') + (losses.length > 5 ? ` and ${losses.length - 5} more` : '');
  await refuseUnlessDisposable(client, {
    isProduction,
    action: `Undoing ${step.migration.name} would lose what is in ${shown}.`,
  });
}
