import type { Command } from 'commander';
import { createMigrations } from '../../../migrate/index.ts';
import { projectRoot } from '../../../migrate/root.ts';
import { print, printJson } from '../../output.ts';

interface NewFlags {
  readonly module?: string;
  readonly json?: true;
}

const story = `
Compares sql/ with the migrations and writes what differs, Up and Down, one file a module.
When nothing differs it writes an empty file for SQL of your own.`;

export function registerMigrateNew(migrate: Command): void {
  migrate
    .command('new <NAME>')
    .description('write a migration from what changed under sql/, or an empty one')
    .option('--module <MODULE>', 'only what changed in this module')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', story)
    .action(async (name: string, flags: NewFlags) => {
      const created = await createMigrations({ root: projectRoot, name, module: flags.module });
      if (flags.json) return printJson({ created });
      for (const { file, objects } of created) {
        print(
          objects.length === 0
            ? file
            : `${file}: ${objects.length} ${objects.length === 1 ? 'object' : 'objects'}`,
        );
      }
      print('Fill in what the TODO lines ask for, then prove it: stoa migrate verify.');
    });
}
