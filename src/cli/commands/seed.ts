import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import type { Config } from '../../config.ts';
import { demoUsername, type LoadResult, loadBase, loadDemo, loadScale } from '../../demo/index.ts';
import { exitCodes, StoaError } from '../../errors.ts';
import { databaseOf, withDatabase } from '../../postgres/connect.ts';
import { withOpenDatabase } from '../../postgres/database.ts';
import { loadSecrets } from '../../secrets.ts';
import { ensureMigrated } from '../installation.ts';
import { duration, note, print, printJson, progress, table } from '../output.ts';
import { settingsOf } from '../settings.ts';

function positiveNumber(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value <= 0 || value > 2_000) {
    throw new InvalidArgumentError('It must be a number above 0, at most 2000.');
  }
  return value;
}

function loadableScale(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value < 0.01 || value > 100) {
    throw new InvalidArgumentError('It must be a number from 0.01 to 100.');
  }
  return value;
}

function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(text);
}

function refuseInProduction(settings: Config): void {
  if (settings.environment !== 'production') return;
  throw new StoaError('seed.production', 'Made-up people do not belong into a production database.', {
    cure: 'Use another database, or set the environment to development.',
    exitCode: exitCodes.refused,
  });
}

function registerBase(seed: Command): void {
  seed
    .command('base')
    .description('what every community starts with: first forums, and an administrator')
    .option('--admin <USERNAME>', 'the name of the administrator who is made', 'steward')
    .option('--email <ADDRESS>', 'where mails to this administrator go', 'steward@localhost')
    .option('--no-admin', 'make no administrator')
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      `
Safe to run again: adds what is missing. Where there is an administrator already, no other one is made. The
link that sets the password is printed this once and works for a day; for another one: stoa account
set-password-link NAME. Account classes, permission bits and settings come with the migrations.`,
    )
    .action(async (options: { admin: string | false; email: string; json?: true }, command: Command) => {
      const settings = await settingsOf(command);
      const { result, url } = await withOpenDatabase(
        settings,
        { command: 'seed base', onEvent: note },
        async (config) => {
          await ensureMigrated(config, settings);
          const base = await loadBase({
            databaseUrl: config.databaseUrl,
            ...(options.admin === false
              ? {}
              : { administrator: { username: options.admin, email: options.email } }),
          });
          return { result: base, url: config.publicUrl };
        },
      );
      const made = result.administrator;
      const link = made && `${url}/reset-password#token=${made.token}`;
      if (options.json) {
        return printJson({
          forums: result.forums,
          categories: result.categories,
          administrator: made
            ? { username: made.username, token: made.token, link, expiresAt: made.expiresAt.toISOString() }
            : null,
        });
      }
      print(`${result.forums} forums added.`);
      if (result.categories > 0) print(`${result.categories} categories of torrents added.`);
      if (made) {
        print(
          `${made.username} sets a password with this link, once, until ${made.expiresAt.toISOString()}:`,
        );
        print();
        print(`  ${link}`);
      } else if (options.admin !== false) {
        print('There is an administrator already; no other one was made.');
      }
    });
}

function registerDemo(seed: Command): void {
  seed
    .command('demo')
    .description('a made-up community to look at, in every module, with an account to sign in as')
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
      refuseInProduction(settings);
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
        table(
          ['what', 'rows'],
          Object.entries(result.counts).map(([kind, count]) => [kind, count.toLocaleString('en')]),
          { right: [1] },
        ),
      );
      print(`\nSign in as ${demoUsername} with the password that "stoa up" prints.`);
    });
}

function loadReport(result: LoadResult): string {
  const rate = (rows: number, elapsedMs: number): string =>
    rows === 0 || elapsedMs === 0 ? '' : Math.round((rows / elapsedMs) * 1_000).toLocaleString('en');
  return table(
    ['what', 'rows', 'took', 'rows/s'],
    [...result.steps, { step: 'all together', rows: result.rows, elapsedMs: result.elapsedMs }].map(
      ({ step, rows, elapsedMs }) => [
        step,
        rows === 0 ? '' : rows.toLocaleString('en'),
        duration(elapsedMs),
        rate(rows, elapsedMs),
      ],
    ),
    { right: [1, 2, 3] },
  );
}

function registerLoad(seed: Command): void {
  seed
    .command('load')
    .description('a large made-up community to measure with: 100,000 members and a million messages a scale')
    .option('--scale <NUMBER>', 'how many times 100,000 members, from 0.01', loadableScale, 1)
    .option('--seed <NUMBER>', 'the same number draws the same community', wholeNumber, 1)
    .option('--add', 'put it beside the community that is in the database')
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      `
Writes sets of rows without their triggers; each counter is computed with its row, and "stoa doctor
invariants" agrees with all of them. One transaction, so it is there whole or not at all. A database that holds a community is
refused without --add, a production database always. Takes about 1.5 GB of disk a scale.

Exit codes: ${exitCodes.ok} loaded, ${exitCodes.refused} refused, ${exitCodes.database} the database cannot be used.`,
    )
    .action(async (options: { scale: number; seed: number; add?: true; json?: true }, command: Command) => {
      const settings = await settingsOf(command);
      refuseInProduction(settings);
      const bar = progress('load', 'rows', Math.round(options.scale * 6_300_000));
      const result = await withOpenDatabase(
        settings,
        { command: 'seed load', onEvent: note },
        async (config) => {
          await ensureMigrated(config, settings);
          return loadScale({
            // A superuser may leave foreign keys unchecked, which halves the time.
            databaseUrl: withDatabase(config.adminUrl, databaseOf(config.databaseUrl)),
            scale: options.scale,
            seed: options.seed,
            add: options.add ?? false,
            onProgress: ({ step, total }) => bar.update(total, `(${step})`),
          });
        },
      ).finally(() => bar.end());
      if (options.json) return printJson(result);
      print(loadReport(result));
    });
}

export function registerSeed(program: Command): void {
  const seed = program
    .command('seed')
    .description('fill a database: what every community starts with, or a made-up community')
    .action(() => {
      seed.help({ error: true });
    });
  registerBase(seed);
  registerDemo(seed);
  registerLoad(seed);
}
