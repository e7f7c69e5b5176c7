import type { Command } from 'commander';
import { exitCodes, StoaError } from '../../../errors.ts';
import { markDisposable } from '../../../migrate/disposable.ts';
import { connect, databaseOf, withDatabase } from '../../../postgres/connect.ts';
import { withOpenDatabase } from '../../../postgres/database.ts';
import { note, print } from '../../output.ts';
import { settingsOf } from '../../settings.ts';

interface DisposableFlags {
  readonly off?: true;
}

export function registerMigrateDisposable(migrate: Command): void {
  const command = migrate
    .command('mark-disposable')
    .description('say that this database may be emptied: allows reset, and down where data is lost')
    .option('--off', 'take the mark away');
  command.action(async (flags: DisposableFlags) => {
    const settings = await settingsOf(command);
    if (settings.environment === 'production' && !flags.off) {
      throw new StoaError('migrate.production', 'A production database is never disposable.', {
        cure: 'Use another database.',
        exitCode: exitCodes.refused,
      });
    }
    await withOpenDatabase(
      settings,
      { command: 'migrate mark-disposable', onEvent: note },
      async (config) => {
        const client = await connect(
          withDatabase(config.adminUrl, databaseOf(config.databaseUrl)),
          'migrate',
        );
        try {
          const name = await markDisposable(client, !flags.off);
          print(flags.off ? `${name} is not disposable any more.` : `${name} is marked as disposable.`);
        } finally {
          await client.end();
        }
      },
    );
  });
}
