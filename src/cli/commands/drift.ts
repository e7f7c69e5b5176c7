import type { Command } from 'commander';
import { accept } from '../../doctor/accepted.ts';
import { type Adoption, adopt } from '../../drift/adopt.ts';
import { compareWith, type DriftReport, withHistoryOf } from '../../drift/find.ts';
import { exitCodes, StoaError } from '../../errors.ts';
import { slugOf } from '../../migrate/create.ts';
import { projectRoot } from '../../migrate/root.ts';
import { connectAsOwner } from '../../migrate/survey.ts';
import { type ReadyConfig, withOpenDatabase } from '../../postgres/database.ts';
import { duration, note, type Progress, print, printJson, progress, styled } from '../output.ts';
import { settingsOf } from '../settings.ts';
import { countChanges, describeDrift, groupDrift, shortId } from './drift-report.ts';

interface DriftFlags {
  readonly adopt?: string;
  readonly partial?: true;
  readonly suppress?: string;
  readonly reason?: string;
  readonly until?: string;
  readonly full?: true;
  readonly json?: true;
}

const story = `
Replays the migrations that the database has applied in a scratch database (on the same server where the
login may create one, else on a temporary server of the same major) and compares the two catalogs: tables,
columns, rules, indexes, functions, triggers, policies, grants, default privileges, comments, owners,
extensions, publications, settings. Partitions that are made as time goes by are compared by their shape.

  +  only the live database has it      −  only history has it      ~  both have it, and differ

--adopt writes a migration for each module that leads from history to the live database and back, and proves
it on copies before it is kept. Record it in the live database with "stoa migrate baseline".

Exit codes: ${exitCodes.ok} no drift, ${exitCodes.checkFailed} drift, ${exitCodes.refused} something that no migration can say was to be adopted.`;

export function registerDrift(program: Command): void {
  const command = program
    .command('drift')
    .description('compare the live database with what its migrations say, and adopt what was changed by hand')
    .option('--adopt <NAME>', 'write migrations that make history say what the live database is')
    .option('--partial', 'with --adopt: leave out what no migration can say instead of refusing')
    .option('--suppress <ID>', 'accept one difference as it stands: its id, or the eight characters shown')
    .option('--reason <TEXT>', 'with --suppress: why')
    .option('--until <DATE>', 'with --suppress: the last day, such as 2030-12-31')
    .option('--full', 'show definitions whole')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', story);
  command.action(async (flags: DriftFlags) => {
    refuseWrongOptions(flags);
    const settings = await settingsOf(command);
    await withOpenDatabase(settings, { command: 'drift', onEvent: note }, (config) => run(config, flags));
  });
}

function refuseWrongOptions({ adopt: name, partial, suppress, reason, until }: DriftFlags): void {
  const wrong =
    partial && name === undefined
      ? '--partial belongs to --adopt.'
      : suppress === undefined && (reason !== undefined || until !== undefined)
        ? '--reason and --until belong to --suppress.'
        : suppress !== undefined && reason === undefined
          ? '--suppress needs a --reason.'
          : suppress !== undefined && name !== undefined
            ? '--suppress and --adopt are two steps.'
            : undefined;
  if (name !== undefined) slugOf(name);
  if (wrong === undefined) return;
  throw new StoaError('drift.options', wrong, { cure: 'See "stoa help drift".', exitCode: exitCodes.usage });
}

async function run(config: ReadyConfig, flags: DriftFlags): Promise<void> {
  const { adminUrl, databaseUrl } = config;
  let bar: Progress | undefined;
  const begun = Date.now();
  await withHistoryOf(
    {
      adminUrl,
      databaseUrl,
      onApplied: (position, total) => {
        bar ??= progress('replay', 'migrations', total);
        bar.update(position);
      },
    },
    async ({ url, migrations }) => {
      bar?.end();
      const report = await compareWith(url, migrations, { databaseUrl });
      if (flags.suppress !== undefined) {
        await suppress(databaseUrl, report, flags);
        return;
      }
      if (flags.adopt === undefined) {
        show(report, flags, Date.now() - begun);
        return;
      }
      const adoption = await adopt({
        name: flags.adopt,
        root: projectRoot,
        historyUrl: url,
        liveUrl: databaseUrl,
        partial: flags.partial === true,
        leaveOut: new Set(report.accepted.map(({ id }) => id)),
      });
      if (flags.json) printJson(adoption);
      else tellAdoption(adoption);
    },
  ).finally(() => bar?.end());
}

function tellAdoption(adoption: Adoption): void {
  if (adoption.files.length === 0) {
    print('Nothing to adopt.');
    return;
  }
  for (const file of adoption.files) print(file);
  print();
  print(`${adoption.statements} statements, proven: history with them is the live database.`);
  for (const { difference, reason } of adoption.refused) {
    print(`  left out: ${difference.change} ${difference.kind} ${difference.identity}: ${reason}`);
  }
  for (const { reason } of adoption.irreversible) print(`  cannot be undone: ${reason}`);
  print('Record it here without running it: stoa migrate baseline. Functions, views, triggers and policies');
  print('are also edited under sql/: stoa migrate objects --check says which differ now.');
}

async function suppress(databaseUrl: string, report: DriftReport, flags: DriftFlags): Promise<void> {
  const wanted = flags.suppress ?? '';
  const found = report.differences.filter(
    (difference) => difference.id === wanted || shortId(difference) === wanted,
  );
  const [only] = found;
  if (!only) {
    throw new StoaError('drift.unknown_difference', `There is no difference "${wanted}".`, {
      cure: 'Take the id from "stoa drift" or "stoa drift --json".',
      exitCode: exitCodes.usage,
    });
  }
  const client = await connectAsOwner(databaseUrl);
  try {
    await accept(client, { identity: only.id, reason: flags.reason ?? '', until: flags.until });
  } finally {
    await client.end();
  }
  if (flags.json) return printJson({ accepted: only.id });
  print(`Accepted: ${only.change} ${only.kind} ${only.identity}`);
  print('It is reported again when either side changes.');
}

function show(report: DriftReport, flags: DriftFlags, elapsedMs: number): void {
  const { differences, accepted, migrations, facts } = report;
  if (differences.length > 0) process.exitCode = exitCodes.checkFailed;
  if (flags.json) {
    printJson({ isClean: differences.length === 0, ...report, elapsedMs });
    return;
  }
  for (const { subject, differences: own } of groupDrift(differences)) {
    print(styled('bold', subject));
    for (const difference of own) {
      for (const line of describeDrift(difference, { isFull: flags.full === true })) print(line);
    }
    print();
  }
  const kept = accepted.length === 0 ? '' : ` ${accepted.length} accepted (stoa doctor --accepted).`;
  print(
    differences.length === 0
      ? `No drift: ${migrations} migrations lead to the ${facts.toLocaleString('en')} facts of this database (${duration(elapsedMs)}).${kept}`
      : `${countChanges(differences)} (${duration(elapsedMs)}).${kept}`,
  );
}
