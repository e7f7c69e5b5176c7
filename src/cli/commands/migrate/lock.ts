import type { Command } from 'commander';
import { exitCodes } from '../../../errors.ts';
import { loadMigrations } from '../../../migrate/load.ts';
import { lockReleases, readReleases, releaseFaults } from '../../../migrate/released.ts';
import { projectRoot } from '../../../migrate/root.ts';
import { modules } from '../../../modules.ts';
import { print, printJson } from '../../output.ts';
import { count } from './up.ts';

interface LockFlags {
  readonly check?: true;
  readonly json?: true;
}

export function registerMigrateLock(migrate: Command): void {
  const command = migrate
    .command('lock')
    .description('freeze the migrations for a release: their checksums go to migrations/migrations.lock')
    .option('--check', 'only compare; exit code 6 when a file differs or is not in the lock')
    .option('--json', 'print the result as JSON');
  command.action(async (flags: LockFlags) => {
    const migrations = await loadMigrations(projectRoot, modules);
    if (!flags.check) {
      const added = await lockReleases(projectRoot, migrations);
      if (flags.json) return printJson({ added });
      for (const file of added) print(`+ ${file}`);
      return print(added.length === 0 ? 'Nothing new to freeze.' : `${count(added.length)} frozen.`);
    }
    const releases = await readReleases(projectRoot);
    const known = new Set(releases.map(({ file }) => file));
    const faults = releaseFaults(releases, migrations);
    const unreleased = migrations.filter(({ file }) => !known.has(file)).map(({ file }) => file);
    if (faults.length + unreleased.length > 0) process.exitCode = exitCodes.checkFailed;
    if (flags.json) return printJson({ faults, unreleased });
    for (const fault of faults) print(`✗ ${fault}`);
    for (const file of unreleased) print(`? ${file} is not in migrations.lock`);
    if (faults.length + unreleased.length === 0)
      print(`${count(releases.length)}, all as they were released.`);
  });
}
