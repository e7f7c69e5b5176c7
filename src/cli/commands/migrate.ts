import type { Command } from 'commander';
import { registerMigrateBackfill } from './migrate/backfill.ts';
import { registerMigrateBaseline } from './migrate/baseline.ts';
import { registerMigrateCheck } from './migrate/check.ts';
import { registerMigrateDisposable } from './migrate/disposable.ts';
import { registerMigrateDown } from './migrate/down.ts';
import { registerMigrateLock } from './migrate/lock.ts';
import { registerMigrateNew } from './migrate/new.ts';
import { registerMigrateObjects } from './migrate/objects.ts';
import { registerMigratePlan } from './migrate/plan.ts';
import { registerMigrateRehearse } from './migrate/rehearse.ts';
import { registerMigrateReset } from './migrate/reset.ts';
import { registerMigrateRules } from './migrate/rules.ts';
import { registerMigrateStatus } from './migrate/status.ts';
import { registerMigrateUp } from './migrate/up.ts';
import { registerMigrateVerify } from './migrate/verify.ts';

const story = `
A migration is a file under migrations/<module>/ with "-- Up Migration" and "-- Down Migration".
Functions, views, triggers and policies are edited under sql/<module>/, one object a file.

  edit sql/…, then             stoa migrate new better_ranking
  find what would hurt         stoa migrate check
  prove it                     stoa migrate verify        stoa migrate objects --check
  look, then apply             stoa migrate plan --out plan.json
                               stoa migrate up --plan plan.json
  try it with the rows         stoa migrate rehearse --report rehearsal.html
  fill a large table           stoa migrate backfill start word_count
  freeze it for a release      stoa migrate lock`;

export function registerMigrate(program: Command): void {
  const migrate = program
    .command('migrate')
    .description('evolve the schema: write, apply, undo and prove migrations')
    .addHelpText('after', story);
  registerMigrateNew(migrate);
  registerMigrateCheck(migrate);
  registerMigratePlan(migrate);
  registerMigrateRehearse(migrate);
  registerMigrateUp(migrate);
  registerMigrateDown(migrate);
  registerMigrateStatus(migrate);
  registerMigrateBaseline(migrate);
  registerMigrateBackfill(migrate);
  registerMigrateVerify(migrate);
  registerMigrateObjects(migrate);
  registerMigrateLock(migrate);
  registerMigrateRules(migrate);
  registerMigrateReset(migrate);
  registerMigrateDisposable(migrate);
}
