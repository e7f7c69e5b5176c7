import { isAbsolute, relative, resolve } from 'node:path';
import type { Command } from 'commander';
import { readCoverage } from '../../catalog/docs/coverage.ts';
import { comparePages, type Difference, writePages } from '../../catalog/docs/folder.ts';
import { pages } from '../../catalog/docs/pages.ts';
import { readCatalog } from '../../catalog/model/read.ts';
import type { Config } from '../../config.ts';
import { exitCodes, StoaError } from '../../errors.ts';
import { migrateUp } from '../../migrate/index.ts';
import { connect, withDatabase } from '../../postgres/connect.ts';
import { prepareDatabase } from '../../postgres/prepare.ts';
import { withScratchServer } from '../../postgres/scratch.ts';
import { note, print, printJson } from '../output.ts';
import { settingsOf } from '../settings.ts';

interface DocsOptions {
  readonly folder: string;
  readonly json?: boolean;
}

async function pagesOf(databaseUrl: string, folder: string): Promise<ReadonlyMap<string, string>> {
  const client = await connect(databaseUrl, 'docs');
  try {
    const { rows } = await client.query<{ is_migrated: boolean }>(
      "select to_regclass('core.error_codes') is not null and to_regclass('ops.backup_tiers') is not null as is_migrated",
    );
    if (!rows[0]?.is_migrated) {
      throw new StoaError('docs.not_migrated', 'This database has no schema of Stoa to describe.', {
        cure: 'Run "stoa migrate up" first, or leave DATABASE_URL out: a scratch database is then migrated for it.',
        exitCode: exitCodes.database,
      });
    }
    const catalog = await readCatalog(client);
    return pages(catalog, await readCoverage(folder, catalog));
  } finally {
    await client.end();
  }
}

/** The pages that the configured database gives, or, without one, the migrations of this checkout. */
async function currentPages(config: Config, folder: string): Promise<ReadonlyMap<string, string>> {
  if (config.databaseUrl !== undefined) return pagesOf(config.databaseUrl, folder);
  note('Migrating a scratch database (set DATABASE_URL to read one that exists) …');
  return withScratchServer(async (serverUrl) => {
    const database = 'stoa_docs';
    await prepareDatabase(serverUrl, database);
    const databaseUrl = withDatabase(serverUrl, database);
    await migrateUp({ databaseUrl, modules: config.modules });
    return pagesOf(databaseUrl, folder);
  });
}

/** As a person in this folder would type the path of a page. */
function shown(folder: string, path: string): string {
  return relative(process.cwd(), resolve(folder, path));
}

function report(folder: string, differences: readonly Difference[], asJson: boolean | undefined): void {
  if (asJson) {
    printJson({
      isCurrent: differences.length === 0,
      pages: differences.map(({ path, state }) => ({ path: shown(folder, path), state })),
    });
  } else {
    for (const { path, state } of differences) print(`${state.padEnd(9)} ${shown(folder, path)}`);
  }
}

function folderOf(config: Config, { folder }: DocsOptions): string {
  return isAbsolute(folder) ? folder : resolve(config.projectDir, folder);
}

export function registerDocs(program: Command): void {
  const docs = program
    .command('docs')
    .description('the pages that are generated from the database')
    .addHelpText(
      'after',
      `
What is generated: docs/schema/ (a page a module: diagram, tables, indexes with the access path they serve,
policies, procedures with their errors), docs/errors.md and docs/operations/advisors.md, from comments and the
catalog: to change a page, change the comment. And docs/coverage.md from docs/coverage.json, which is refused
while it names an object or a test that does not exist.

Without DATABASE_URL a scratch server is started and migrated for it, and removed afterwards.

Exit codes: ${exitCodes.ok} current, ${exitCodes.checkFailed} "check" found pages that are not, ${exitCodes.database} the database cannot be used.`,
    );

  docs
    .command('build')
    .description('write the pages that are not current')
    .option('--folder <FOLDER>', 'where the pages are', 'docs')
    .option('--json', 'print what was written as JSON')
    .action(async (options: DocsOptions, command: Command) => {
      const config = await settingsOf(command);
      const folder = folderOf(config, options);
      const written = await writePages(folder, await currentPages(config, folder));
      report(folder, written, options.json);
      if (written.length === 0) note('Every page was current.');
    });

  docs
    .command('check')
    .description('tell which pages are not current, and change nothing')
    .option('--folder <FOLDER>', 'where the pages are', 'docs')
    .option('--json', 'print the result as JSON')
    .action(async (options: DocsOptions, command: Command) => {
      const config = await settingsOf(command);
      const folder = folderOf(config, options);
      const differences = await comparePages(folder, await currentPages(config, folder));
      report(folder, differences, options.json);
      if (differences.length === 0) note('Every page is current.');
      else {
        note('Run "stoa docs build" and commit what it writes.');
        process.exitCode = exitCodes.checkFailed;
      }
    });
}
