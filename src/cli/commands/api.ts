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

interface ChangesOptions {
  readonly schema: string;
  readonly json?: boolean;
}

async function tellChanges(before: string, options: ChangesOptions, config: Config): Promise<void> {
  const read = (file: string): string => {
    const path = isAbsolute(file) ? file : resolve(config.projectDir, file);
    if (existsSync(path)) return readFileSync(path, 'utf8');
    throw new StoaError(
      'api.no_schema_file',
      `There is no ${relative(process.cwd(), path)} to compare with.`,
      {
        cure: 'Name a file that "stoa api schema" wrote: git show TAG:docs/schema.graphql gives the one of a release.',
        exitCode: exitCodes.input,
      },
    );
  };
  const { compareSdl } = await import('../../api/sdl-changes.ts');
  const changes = compareSdl(read(before), read(options.schema));
  const breaking = changes.filter(({ kind }) => kind === 'breaking').length;
  if (options.json) printJson({ breaking, changes });
  else for (const { kind, description } of changes) print(`${kind.padEnd(9)}  ${description}`);
  note(`${breaking} changes break clients, ${changes.length - breaking} are dangerous.`);
  if (breaking > 0) process.exitCode = exitCodes.checkFailed;
}

interface PersistOptions {
  readonly schema: string;
  readonly json?: boolean;
}

async function persist(paths: readonly string[], options: PersistOptions, config: Config): Promise<void> {
  const file = isAbsolute(options.schema) ? options.schema : resolve(config.projectDir, options.schema);
  if (!existsSync(file)) {
    throw new StoaError(
      'api.no_schema_file',
      `There is no ${relative(process.cwd(), file)} to compare with.`,
      {
        cure: 'Write it with "stoa api schema --write".',
        exitCode: exitCodes.input,
      },
    );
  }
  const { collectDocuments, storeDocuments } = await import('../../api/persist-documents.ts');
  const { limits, persisted } = config.api;
  const documents = collectDocuments({ paths, sdl: readFileSync(file, 'utf8'), limits });
  const written = storeDocuments(persisted.directory, documents);
  if (options.json) {
    printJson({
      directory: persisted.directory,
      operations: documents.map(({ hash, operation, file: found }) => ({
        hash,
        operation,
        file: found,
        isNew: written.has(hash),
      })),
    });
  } else {
    for (const { hash, operation } of documents) {
      print(`${hash.padEnd(64)}  ${operation.padEnd(24)}  ${written.has(hash) ? 'new' : 'known'}`);
    }
  }
  const shown = relative(process.cwd(), persisted.directory) || '.';
  note(`${written.size} of ${documents.length} operations are new in ${shown}.`);
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

  api
    .command('changes')
    .description('tell what a change of the schema means for clients, from two files')
    .argument('<BEFORE>', 'the schema that clients know: a file')
    .option('--schema <FILE>', 'the schema that they will meet', 'docs/schema.graphql')
    .option('--json', 'print the changes as JSON')
    .addHelpText(
      'after',
      `
breaking: a client that works now may stop working (a field is gone, an argument is required). dangerous: it may
behave otherwise (an enum has a new value). What is only added is not told.

  git show v1.4.0:docs/schema.graphql > before.graphql && stoa api changes before.graphql

Exit codes: ${exitCodes.ok} nothing breaks, ${exitCodes.checkFailed} something breaks, ${exitCodes.input} a file is not there or is no schema.`,
    )
    .action(async (before: string, options: ChangesOptions, command: Command) => {
      await tellChanges(before, options, await settingsOf(command));
    });

  api
    .command('persist')
    .description('keep operations, so that clients may ask for them by hash')
    .argument('<PATHS...>', 'GraphQL files, folders of them, or JSON files that map a hash to a text')
    .option('--schema <FILE>', 'the schema that they have to fit', 'docs/schema.graphql')
    .option('--json', 'print hashes and names as JSON')
    .addHelpText(
      'after',
      `
Each operation is kept with the fragments that it needs, under the SHA-256 of its text, as <hash>.graphql in the folder
of the setting persistedDir (STOA_PERSISTED_DIR, "persisted"). A file of Relay's compiler or of a code generator brings
its own hashes. Nothing is removed: clients that are in use may still ask for it.

The server runs them where STOA_PERSISTED_OPERATIONS is "optional", and nothing else where it is "required".

Examples:
  stoa api persist src/operations
  stoa api persist persisted.json

Exit codes: ${exitCodes.ok} kept, ${exitCodes.input} one does not fit the schema or the limits.`,
    )
    .action(async (paths: string[], options: PersistOptions, command: Command) => {
      await persist(paths, options, await settingsOf(command));
    });
}
