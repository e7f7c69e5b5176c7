import type { Command } from 'commander';
import { Option } from 'commander';
import { exitCodes, StoaError } from '../../errors.ts';
import { type ReadyConfig, readyConfig } from '../../postgres/database.ts';
import { print } from '../output.ts';
import { settingsOf } from '../settings.ts';

const urls: Readonly<Record<string, (config: ReadyConfig) => string>> = {
  admin: (config) => config.adminUrl,
  migrator: (config) => config.databaseUrl,
  gateway: (config) => config.gatewayUrl,
  auth: (config) => config.authUrl,
  media: (config) => config.mediaUrl,
  tracker: (config) => config.trackerUrl,
  worker: (config) => config.workerUrl,
};

export function registerPsqlUrl(program: Command): void {
  program
    .command('psql-url')
    .description('print the URL of the database, with its password, for psql and other programs')
    .addOption(new Option('--role <ROLE>', 'who to log in as').choices(Object.keys(urls)).default('admin'))
    .addHelpText(
      'after',
      `
Examples:
  psql "$(stoa psql-url)"                   as superuser of the embedded server
  psql "$(stoa psql-url --role gateway)"    as the API does; then: set role stoa_member;

The URL is a secret: it is for another program to read, not for a log.`,
    )
    .action(async (options: { role: string }, command: Command) => {
      const config = readyConfig(await settingsOf(command));
      const url = config && urls[options.role]?.(config);
      if (url === undefined) {
        throw new StoaError('database.stopped', 'The embedded PostgreSQL does not run.', {
          cure: 'Start it with "stoa up".',
          exitCode: exitCodes.database,
        });
      }
      print(url);
    });
}
