import type { Command } from 'commander';
import { exitCodes } from '../../../errors.ts';
import { baseline } from '../../../migrate/baseline.ts';
import { withOpenDatabase } from '../../../postgres/database.ts';
import { note, type Progress, print, printJson, progress } from '../../output.ts';
import { settingsOf } from '../../settings.ts';
import { count } from './up.ts';

interface BaselineFlags {
  readonly to?: string;
  readonly dryRun?: true;
  readonly json?: true;
}

const story = `
For a database that was restored, copied or made by hand, and for one whose drift was adopted. The history is
replayed in a scratch database; where the two catalogs are the same, and the rows that migrations insert are
there, the migrations are recorded as applied without being run. Where they differ, nothing is recorded.

Exit codes: ${exitCodes.ok} recorded, ${exitCodes.refused} the database is not what the history makes.`;

export function registerMigrateBaseline(migrate: Command): void {
  const command = migrate
    .command('baseline')
    .description('record migrations as applied in a database that has their schema already')
    .option('--to <MIGRATION>', 'the last one that it has (default: the newest)')
    .option('--dry-run', 'compare, and record nothing')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', story);
  command.action(async (flags: BaselineFlags) => {
    const settings = await settingsOf(command);
    await withOpenDatabase(settings, { command: 'migrate baseline', onEvent: note }, async (config) => {
      let bar: Progress | undefined;
      const result = await baseline({
        adminUrl: config.adminUrl,
        databaseUrl: config.databaseUrl,
        modules: config.modules,
        to: flags.to,
        dryRun: flags.dryRun === true,
        onApplied: (position, total) => {
          bar ??= progress('replay', 'migrations', total);
          bar.update(position);
        },
      }).finally(() => bar?.end());
      if (flags.json) return printJson(result);
      for (const name of result.recorded) print(`  ${name}`);
      print(
        result.recorded.length === 0
          ? 'Nothing to record: the ledger has them all.'
          : `${count(result.recorded.length)} ${flags.dryRun ? 'would be recorded' : 'recorded'}; ${result.facts.toLocaleString('en')} facts of the catalog are the same.`,
      );
    });
  });
}
