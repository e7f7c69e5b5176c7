import type { Command } from 'commander';
import { migrateReset } from '../../../migrate/index.ts';
import { databaseOf } from '../../../postgres/connect.ts';
import { withOpenDatabase } from '../../../postgres/database.ts';
import { duration, note, print, printJson } from '../../output.ts';
import { settingsOf } from '../../settings.ts';
import { runReport } from './report.ts';
import { count } from './up.ts';

interface ResetFlags {
  readonly json?: true;
}

export function registerMigrateReset(migrate: Command): void {
  const command = migrate
    .command('reset')
    .description('delete everything and apply every migration; only on a disposable database')
    .option('--json', 'print the result as JSON');
  command.action(async (flags: ResetFlags) => {
    const settings = await settingsOf(command);
    const begun = Date.now();
    await withOpenDatabase(settings, { command: 'migrate reset', onEvent: note }, async (config) => {
      const report = runReport({ isVerbose: false });
      try {
        const { applied } = await migrateReset({
          databaseUrl: config.databaseUrl,
          modules: config.modules,
          isProduction: config.environment === 'production',
          onEvent: report.onEvent,
        });
        if (flags.json) return printJson({ applied, elapsedMs: Date.now() - begun });
        const took = duration(Date.now() - begun);
        print(
          `${databaseOf(config.databaseUrl)}: emptied, then applied ${count(applied.length)} in ${took}.`,
        );
      } finally {
        report.end();
      }
    });
  });
}
