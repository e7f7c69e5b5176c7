import type { Command } from 'commander';
import { exitCodes } from '../../../errors.ts';
import { migrationStatus, type Status } from '../../../migrate/index.ts';
import { describeHolder } from '../../../migrate/lock.ts';
import { withOpenDatabase } from '../../../postgres/database.ts';
import { duration, note, print, printJson, styled, table, warn } from '../../output.ts';
import { settingsOf } from '../../settings.ts';
import { gateLines } from './closed-gates.ts';
import { registeredUses } from './registered-uses.ts';

interface StatusFlags {
  readonly check?: true;
  readonly json?: true;
}

export function registerMigrateStatus(migrate: Command): void {
  const command = migrate
    .command('status')
    .description(
      'what is applied, pending, edited or missing, what refuses it now, and what an interrupted run left',
    )
    .option('--check', 'exit code 6 unless everything is applied as it stands in the files')
    .option('--json', 'print the facts as JSON');
  command.action(async (flags: StatusFlags) => {
    const settings = await settingsOf(command);
    const status = await withOpenDatabase(settings, { command: 'migrate status', onEvent: note }, (config) =>
      migrationStatus({
        databaseUrl: config.databaseUrl,
        modules: config.modules,
        contract: { registeredUses: registeredUses(config) },
      }),
    );
    if (flags.check && !status.isCurrent) process.exitCode = exitCodes.checkFailed;
    if (flags.json) return printJson(status);
    show(status);
  });
}

function show(status: Status): void {
  print(
    table(
      ['migration', 'module', 'state', 'applied', 'by', 'took'],
      status.migrations.map((each) => [
        each.name,
        each.module,
        each.state,
        each.appliedAt?.toISOString().slice(0, 16).replace('T', ' '),
        each.appliedBy,
        each.executionMs === null ? undefined : duration(each.executionMs),
      ]),
      { right: [5] },
    ),
  );
  const counts = Object.entries(status.counts).filter(([, number]) => number > 0);
  print(`\n${counts.map(([state, number]) => `${number} ${state}`).join(', ') || 'No migrations.'}`);
  for (const { name, gates } of status.migrations) {
    if (gates.length === 0) continue;
    print(`\n${styled('bold', name)}`);
    for (const line of gateLines(gates)) print(line);
  }
  if (status.isDisposable) print(styled('dim', 'The database is marked as disposable.'));
  if (status.lockHolder) warn(`a migrator is at work: ${describeHolder(status.lockHolder)}`);
  for (const step of status.unfinished) {
    warn(
      `${step.migration} (${step.direction}) was interrupted: "stoa migrate up" goes on at statement ${step.statement}`,
    );
  }
  for (const index of status.invalidIndexes)
    warn(`index ${index} is invalid: it costs writes and serves no reader`);
  for (const name of status.unvalidatedConstraints) warn(`constraint ${name} is not validated`);
  for (const fault of status.releaseFaults) warn(fault);
}
