import type { Command } from 'commander';
import { describeDifference } from '../../../catalog/fingerprint.ts';
import { exitCodes } from '../../../errors.ts';
import { checkObjects } from '../../../migrate/index.ts';
import { loadMigrations } from '../../../migrate/load.ts';
import { compareObjects } from '../../../migrate/objects/compare.ts';
import { readHistory } from '../../../migrate/objects/history.ts';
import { readWorkingCopy } from '../../../migrate/objects/working-copy.ts';
import { projectRoot } from '../../../migrate/root.ts';
import { modules } from '../../../modules.ts';
import { print, printJson, styled, table } from '../../output.ts';
import { settingsOf } from '../../settings.ts';
import { withProofServer } from './proof-server.ts';

interface ObjectsFlags {
  readonly check?: true;
  readonly all?: true;
  readonly json?: true;
}

export function registerMigrateObjects(migrate: Command): void {
  const command = migrate
    .command('objects')
    .description('functions, views, triggers and policies: what differs between sql/ and the migrations')
    .option('--all', 'list those that are the same, too')
    .option('--check', 'prove on a scratch database that both lead to the same catalog; exit code 6 if not')
    .option('--json', 'print the result as JSON');
  command.action((flags: ObjectsFlags) => (flags.check ? check(command, flags) : list(flags)));
}

async function list(flags: ObjectsFlags): Promise<void> {
  const history = await readHistory(await loadMigrations(projectRoot, modules));
  const workingCopy = await readWorkingCopy(projectRoot, modules);
  const states = compareObjects(history, workingCopy);
  if (flags.json) return printJson({ objects: states });
  const shown = flags.all ? states : states.filter(({ state }) => state !== 'same');
  if (shown.length > 0)
    print(
      table(
        ['object', 'state'],
        shown.map(({ path, state }) => [`sql/${path}`, state]),
      ),
    );
  const same = states.filter(({ state }) => state === 'same').length;
  print(
    same === states.length
      ? `${same} objects, all as the migrations leave them.`
      : `${states.length - same} of ${states.length} differ: "stoa migrate new NAME" writes the migration.`,
  );
}

async function check(command: Command, flags: ObjectsFlags): Promise<void> {
  const settings = await settingsOf(command);
  const result = await withProofServer(settings, (adminUrl) =>
    checkObjects({ adminUrl, modules: settings.modules }),
  );
  if (!result.agrees) process.exitCode = exitCodes.checkFailed;
  if (flags.json) return printJson(result);
  if (result.agrees)
    return print(`${result.objects} files under sql/: the migrated database is what they define.`);
  const { withoutFile, withSeveralFiles, notInDatabase } = result.coverage;
  if (result.changes.length > 0) print('Applying sql/ to the migrated database changes:');
  for (const difference of result.changes) print(`  ${describeDifference(difference)}`);
  for (const object of withoutFile) print(`${object} is defined by no file under sql/`);
  for (const { object, files } of withSeveralFiles) print(`${object} is defined by ${files.join(' and ')}`);
  for (const { object, file } of notInDatabase) print(`${file} defines ${object}, which no migration makes`);
  print(
    `\n${styled('red', 'sql/ and the migrations differ.')} "stoa migrate new NAME" writes the migration.`,
  );
}
