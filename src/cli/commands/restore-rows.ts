import { type Command, InvalidArgumentError, Option } from 'commander';
import { type RestoredRows, restoreRows } from '../../backup/logical/rows.ts';
import { openBackupVault } from '../../backup/open.ts';
import { exitCodes, StoaError } from '../../errors.ts';
import { withOpenDatabase } from '../../postgres/database.ts';
import { requireMigrated } from '../installation.ts';
import { note, print, printJson, progress, table, warn } from '../output.ts';
import { settingsOf } from '../settings.ts';
import { chooseLogical } from './restore-database.ts';

interface RowsFlags {
  readonly backup?: string;
  readonly table?: readonly string[];
  readonly container?: { readonly table: string; readonly id: string };
  readonly schema?: string;
  readonly json?: true;
}

function containerOf(text: string): NonNullable<RowsFlags['container']> {
  const [, name, id] = /^([a-z_]+\.[a-z_]+):([\w-]+)$/.exec(text) ?? [];
  if (name === undefined || id === undefined) {
    throw new InvalidArgumentError('It must be a table and an id, as forums.forums:0199…');
  }
  return { table: name, id };
}

function schemaName(text: string): string {
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(text)) throw new InvalidArgumentError('It must be a plain name.');
  return text;
}

function show({ schema, tables }: RestoredRows): void {
  print(
    table(
      ['table', 'beside it', 'rows', 'missing among the living', 'of erased people'],
      tables.map(({ name, restored, rows, missing, erased }) => [name, restored, rows, missing, erased]),
      { right: [2, 3, 4] },
    ),
  );
  const example = tables.find(({ missing }) => missing > 0);
  print();
  if (example) {
    print('To put back what is missing, look at it first, then insert it with the columns that you want:');
    print(`  insert into ${example.name} (…) select … from ${example.restored} on conflict do nothing;`);
  }
  print(`When you are done: drop schema ${schema} cascade;`);
  if (tables.some(({ erased }) => erased > 0)) {
    warn('Rows of people who have been erased since the backup were left out, and must not come back.');
  }
}

export function registerRestoreRows(restore: Command): void {
  restore
    .command('rows')
    .description('lay rows of a logical backup beside the live ones, in a schema of their own')
    .option('--backup <ID>', 'which backup (default: the newest logical one)')
    .addOption(
      new Option('--table <TABLE>', 'a whole table, as forums.posts; may be given several times').argParser(
        (value: string, others: readonly string[] | undefined) => [...(others ?? []), value],
      ),
    )
    .option('--container <TABLE:ID>', 'one row and all that hangs on it, as forums.forums:0199…', containerOf)
    .option(
      '--schema <NAME>',
      'the name of the new schema (default: after the time of the backup)',
      schemaName,
    )
    .option('--json', 'print what was laid there as JSON')
    .addHelpText(
      'after',
      `
Nothing of the live data is touched, and no role of the API can read the new schema. Rows that tell of somebody
who has been erased since the backup are left out.

Examples:
  stoa restore rows --table forums.comments
  stoa restore rows --container groups.groups:0199d2c4-8a55-7c3e-9a0f-3d5c6b7a8e9f --schema lost_group`,
    )
    .action(async (_own: RowsFlags, command: Command) => {
      // Options that `restore` has too (--backup, --json) are taken by it wherever they stand.
      const flags = command.optsWithGlobals<RowsFlags>();
      if (flags.table === undefined && flags.container === undefined) {
        throw new StoaError('restore.nothing_named', 'Neither a table nor a container was named.', {
          cure: 'Give --table forums.posts, or --container forums.forums:ID.',
          exitCode: exitCodes.usage,
        });
      }
      const settings = await settingsOf(command);
      await withOpenDatabase(settings, { command: 'restore rows', onEvent: note }, async (config) => {
        await requireMigrated(config);
        const vault = await openBackupVault(config);
        let bar: ReturnType<typeof progress> | undefined;
        try {
          const result = await restoreRows({
            databaseUrl: config.databaseUrl,
            vault,
            backup: await chooseLogical(vault, flags.backup),
            ...(flags.table === undefined ? {} : { tables: flags.table }),
            ...(flags.container === undefined ? {} : { container: flags.container }),
            ...(flags.schema === undefined ? {} : { schema: flags.schema }),
            onProgress: ({ done, total }) => {
              bar ??= progress('rows', 'tables', total);
              bar.update(done);
            },
          });
          bar?.end();
          if (flags.json) printJson(result);
          else show(result);
        } finally {
          bar?.end();
          vault.storage.close();
        }
      });
    });
}
