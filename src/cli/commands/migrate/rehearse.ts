import { writeFile } from 'node:fs/promises';
import { type Command, Option } from 'commander';
import { restoreAside } from '../../../backup/aside.ts';
import { openBackupVault } from '../../../backup/open.ts';
import type { Config } from '../../../config.ts';
import { exitCodes } from '../../../errors.ts';
import { type Copy, type CopyOptions, copyByRows, copyByTemplate } from '../../../migrate/rehearse/copy.ts';
import { bytes, rehearsalPage, sourceOf } from '../../../migrate/rehearse/page.ts';
import { rehearse } from '../../../migrate/rehearse/rehearse.ts';
import type { RehearsalReport, RehearsedStatement, Stall } from '../../../migrate/rehearse/report.ts';
import { databaseOf } from '../../../postgres/connect.ts';
import { type ReadyConfig, withOpenDatabase } from '../../../postgres/database.ts';
import { withScratchServer } from '../../../postgres/scratch.ts';
import { duration, note, print, printJson, progress, styled, table } from '../../output.ts';
import { settingsOf } from '../../settings.ts';
import { addPatience, type PatienceOptions, patienceOf } from './patience.ts';
import { count } from './up.ts';

interface RehearseFlags extends PatienceOptions {
  readonly copy: 'rows' | 'template' | 'backup';
  readonly server?: string;
  readonly report?: readonly string[];
  readonly json?: true;
}

const story = `
What is pending is applied to a copy, while probes read and write one row of every table that it names,
all the time. Told is how long each statement took, how long a reader and a writer waited at most, and
how much was written. The copy is thrown away; the database itself is only read.

  --copy rows       what the applied migrations make, filled with the rows of one snapshot: beside everything,
                    on a temporary server (which does not sync to disk) or on --server
  --copy template   a copy of the files on the same server, exact; nobody may be connected to the database
  --copy backup     the newest backup with all of its log, exact, on a server of its own; a drill besides

Bind the run to what was rehearsed:
  stoa migrate rehearse --report rehearsal.json --report rehearsal.html
  stoa migrate up --rehearsed rehearsal.json`;

export function registerMigrateRehearse(migrate: Command): void {
  const command = migrate
    .command('rehearse')
    .description('apply what is pending to a copy, and tell how long readers and writers wait')
    .addOption(
      new Option('--copy <HOW>', 'how the copy is made')
        .choices(['rows', 'template', 'backup'])
        .default('rows'),
    )
    .option('--server <URL>', 'a superuser of the server for the copy [a temporary one; template: its own]')
    .option('--report <FILE>', 'write it: a page where the name ends with .html, else JSON', collect)
    .option('--json', 'print the report as JSON')
    .addHelpText('after', story);
  addPatience(command).action(async (flags: RehearseFlags) => {
    const settings = await settingsOf(command);
    const report = await withOpenDatabase(
      settings,
      { command: 'migrate rehearse', onEvent: note },
      (config) => rehearsalOf(config, settings, flags),
    );
    for (const file of flags.report ?? []) {
      const text = file.endsWith('.html')
        ? rehearsalPage(report)
        : `${JSON.stringify(report, undefined, 1)}\n`;
      await writeFile(file, text);
      note(`Wrote ${file}.`);
    }
    if (flags.json) printJson(report);
    else show(report);
    if (report.failure !== null) process.exitCode = exitCodes.checkFailed;
  });
}

function collect(file: string, files: readonly string[] = []): readonly string[] {
  return [...files, file];
}

async function rehearsalOf(
  config: ReadyConfig,
  settings: Config,
  flags: RehearseFlags,
): Promise<RehearsalReport> {
  let bar: ReturnType<typeof progress> | undefined;
  let label = '';
  const on = (adminUrl: string): Promise<RehearsalReport> => {
    const options: CopyOptions = {
      databaseUrl: config.databaseUrl,
      modules: settings.modules,
      patience: patienceOf(flags),
      adminUrl,
      onProgress: (what, done, total) => {
        if (what !== label) {
          bar?.end();
          label = what;
          bar = progress('copy', what, total);
        }
        bar?.update(done);
      },
    };
    const makeCopy = { rows: copyByRows, template: copyByTemplate, backup: () => copyOfBackup(config) };
    return rehearse({ ...options, from: flags.copy, makeCopy: () => makeCopy[flags.copy](options) });
  };
  try {
    if (flags.copy === 'backup') return await on(config.adminUrl);
    if (flags.copy === 'template') return await on(flags.server ?? config.adminUrl);
    return flags.server === undefined ? await withScratchServer(on) : await on(flags.server);
  } finally {
    bar?.end();
  }
}

async function copyOfBackup(config: ReadyConfig): Promise<Copy> {
  const vault = await openBackupVault(config);
  try {
    return await restoreAside({ vault, database: databaseOf(config.databaseUrl), onStep: note });
  } finally {
    vault.storage.close();
  }
}

function show(report: RehearsalReport): void {
  const { database, serverVersion, copy, migrations, probed, failure } = report;
  if (migrations.length === 0) {
    print(`${database}: nothing is pending.`);
    return;
  }
  print(
    `${database}: ${count(migrations.length)} rehearsed ${sourceOf(report)} (${bytes(copy.bytes)}), PostgreSQL ${serverVersion}.`,
  );
  for (const { file, elapsedMs, statements, readerStall, writerStall } of migrations) {
    print(`\n${styled('bold', file)}${elapsedMs === null ? ': not applied' : `, ${duration(elapsedMs)}`}`);
    const told = statements.filter(isWorthTelling);
    if (told.length < statements.length) {
      print(styled('dim', `  ${statements.length - told.length} statements at once, nobody waited`));
    }
    if (told.length === 0) continue;
    print(
      table(
        ['line', 'statement', 'took', 'a reader waited', 'a writer waited', 'WAL', 'disk'],
        told.map((each) => [
          each.line,
          each.kind,
          duration(each.elapsedMs),
          stallText(each.readerStall),
          stallText(each.writerStall),
          bytes(each.walBytes),
          bytes(each.diskBytes),
        ]),
        { right: [0, 2, 3, 4, 5, 6] },
      ),
    );
    if (elapsedMs !== null && statements.length > 1) {
      print(
        `  until it had committed: a reader ${stallText(readerStall)}, a writer ${stallText(writerStall)}`,
      );
    }
  }
  if (probed.length === 0) print('\nNo table that is there already is named: nobody had to wait.');
  if (failure !== null) print(`\n${styled('red', 'It failed:')} ${failure}`);
}

const noticedMs = 10;

function isWorthTelling({ elapsedMs, readerStall, writerStall }: RehearsedStatement): boolean {
  return Math.max(elapsedMs, readerStall?.ms ?? 0, writerStall?.ms ?? 0) >= noticedMs;
}

function stallText(stall: Stall | null): string {
  if (stall === null) return '';
  return stall.ms < 10 ? `${stall.ms.toFixed(1)} ms` : duration(stall.ms);
}
