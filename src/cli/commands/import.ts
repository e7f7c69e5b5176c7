import { once } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';
import { basename } from 'node:path';
import type { Command } from 'commander';
import { Option } from 'commander';
import { exitCodes } from '../../errors.ts';
import { requireReadableFiles } from '../../import/files.ts';
import { type FileResult, forumImportFormats, importForums } from '../../import/forums.ts';
import { type GroupFileResult, groupImportFormats, importGroups } from '../../import/groups.ts';
import type { RejectedRow } from '../../import/rejected.ts';
import { withOpenDatabase } from '../../postgres/database.ts';
import { ensureMigrated } from '../installation.ts';
import { note, type Progress, print, printJson, progress, table } from '../output.ts';
import { settingsOf } from '../settings.ts';

interface ImportForumsOptions {
  readonly format: string;
  readonly owner?: string;
  readonly rejected: string;
  readonly dryRun?: true;
  readonly json?: true;
}

interface ImportGroupsOptions {
  readonly format: string;
  readonly channel?: string;
  readonly group?: string;
  readonly owner?: string;
  readonly rejected: string;
  readonly dryRun?: true;
  readonly json?: true;
}

function csvField(text: string): string {
  return /[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** A CSV file of rows that were not taken; made with the first of them. */
class RejectedRows {
  readonly #path: string;
  #stream: WriteStream | undefined;
  count = 0;

  constructor(path: string) {
    this.#path = path;
  }

  add(row: RejectedRow): void {
    if (!this.#stream) {
      this.#stream = createWriteStream(this.#path, { flags: 'w' });
      this.#stream.write('file,line,id,reason\n');
    }
    this.count += 1;
    const fields = [row.file, String(row.line), row.externalId ?? '', row.reason];
    this.#stream.write(`${fields.map(csvField).join(',')}\n`);
  }

  async close(): Promise<void> {
    if (!this.#stream) return;
    this.#stream.end();
    await once(this.#stream, 'finish');
  }
}

function summary(results: readonly FileResult[]): string {
  return table(
    ['file', 'forum', 'rows', 'added', 'already there', 'rejected'],
    results.map((result) => [
      basename(result.file),
      result.forum,
      result.rows,
      result.added,
      result.alreadyThere,
      result.rejected,
    ]),
    { right: [2, 3, 4, 5] },
  );
}

async function importForumFiles(
  files: readonly string[],
  options: ImportForumsOptions,
  command: Command,
): Promise<void> {
  await requireReadableFiles(files);
  const settings = await settingsOf(command);
  const rejected = new RejectedRows(options.rejected);
  const bar = progress('import', 'rows');
  const done = { rows: 0, inFile: 0, file: '' };
  try {
    await withOpenDatabase(settings, { command: 'import', onEvent: note }, async (config) => {
      await ensureMigrated(config, settings);
      const results = await importForums({
        databaseUrl: config.databaseUrl,
        files,
        format: options.format,
        owner: options.owner,
        dryRun: options.dryRun ?? false,
        onProgress: ({ file, fileIndex, rows }) => {
          if (file !== done.file) {
            done.rows += done.inFile;
            done.file = file;
          }
          done.inFile = rows;
          bar.update(done.rows + rows, `(file ${fileIndex + 1} of ${files.length}, ${basename(file)})`);
        },
        onRejected: (row) => rejected.add(row),
      });
      bar.end();
      if (options.json) {
        printJson({
          dryRun: options.dryRun ?? false,
          files: results,
          rejectedFile: rejected.count > 0 ? options.rejected : null,
        });
        return;
      }
      print(summary(results));
      const added = results.reduce((sum, result) => sum + result.added, 0);
      print(
        options.dryRun
          ? `\nNothing was changed: ${added.toLocaleString('en')} posts would be added.`
          : `\n${added.toLocaleString('en')} posts added.`,
      );
      if (rejected.count > 0) note(`${rejected.count} rows were not taken; why: ${options.rejected}`);
    });
  } finally {
    bar.end();
    await rejected.close();
  }
}

function groupSummary(results: readonly GroupFileResult[]): string {
  return table(
    ['file', 'channel', 'lines', 'added', 'already there', 'rejected', 'replies'],
    results.map((result) => [
      basename(result.file),
      result.channel,
      result.lines,
      result.added,
      result.alreadyThere,
      result.rejected,
      result.replies,
    ]),
    { right: [2, 3, 4, 5, 6] },
  );
}

async function importGroupFiles(
  files: readonly string[],
  options: ImportGroupsOptions,
  command: Command,
): Promise<void> {
  await requireReadableFiles(files);
  const settings = await settingsOf(command);
  const rejected = new RejectedRows(options.rejected);
  let bar: Progress | undefined;
  try {
    await withOpenDatabase(settings, { command: 'import', onEvent: note }, async (config) => {
      await ensureMigrated(config, settings);
      const results = await importGroups({
        databaseUrl: config.databaseUrl,
        files,
        format: options.format,
        channel: options.channel,
        group: options.group,
        owner: options.owner,
        dryRun: options.dryRun ?? false,
        onProgress: ({ file, fileIndex, fileCount, lines, totalLines }) => {
          bar ??= progress('import', 'lines', totalLines);
          bar.update(lines, `(file ${fileIndex + 1} of ${fileCount}, ${basename(file)})`);
        },
        onRejected: (row) => rejected.add(row),
      });
      bar?.end();
      if (options.json) {
        printJson({
          dryRun: options.dryRun ?? false,
          files: results,
          rejectedFile: rejected.count > 0 ? options.rejected : null,
        });
        return;
      }
      print(groupSummary(results));
      const added = results.reduce((sum, result) => sum + result.added, 0).toLocaleString('en');
      const members = results.reduce((sum, result) => sum + result.members, 0).toLocaleString('en');
      print(
        options.dryRun
          ? `\nNothing was changed: ${added} messages and ${members} members would be added.`
          : `\n${added} messages and ${members} members added.`,
      );
      if (rejected.count > 0) note(`${rejected.count} lines were not taken; why: ${options.rejected}`);
    });
  } finally {
    bar?.end();
    await rejected.close();
  }
}

export function registerImport(program: Command): void {
  const importCommand = program
    .command('import')
    .description('load a community that exists elsewhere')
    .action(() => {
      importCommand.help({ error: true });
    });

  importCommand
    .command('forums')
    .description('load forum posts: a forum a file, a post a row')
    .argument('<FILE...>', 'the files to load')
    .addOption(
      new Option('--format <FORMAT>', 'what the files are')
        .choices([...forumImportFormats])
        .makeOptionMandatory(),
    )
    .option(
      '--owner <USERNAME>',
      'who will own forums that do not exist yet (default: a system account, archive)',
    )
    .option(
      '--rejected <FILE>',
      'where rows go that cannot be taken, with line and reason',
      'import-rejected.csv',
    )
    .option('--dry-run', 'read, check and count, then change nothing')
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      `
Formats:
  reddit-csv  the CSV export of a subreddit: created_utc, score, ups, downs, title, selftext, url, is_self …

A file is one transaction: it is loaded whole or not at all. Run the command again after an interruption; what
is there already is left as it is. Times are kept, identifiers are made from them, and the votes that a post
brings are recorded as its origin, so that a recount still agrees.

Examples:
  stoa import forums linux.csv chess.csv --format reddit-csv
  stoa import forums *.csv --format reddit-csv --dry-run

Exit codes: ${exitCodes.ok} loaded (rows may be rejected), ${exitCodes.input} a file cannot be used, ${exitCodes.database} the database cannot be used.`,
    )
    .action(async (files: string[], options: ImportForumsOptions, command: Command) => {
      await importForumFiles(files, options, command);
    });

  importCommand
    .command('groups')
    .description('load conversations into channels of a group: a channel and a day a file, a message a line')
    .argument('<FILE...>', 'the files to load')
    .addOption(
      new Option('--format <FORMAT>', 'what the files are')
        .choices([...groupImportFormats])
        .makeOptionMandatory(),
    )
    .option('--channel <NAME>', 'the channel, where neither names nor lines of the files tell')
    .option('--group <CODE>', 'group that takes the channel (default: a new one, named after the channel)')
    .option('--owner <USERNAME>', 'who will own a group that is made (default: a system account, archive)')
    .option(
      '--rejected <FILE>',
      'where lines go that cannot be taken, with number and reason',
      'import-rejected.csv',
    )
    .option('--dry-run', 'read, check and count, then change nothing')
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      `
Formats:
  irc-log  an IRC log: [HH:MM] <nick> text, * nick does, === nick has joined #channel …, in UTC. The day
           is in the name of the file (2004-12-25, 20041225, 25Dec2004) or its folders (2004/12/25/). An
           annotation file beside it (2004-12-25.annotation.txt for 2004-12-25.txt or .ascii.txt) says
           which line answers which.

A file is one transaction: it is loaded whole or not at all. Run the command again after an interruption; what
is there already is left as it is. Names become members whose accounts nobody can sign in to.

Examples:
  stoa import groups ubuntu-irc/* --format irc-log
  stoa import groups logs/2024/*/*/ops.txt --format irc-log --channel ops --group our-team

Exit codes: ${exitCodes.ok} loaded (lines may be rejected), ${exitCodes.input} a file cannot be used, ${exitCodes.refused} the channel is deleted,
${exitCodes.database} the database cannot be used.`,
    )
    .action(async (files: string[], options: ImportGroupsOptions, command: Command) => {
      await importGroupFiles(files, options, command);
    });
}
