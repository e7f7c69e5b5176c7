import { type Command, InvalidArgumentError } from 'commander';
import type { Client } from 'pg';
import { acceptedWarnings } from '../../../catalog/accepted-warnings.ts';
import { type Acceptance, accept, acceptances, withdraw } from '../../../doctor/accepted.ts';
import type { Level } from '../../../doctor/advisors/advisor.ts';
import { type Examination, examine, type Fault, isAtLeast } from '../../../doctor/examine.ts';
import { exitCodes, StoaError } from '../../../errors.ts';
import { connectAsOwner } from '../../../migrate/survey.ts';
import { connect, databaseOf, withDatabase } from '../../../postgres/connect.ts';
import { type ReadyConfig, withOpenDatabase } from '../../../postgres/database.ts';
import { requireMigrated } from '../../installation.ts';
import { note, print, printJson, styled, table } from '../../output.ts';
import { labelled, labelledSql } from '../../paragraphs.ts';
import { settingsOf } from '../../settings.ts';

interface ExamineFlags {
  readonly level: Level;
  readonly suppress?: string;
  readonly unsuppress?: string;
  readonly reason?: string;
  readonly until?: string;
  readonly accepted?: true;
  readonly json?: true;
}

const levels = ['error', 'warning', 'notice'] as const;

function levelOf(text: string): Level {
  const found = levels.find((level) => level === text);
  if (found === undefined) throw new InvalidArgumentError(`One of ${levels.join(', ')}.`);
  return found;
}

const story = `
Each fault has a name (the check and its object), says why it matters and prints its cure. What somebody looked
at and leaves is accepted under that name, with a reason and, if you like, a last day:

  stoa doctor --suppress 'unused_index forums.posts_new_idx' --reason 'Read once a month' --until 2030-12-31
  stoa doctor --accepted                 what was accepted, by whom and why
  stoa doctor --unsuppress 'unused_index forums.posts_new_idx'

A cure is SQL that runs as it is printed. What only people know stands in it in angle brackets, such as
<text> or <condition>: replace these, brackets included (docs/operations/advisors.md lists them all).

All sessions are seen by a superuser or a member of pg_monitor only.

Exit codes: ${exitCodes.ok} nothing of that level or worse, ${exitCodes.checkFailed} something was found.`;

/** What `stoa doctor` does by itself, without one of its subcommands. */
export function addExamination(doctor: Command): void {
  doctor
    .option('--level <LEVEL>', 'how bad a fault must be: error, warning or notice', levelOf, 'warning')
    .option('--suppress <NAME>', 'accept a fault: it is not reported any more')
    .option('--reason <TEXT>', 'with --suppress: why')
    .option('--until <DATE>', 'with --suppress: the last day, such as 2030-12-31')
    .option('--unsuppress <NAME>', 'report it again')
    .option('--accepted', 'list what was accepted')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', story)
    .action(async (flags: ExamineFlags) => {
      refuseWrongOptions(flags);
      const settings = await settingsOf(doctor);
      await withOpenDatabase(settings, { command: 'doctor', onEvent: note }, async (config) => {
        await requireMigrated(config);
        if (flags.suppress !== undefined) await suppress(config, flags.suppress, flags);
        else if (flags.unsuppress !== undefined) await unsuppress(config, flags.unsuppress, flags);
        else if (flags.accepted) await listAccepted(config, flags);
        else await examineAll(config, flags);
      });
    });
}

function refuseWrongOptions({ suppress: name, unsuppress: other, reason, until }: ExamineFlags): void {
  const wrong =
    name === undefined && (reason !== undefined || until !== undefined)
      ? '--reason and --until belong to --suppress.'
      : name !== undefined && reason === undefined
        ? '--suppress needs a --reason.'
        : name !== undefined && other !== undefined
          ? '--suppress and --unsuppress are two steps.'
          : undefined;
  if (wrong === undefined) return;
  throw new StoaError('doctor.options', wrong, {
    cure: 'See "stoa help doctor".',
    exitCode: exitCodes.usage,
  });
}

async function withOwner<Result>(
  config: ReadyConfig,
  work: (client: Client) => Promise<Result>,
): Promise<Result> {
  const client = await connectAsOwner(config.databaseUrl);
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

async function suppress(config: ReadyConfig, identity: string, flags: ExamineFlags): Promise<void> {
  const checks = identity.split(' ', 1)[0] ?? '';
  const { faults, accepted } = await look(config, [checks]);
  if (![...faults, ...accepted].some((fault) => fault.identity === identity)) {
    throw new StoaError('doctor.unknown_fault', `There is no fault called "${identity}" now.`, {
      cure: 'Take the name from "stoa doctor --level notice" or "stoa doctor --json".',
      exitCode: exitCodes.usage,
    });
  }
  await withOwner(config, (client) =>
    accept(client, { identity, reason: flags.reason ?? '', until: flags.until }),
  );
  if (flags.json) return printJson({ accepted: identity });
  print(`Accepted${flags.until === undefined ? '' : ` until ${flags.until}`}: ${identity}`);
}

async function unsuppress(config: ReadyConfig, identity: string, flags: ExamineFlags): Promise<void> {
  await withOwner(config, (client) => withdraw(client, identity));
  if (flags.json) return printJson({ withdrawn: identity });
  print(`Reported again: ${identity}`);
}

async function listAccepted(config: ReadyConfig, flags: ExamineFlags): Promise<void> {
  const list: readonly Acceptance[] = [
    ...(await withOwner(config, acceptances)),
    ...acceptedWarnings.map(({ name, object, reason }) => ({
      identity: `${name} ${object}`,
      reason,
      until: null,
      acceptedBy: 'Stoa itself',
      isInForce: true,
    })),
  ];
  if (flags.json) return printJson({ accepted: list });
  print(
    table(
      ['name', 'reason', 'until', 'by'],
      list.map(({ identity, reason, until, acceptedBy, isInForce }) => [
        identity,
        reason,
        until === null ? '' : isInForce ? until : `${until} (over)`,
        acceptedBy,
      ]),
    ),
  );
}

/** With the rights of whoever administers the server: a login of the modules sees its own sessions only. */
async function look(config: ReadyConfig, only?: readonly string[]): Promise<Examination> {
  const client = await connect(withDatabase(config.adminUrl, databaseOf(config.databaseUrl)), 'doctor');
  try {
    const { rows } = await client.query<{ is_enough: boolean }>(
      "select rolsuper or has_schema_privilege('ops', 'usage') as is_enough from pg_catalog.pg_roles where rolname = current_user",
    );
    if (!rows[0]?.is_enough) await client.query('set role stoa_owner');
    return await examine(client, only === undefined ? {} : { only });
  } finally {
    await client.end();
  }
}

const colours = { error: 'red', warning: 'yellow', notice: 'blue' } as const;

const cureLabel = '  cure  ';

/** A cure that is SQL ends with a semicolon. */
const isSql = ({ cure }: Fault): boolean => cure.endsWith(';');

function tell(fault: Fault): void {
  print(`${styled(colours[fault.level], fault.level)}  ${styled('bold', fault.identity)}`);
  for (const line of labelled('  what  ', fault.what)) print(line);
  for (const line of labelled('  why   ', fault.why)) print(line);
  for (const line of isSql(fault) ? labelledSql(cureLabel, fault.cure) : labelled(cureLabel, fault.cure)) {
    print(line);
  }
  for (const [index, step] of (fault.plan ?? []).entries()) {
    for (const line of labelled(index === 0 ? '  plan  ' : '        ', step)) print(line);
  }
  print();
}

async function examineAll(config: ReadyConfig, flags: ExamineFlags): Promise<void> {
  const { faults, accepted, checks } = await look(config);
  const shown = faults.filter(({ level }) => isAtLeast(level, flags.level));
  if (shown.length > 0) process.exitCode = exitCodes.checkFailed;
  if (flags.json) return printJson({ isHealthy: shown.length === 0, checks, faults: shown, accepted });
  for (const fault of shown) tell(fault);
  const count = (level: Level): number => faults.filter((fault) => fault.level === level).length;
  const hidden = faults.length - shown.length;
  print(
    [
      `${checks} checks: ${count('error')} errors, ${count('warning')} warnings, ${count('notice')} notices`,
      ...(hidden === 0 ? [] : [`${hidden} not shown (--level notice)`]),
      ...(accepted.length === 0 ? [] : [`${accepted.length} accepted (--accepted)`]),
    ]
      .join('; ')
      .concat('.'),
  );
}
