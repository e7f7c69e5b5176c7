import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import { demoUsername, loadBase, loadDemo } from '../../demo/index.ts';
import { exitCodes, StoaError } from '../../errors.ts';
import { withOpenDatabase } from '../../postgres/database.ts';
import { loadSecrets } from '../../secrets.ts';
import { ensureMigrated } from '../installation.ts';
import { note, print, printJson } from '../output.ts';
import { settingsOf } from '../settings.ts';

function positiveNumber(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value <= 0 || value > 2_000) {
    throw new InvalidArgumentError('It must be a number above 0, at most 2000.');
  }
  return value;
}

function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(text);
}

export function registerSeed(program: Command): void {
  const seed = program
    .command('seed')
    .description('fill a database: what every community starts with, or a made-up community')
    .action(() => {
      seed.help({ error: true });
    });

  seed
    .command('base')
    .description('the system account and three first forums')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', '\nSafe to run again. The first administrator: stoa account create-admin.')
    .action(async (options: { json?: true }, command: Command) => {
      const settings = await settingsOf(command);
      const result = await withOpenDatabase(
        settings,
        { command: 'seed base', onEvent: note },
        async (config) => {
          await ensureMigrated(config, settings);
          return loadBase({ databaseUrl: config.databaseUrl });
        },
      );
      if (options.json) return printJson(result);
      print(`${result.forums} forums added.`);
    });

  seed
    .command('demo')
    .description('people, friendships, forums, posts, comments and votes, with an account to look at them')
    .option('--scale <NUMBER>', '1 is fifty people and two hundred posts', positiveNumber, 1)
    .option('--seed <NUMBER>', 'the same number draws the same community', wholeNumber, 1)
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      `
Loads once: where the account "${demoUsername}" exists, nothing is changed. "stoa up" does this by itself for a
database that is new, except in production, where it is refused.`,
    )
    .action(async (options: { scale: number; seed: number; json?: true }, command: Command) => {
      const settings = await settingsOf(command);
      if (settings.environment === 'production') {
        throw new StoaError('seed.production', 'Made-up people do not belong into a production database.', {
          cure: 'Use another database, or set the environment to development.',
          exitCode: exitCodes.refused,
        });
      }
      const { demoPassword } = loadSecrets(settings.dataDir);
      const result = await withOpenDatabase(
        settings,
        { command: 'seed demo', onEvent: note },
        async (config) => {
          await ensureMigrated(config, settings);
          return loadDemo({
            databaseUrl: config.databaseUrl,
            password: demoPassword,
            argon2: config.argon2,
            scale: options.scale,
            seed: options.seed,
          });
        },
      );
      if (options.json) return printJson({ isNew: result.isNew, counts: result.counts });
      if (!result.isNew) return print('The demo community is there already; nothing was changed.');
      print(
        `${Object.entries(result.counts)
          .map(([kind, count]) => `${count} ${kind}`)
          .join(', ')}.`,
      );
      print(`Sign in as ${demoUsername} with the password that "stoa up" prints.`);
    });
}
