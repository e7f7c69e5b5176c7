import type { Command } from 'commander';
import { describeDifference } from '../../../catalog/fingerprint.ts';
import { exitCodes } from '../../../errors.ts';
import { type Verification, type VerifiedMigration, verifyMigrations } from '../../../migrate/index.ts';
import { duration, print, printJson, progress, styled, table } from '../../output.ts';
import { settingsOf } from '../../settings.ts';
import { withProofServer } from './proof-server.ts';

interface VerifyFlags {
  readonly json?: true;
}

const story = `
Runs on a scratch database beside the configured one, or on a temporary server when none runs. All go
up, down and up again, and with each of them undone or done again the catalog must say what it said before.
Where it does not, each is tried by itself, to tell which one it is and what it leaves behind.`;

export function registerMigrateVerify(migrate: Command): void {
  const command = migrate
    .command('verify')
    .description('prove that every migration can be undone and done again')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', story);
  command.action(async (flags: VerifyFlags) => {
    const settings = await settingsOf(command);
    const bar = progress('verify', 'steps');
    const result = await withProofServer(settings, (adminUrl) =>
      verifyMigrations({
        adminUrl,
        modules: settings.modules,
        onStep: (done, count) => bar.update(done, `(${Math.floor((100 * done) / count)} %)`),
      }),
    ).finally(() => bar.end());
    if (!result.isProven) process.exitCode = exitCodes.checkFailed;
    if (flags.json) return printJson(result);
    show(result);
  });
}

function show(result: Verification): void {
  print(
    table(
      ['migration', 'statements', 'up', 'down', 'up, down, up again'],
      result.migrations.map((each) => [
        each.migration,
        each.statements,
        duration(each.upMs),
        each.downMs === undefined ? '' : duration(each.downMs),
        verdict(each, result.irreversible),
      ]),
      { right: [1, 2, 3] },
    ),
  );
  for (const { migration, faults } of result.migrations) {
    for (const fault of faults) explain(`${migration}, ${fault.stage}`, fault);
  }
  for (const fault of result.faults) explain(fault.stage, fault);
  const took = duration(result.elapsedMs);
  const whole =
    result.irreversible.length > 0
      ? `${result.irreversible.length} cannot be undone, so all of them were not`
      : 'all down and all up again as well';
  print(
    result.isProven
      ? `\n${result.migrations.length} migrations proven over ${result.facts} facts of the catalog, ${whole}; ${took}.`
      : `\n${styled('red', 'Not proven.')} ${took}.`,
  );
}

function verdict({ migration, faults }: VerifiedMigration, irreversible: readonly string[]): string {
  if (faults.length > 0) return styled('red', 'differs');
  return irreversible.includes(migration) ? 'has no down section' : 'the same';
}

const shownDifferences = 20;

function explain(title: string, fault: Verification['faults'][number]): void {
  print(`\n${styled('red', '✗')} ${title}`);
  if (fault.message !== undefined) print(fault.message.replaceAll(/^/gm, '  '));
  for (const difference of fault.differences.slice(0, shownDifferences))
    print(`  ${describeDifference(difference)}`);
  const rest = fault.differences.length - shownDifferences;
  if (rest > 0) print(`  and ${rest} more`);
}
