import { type Command, Option } from 'commander';
import { migrateDown, migrateRedo } from '../../../migrate/index.ts';
import { databaseOf } from '../../../postgres/connect.ts';
import { withOpenDatabase } from '../../../postgres/database.ts';
import { duration, note, print, printJson } from '../../output.ts';
import { settingsOf } from '../../settings.ts';
import { addPatience, type PatienceOptions, patienceOf, whole } from './patience.ts';
import { runReport } from './report.ts';
import { count } from './up.ts';

interface DownFlags extends PatienceOptions {
  readonly steps?: number;
  readonly to?: string;
  readonly verbose?: true;
  readonly json?: true;
}

export function registerMigrateDown(migrate: Command): void {
  const down = addOptions(
    migrate.command('down').description('undo what was applied last; refused where data would be lost'),
  );
  down.action((flags: DownFlags) => undo(down, flags, false));
  const redo = addOptions(
    migrate.command('redo').description('undo what was applied last and apply it again, as the file is now'),
  );
  redo.action((flags: DownFlags) => undo(redo, flags, true));
}

function addOptions(command: Command): Command {
  return addPatience(
    command
      .addOption(new Option('--steps <N>', 'how many [1]').argParser(whole).conflicts('to'))
      .option('--to <MIGRATION>', 'everything that was applied after this one')
      .option('--verbose', 'a line for each statement')
      .option('--json', 'print the result as JSON'),
  );
}

async function undo(command: Command, flags: DownFlags, isRedo: boolean): Promise<void> {
  const settings = await settingsOf(command);
  const begun = Date.now();
  await withOpenDatabase(
    settings,
    { command: `migrate ${command.name()}`, onEvent: note },
    async (config) => {
      const report = runReport({ isVerbose: flags.verbose === true });
      const options = {
        databaseUrl: config.databaseUrl,
        modules: config.modules,
        isProduction: config.environment === 'production',
        steps: flags.steps,
        to: flags.to,
        patience: patienceOf(flags),
        onEvent: report.onEvent,
      };
      try {
        const result = isRedo ? await migrateRedo(options) : await migrateDown(options);
        if (flags.json) return printJson({ ...result, elapsedMs: Date.now() - begun });
        const names = 'redone' in result ? result.redone : result.undone;
        const verb = isRedo ? 'redid' : 'undid';
        const database = databaseOf(config.databaseUrl);
        if (names.length === 0) return print(`${database}: nothing to undo.`);
        print(`${database}: ${verb} ${count(names.length)} in ${duration(Date.now() - begun)}.`);
      } finally {
        report.end();
      }
    },
  );
}
