import { writeFile } from 'node:fs/promises';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Config } from '../../../config.ts';
import type { StatementEffect } from '../../../migrate/plan/classify.ts';
import { spelledMode, strengthOf } from '../../../migrate/plan/lock-modes.ts';
import { makePlan } from '../../../migrate/plan/make.ts';
import type { ApiChanges, Plan, PlannedMigration, PlannedStatement } from '../../../migrate/plan/plan.ts';
import { type ReadyConfig, withOpenDatabase } from '../../../postgres/database.ts';
import { duration, note, print, printJson, progress, styled, table, warn } from '../../output.ts';
import { settingsOf } from '../../settings.ts';
import {
  type Annotation,
  type AnnotationFormat,
  annotationFormats,
  githubText,
  sarif,
  wrapped,
} from './annotations.ts';
import { apiReader } from './api-changes.ts';
import { gateLines } from './closed-gates.ts';
import { addPatience, type PatienceOptions, patienceOf } from './patience.ts';
import { withProofServer } from './proof-server.ts';
import { registeredUses } from './registered-uses.ts';
import { count } from './up.ts';

interface PlanFlags extends PatienceOptions {
  readonly out?: string;
  readonly sample: number;
  readonly api: boolean;
  readonly verbose?: true;
  readonly json?: true;
  readonly format: AnnotationFormat;
}

const story = `
A scratch database is brought to where the target is, and the pending statements are run there, one
by one; what is printed is what the server did: locks, tables read or written anew, objects that are
gone or mean something else. Sizes and rates are those of the target now, which is only read.

  instant   nobody waits, done at once          scans     a table is read while others wait
  waits     others wait for a moment            rewrites  a table is written anew while others wait
  rows      rows are changed, and stay locked   online    takes its time, nobody waits

Of each file is also told what would refuse it now: a backfill that is not finished, or, where the file
is marked "-- contract", what still uses what it takes away.

Bind the run to what was reviewed:
  stoa migrate plan --out plan.json   then   stoa migrate up --plan plan.json
which refuses, and says what moved, when target or files are not those of the plan any more.`;

export function registerMigratePlan(migrate: Command): void {
  const command = migrate
    .command('plan')
    .description('what is pending, measured: locks, rewrites, scans, sizes, what breaks')
    .option('--out <FILE>', 'write the plan, for "stoa migrate up --plan"')
    .option(
      '--sample <SECONDS>',
      'between two looks at the statistics of the target; 0: no rates',
      seconds,
      2,
    )
    .option('--no-api', 'do not compare the GraphQL schema before and after')
    .option('--verbose', 'list the instant statements too')
    .option('--json', 'print the plan as JSON')
    .addOption(new Option('--format <FORMAT>', 'how to print it').choices(annotationFormats).default('text'))
    .addHelpText('after', story);
  addPatience(command).action(async (flags: PlanFlags) => {
    const settings = await settingsOf(command);
    const plan = await withOpenDatabase(settings, { command: 'migrate plan', onEvent: note }, (config) =>
      withProofServer(settings, (adminUrl) => planOf(config, settings, adminUrl, flags)),
    );
    if (flags.out !== undefined) {
      await writeFile(flags.out, `${JSON.stringify(plan, undefined, 1)}\n`);
      note(`Wrote ${flags.out}.`);
    }
    const format = flags.json ? 'json' : flags.format;
    if (format === 'json') return printJson(plan);
    if (format === 'sarif') return printJson(sarif(annotationsOf(plan), annotationRules));
    if (format === 'github') {
      const annotations = annotationsOf(plan);
      if (annotations.length > 0) print(githubText(annotations));
      return;
    }
    show(plan, flags.verbose === true);
  });
}

function seconds(text: string): number {
  const number = Number(text);
  if (!Number.isFinite(number) || number < 0) throw new InvalidArgumentError('Seconds, from 0 on.');
  return number;
}

async function planOf(
  config: ReadyConfig,
  settings: Config,
  adminUrl: string,
  flags: PlanFlags,
): Promise<Plan> {
  const labels = { replay: 'bring a scratch database there', measure: 'measure' };
  let bar = progress(labels.replay, 'migrations');
  let phase: 'replay' | 'measure' = 'replay';
  try {
    return await makePlan({
      databaseUrl: config.databaseUrl,
      adminUrl,
      modules: settings.modules,
      patience: patienceOf(flags),
      sampleMs: flags.sample * 1_000,
      contract: { registeredUses: registeredUses(config) },
      ...(flags.api
        ? await apiReader(settings.modules, (message) =>
            warn(`the API is not compared, its schema cannot be built (${message})`),
          )
        : {}),
      onProgress: (now, done, total) => {
        if (now !== phase || done === 0) {
          bar.end();
          phase = now;
          bar = progress(labels[now], now === 'replay' ? 'migrations' : 'statements', total);
        }
        bar.update(done);
      },
    });
  } finally {
    bar.end();
  }
}

const colours: Readonly<Record<StatementEffect, 'green' | 'yellow' | 'red' | 'cyan'>> = {
  instant: 'green',
  online: 'green',
  waits: 'yellow',
  rows: 'cyan',
  scans: 'red',
  rewrites: 'red',
};

function show(plan: Plan, isVerbose: boolean): void {
  const { database, serverVersion, measuredOn, migrations, drift, tables } = plan;
  if (migrations.length === 0) {
    print(`${database}: nothing is pending.`);
    return;
  }
  print(
    `${database}, PostgreSQL ${serverVersion}: ${count(migrations.length)} pending, measured on ${measuredOn}.`,
  );
  if (drift.length > 0) {
    warn(
      `the target is not what its migrations make; measured was what they make. ${drift.length} differences:`,
    );
    for (const { change, kind, identity } of drift.slice(0, 10)) note(`    ${change} ${kind} ${identity}`);
    if (drift.length > 10) note(`    and ${drift.length - 10} more`);
  }
  for (const migration of migrations) showMigration(migration, isVerbose, migrations.length > 1);
  showApi(plan);
  showTables(tables);
  print(
    plan.isBreaking
      ? `\n${styled('red', 'It breaks something')} for those who use the database or the API now; see "breaks".`
      : '\nNothing that is used now stops working.',
  );
}

function showMigration(migration: PlannedMigration, isVerbose: boolean, isOneOfSeveral: boolean): void {
  const { file, statements, isTransactional, retry, api, gates } = migration;
  print(`\n${styled('bold', file)}`);
  for (const line of gateLines(gates)) print(line);
  const lock = `${duration(retry.firstLockTimeoutMs)}, then ${duration(retry.lockTimeoutMs)} for a lock`;
  print(
    styled(
      'dim',
      isTransactional
        ? `  one transaction; waits ${lock}; up to ${retry.tries} tries; locks are held to its end`
        : '  statement by statement; goes on where it stopped; concurrent ones wait without a timeout',
    ),
  );
  const shown = statements.filter((each) => isVerbose || isWorthShowing(each));
  if (shown.length > 0) {
    print(
      table(
        ['line', 'statement', 'effect', 'locks that others notice'],
        shown.map((each) => [each.line, each.kind, each.effect, noticed(each)]),
        { right: [0] },
      ),
    );
  }
  const hidden = statements.length - shown.length;
  if (hidden > 0) print(styled('dim', `  ${hidden} instant statements (--verbose lists them)`));
  for (const each of shown) showDetails(each);
  showReplaced(statements);
  if (isOneOfSeveral && api !== null) showApiChanges(api);
}

function showApi({ api, migrations }: Plan): void {
  if (api === null) return;
  print(`\n${styled('bold', migrations.length > 1 ? 'GraphQL API, all files together' : 'GraphQL API')}`);
  if (api.breaking.length + api.dangerous.length + api.added.length === 0)
    print('  no change that a client sees');
  showApiChanges(api);
}

function showApiChanges(api: ApiChanges): void {
  for (const change of api.breaking) print(wrapped(`${styled('red', 'breaks')} the API: ${change}`, '  '));
  for (const change of api.dangerous)
    print(wrapped(`${styled('yellow', 'changes')} the API: ${change}`, '  '));
  const { added } = api;
  if (added.length > 0) {
    const more = added.length > 8 ? ` and ${added.length - 8} more` : '';
    print(wrapped(`adds to the API: ${added.slice(0, 8).join(', ')}${more}`, '  '));
  }
}

function isWorthShowing({ effect, breaks }: PlannedStatement): boolean {
  return effect !== 'instant' || breaks.length > 0;
}

function noticed({ locks }: PlannedStatement): string {
  const strong = locks.filter(({ mode }) => strengthOf(mode) >= strengthOf('ShareUpdateExclusive'));
  const shown = strong.slice(0, 2).map(({ relation, mode }) => `${spelledMode(mode)} on ${relation}`);
  return [...shown, ...(strong.length > 2 ? [`${strong.length - 2} more`] : [])].join(', ');
}

function showDetails({ line, effect, rewrites, scans, rebuiltIndexes, breaks }: PlannedStatement): void {
  const tell = (what: string, names: readonly string[]): void => {
    if (names.length > 0) print(wrapped(`line ${line} ${what} ${names.join(', ')}`, '  '));
  };
  tell(styled(colours.rewrites, 'writes anew'), rewrites);
  tell(styled(colours[effect], 'reads'), scans);
  tell('rebuilds', rebuiltIndexes);
  tell(styled('red', 'breaks:'), breaks);
}

function showReplaced(statements: readonly PlannedStatement[]): void {
  const names = [
    ...new Set(statements.flatMap(({ replaces }) => replaces.map(({ kind, name }) => `${kind} ${name}`))),
  ];
  if (names.length === 0) return;
  const more = names.length > 6 ? ` and ${names.length - 6} more` : '';
  print(wrapped(`replaces ${names.slice(0, 6).join(', ')}${more}`, '  '));
}

function showTables(tables: Plan['tables']): void {
  const rows = Object.entries(tables);
  if (rows.length === 0) return;
  print(`\n${styled('bold', 'Tables, as they are in the target now')}`);
  print(
    table(
      ['table', 'size', 'rows', 'writes/min', 'reads/min'],
      rows
        .sort(([, a], [, b]) => b.bytes - a.bytes)
        .map(([name, size]) => [
          name,
          bytes(size.bytes),
          size.rows === null ? 'not analyzed' : size.rows.toLocaleString('en'),
          size.writesPerMinute?.toLocaleString('en'),
          size.readsPerMinute?.toLocaleString('en'),
        ]),
      { right: [1, 2, 3, 4] },
    ),
  );
}

function bytes(number: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = number;
  let unit = 0;
  while (value >= 1_024 && unit < units.length - 1) {
    value /= 1_024;
    unit += 1;
  }
  return `${value >= 100 || unit === 0 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

const annotationRules = [
  {
    id: 'plan-waits',
    title: 'Others wait for a moment',
    help: 'Run it when no long transaction uses the table.',
  },
  {
    id: 'plan-scans',
    title: 'A table is read while others wait',
    help: 'See docs/rules/ for a way without.',
  },
  {
    id: 'plan-rewrites',
    title: 'A table is written anew while others wait',
    help: 'See docs/rules/ for a way without.',
  },
  {
    id: 'plan-breaks',
    title: 'Something that is used stops working',
    help: 'Stop using it first, in a release of its own.',
  },
  {
    id: 'plan-gate',
    title: 'It would be refused now',
    help: 'Finish the backfill, or change what uses what is taken away.',
  },
  {
    id: 'plan-api',
    title: 'Clients of the API notice',
    help: 'Keep the old field until no client asks for it.',
  },
];

function annotationsOf({ migrations, api }: Plan): readonly Annotation[] {
  // Where it was compared over all files together only, it is shown at the last one.
  const isToldByFile = migrations.every(({ api: changes }) => changes !== null);
  return [
    ...migrations.flatMap(({ file, gates }) =>
      gates.flatMap(({ reasons }) =>
        reasons.map(
          (message): Annotation => ({
            file,
            line: 1,
            column: 1,
            rule: 'plan-gate',
            level: 'warning',
            message,
          }),
        ),
      ),
    ),
    ...migrations.flatMap(({ file, statements }) =>
      statements.flatMap((statement): Annotation[] => {
        const { line, effect, breaks, scans, rewrites } = statement;
        const at = { file, line, column: 1 };
        const annotations: Annotation[] = breaks.map((message) => ({
          ...at,
          rule: 'plan-breaks',
          level: 'warning',
          message,
        }));
        const locks = noticed(statement);
        if (effect === 'rewrites') {
          annotations.push({
            ...at,
            rule: 'plan-rewrites',
            level: 'warning',
            message: `writes ${rewrites.join(', ')} anew; ${locks}`,
          });
        } else if (effect === 'scans') {
          annotations.push({
            ...at,
            rule: 'plan-scans',
            level: 'warning',
            message: `reads ${scans.join(', ')}; ${locks}`,
          });
        } else if (effect === 'waits') {
          annotations.push({ ...at, rule: 'plan-waits', level: 'note', message: locks });
        }
        return annotations;
      }),
    ),
    ...(isToldByFile
      ? migrations.flatMap(({ file, api: changes }) => breakingAt(file, changes))
      : breakingAt(migrations.at(-1)?.file ?? '', api)),
  ];
}

function breakingAt(file: string, api: ApiChanges | null): readonly Annotation[] {
  return (api?.breaking ?? []).map(
    (message): Annotation => ({ file, line: 1, column: 1, rule: 'plan-api', level: 'warning', message }),
  );
}
