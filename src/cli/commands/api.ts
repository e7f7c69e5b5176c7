import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { isAbsolute, relative, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import type { Config } from '../../config.ts';
import { exitCodes, StoaError } from '../../errors.ts';
import { migrateUp } from '../../migrate/index.ts';
import { resolveModules } from '../../modules.ts';
import { withDatabase } from '../../postgres/connect.ts';
import { prepareDatabase } from '../../postgres/prepare.ts';
import { actingUrl } from '../../postgres/roles.ts';
import { withScratchServer } from '../../postgres/scratch.ts';
import { note, print, printJson } from '../output.ts';
import { settingsOf } from '../settings.ts';

interface SchemaOptions {
  readonly check?: boolean;
  readonly write?: boolean;
  readonly file: string;
  readonly json?: boolean;
}

/** Of the configured database, or, without one, of what the migrations of this checkout make. */
async function currentSdl(config: Config): Promise<string> {
  // Loaded here, because every other command would wait for it too.
  const { printSdl } = await import('../../api/sdl.ts');
  const modules = resolveModules(config.modules);
  const { databaseUrl } = config;
  if (databaseUrl !== undefined) {
    const gatewayUrl = config.gatewayUrl ?? actingUrl(databaseUrl, 'stoa_gateway');
    return printSdl({ gatewayUrl, modules });
  }
  note('Migrating a scratch database (set DATABASE_URL to read one that exists) …');
  return withScratchServer(async (serverUrl) => {
    const database = 'stoa_api_schema';
    await prepareDatabase(serverUrl, database);
    const url = withDatabase(serverUrl, database);
    await migrateUp({ databaseUrl: url, modules: config.modules });
    return printSdl({ gatewayUrl: actingUrl(url, 'stoa_gateway'), modules });
  });
}

async function check(file: string, sdl: string, asJson: boolean | undefined): Promise<void> {
  const shown = relative(process.cwd(), file);
  if (!existsSync(file)) {
    throw new StoaError('api.no_schema_file', `There is no ${shown} to compare with.`, {
      cure: 'Write it with "stoa api schema --write".',
      exitCode: exitCodes.checkFailed,
    });
  }
  const committed = readFileSync(file, 'utf8');
  const isCurrent = committed === sdl;
  const { compareSdl } = await import('../../api/sdl-changes.ts');
  const changes = isCurrent ? [] : compareSdl(committed, sdl);
  if (asJson) printJson({ isCurrent, changes });
  else for (const { kind, description } of changes) print(`${kind.padEnd(9)}  ${description}`);
  if (isCurrent) {
    note(`${shown} is current.`);
    return;
  }
  note(`${shown} is not what the database gives${changes.length === 0 ? '; no client breaks by that' : ''}.`);
  note('Run "stoa api schema --write" and commit the file, if the change is meant.');
  process.exitCode = exitCodes.checkFailed;
}

export function registerApi(program: Command): void {
  const api = program.command('api').description('the GraphQL API, without serving it');
  api
    .command('schema')
    .description('print the schema of the API, write it to its file, or check that the file is current')
    .addOption(
      new Option('--check', 'compare with the file and tell what clients would notice').conflicts('write'),
    )
    .option('--write', 'write the file')
    .option('--file <FILE>', 'the file', 'docs/schema.graphql')
    .option('--json', 'with --check: print the result as JSON')
    .addHelpText(
      'after',
      `
The schema comes from the database: from its tables, functions, comments and grants. The file is committed, so that
a review shows what clients will see.

Without DATABASE_URL a scratch server is started and migrated for it, and removed afterwards.

Exit codes: ${exitCodes.ok} done or current, ${exitCodes.checkFailed} the file is not current, ${exitCodes.configuration} names of the API clash, ${exitCodes.database} the database cannot be used.`,
    )
    .action(async (options: SchemaOptions, command: Command) => {
      const config = await settingsOf(command);
      const file = isAbsolute(options.file) ? options.file : resolve(config.projectDir, options.file);
      const sdl = await currentSdl(config);
      if (options.check) await check(file, sdl, options.json);
      else if (options.write) {
        writeFileSync(file, sdl);
        note(`Wrote ${relative(process.cwd(), file)}.`);
      } else process.stdout.write(sdl);
    });
}
