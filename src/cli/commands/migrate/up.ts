import { type Command, InvalidArgumentError } from 'commander';
import { migrateUp, planUp } from '../../../migrate/index.ts';
import { type BoundPlan, readPlan } from '../../../migrate/plan/bound.ts';
import { readRehearsal } from '../../../migrate/rehearse/read.ts';
import { placeOf, type Step } from '../../../migrate/step.ts';
import { databaseOf } from '../../../postgres/connect.ts';
import { type ReadyConfig, withOpenDatabase } from '../../../postgres/database.ts';
import { duration, note, print, printJson, styled } from '../../output.ts';
import { settingsOf } from '../../settings.ts';
import { addPatience, type PatienceOptions, patienceOf, whole } from './patience.ts';
import { registeredUses } from './registered-uses.ts';
import { runReport } from './report.ts';

interface UpFlags extends PatienceOptions {
  readonly steps?: number;
  readonly to?: string;
  readonly plan?: string;
  readonly rehearsed?: string;
  readonly forceContract?: string;
  readonly clientsWithin?: number;
  readonly dryRun?: true;
  readonly verbose?: true;
  readonly json?: true;
}

export function registerMigrateUp(migrate: Command): void {
  const command = migrate
    .command('up')
    .description('apply what is pending; safe to run from several places at once')
    .option('--steps <N>', 'at most so many', whole)
    .option('--to <MIGRATION>', 'up to this one: its name, its number or its words')
    .option('--plan <FILE>', 'only if everything stands as when this plan was made; see "migrate plan"')
    .option(
      '--force-contract <REASON>',
      'take away what is still in use; the audit log keeps the reason',
      reason,
    )
    .option('--clients-within <MINUTES>', 'how long ago an older version may have been connected [15]', whole)
    .option('--rehearsed <FILE>', 'the same for the report of a rehearsal; see "migrate rehearse"')
    .option('--dry-run', 'print the statements instead of running them')
    .option('--verbose', 'a line for each statement')
    .option('--json', 'print the result as JSON');
  addPatience(command).action(async (flags: UpFlags) => {
    const settings = await settingsOf(command);
    await withOpenDatabase(settings, { command: 'migrate up', onEvent: note }, async (config) => {
      await (flags.dryRun ? dryRun(config, flags) : up(config, flags));
    });
  });
}

async function up(config: ReadyConfig, flags: UpFlags): Promise<void> {
  const begun = Date.now();
  const report = runReport({ isVerbose: flags.verbose === true });
  try {
    const { applied } = await migrateUp({
      databaseUrl: config.databaseUrl,
      modules: config.modules,
      steps: flags.steps,
      to: flags.to,
      plan: await boundPlan(flags),
      contract: {
        registeredUses: registeredUses(config),
        ...(flags.forceContract !== undefined && { force: flags.forceContract }),
        ...(flags.clientsWithin !== undefined && { withinMinutes: flags.clientsWithin }),
      },
      patience: patienceOf(flags),
      onEvent: report.onEvent,
    });
    if (flags.json) return printJson({ applied, elapsedMs: Date.now() - begun });
    const database = databaseOf(config.databaseUrl);
    if (applied.length === 0) return print(`${database}: nothing to apply.`);
    print(`${database}: applied ${count(applied.length)} in ${duration(Date.now() - begun)}.`);
  } finally {
    report.end();
  }
}

/** With both given the rehearsal counts: it is of the same files, and more was seen. */
async function boundPlan({ plan, rehearsed }: UpFlags): Promise<BoundPlan | undefined> {
  if (rehearsed !== undefined) return readRehearsal(rehearsed);
  return plan === undefined ? undefined : readPlan(plan);
}

async function dryRun(config: ReadyConfig, flags: UpFlags): Promise<void> {
  const steps = await planUp({
    databaseUrl: config.databaseUrl,
    modules: config.modules,
    steps: flags.steps,
    to: flags.to,
  });
  if (flags.json) return printJson({ pending: steps.map(facts) });
  for (const step of steps) {
    const { migration, statements, isTransactional } = step;
    const how = isTransactional ? 'one transaction' : 'statement by statement, each on its own';
    print(styled('bold', `-- ${migration.file}: ${statements.length} statements, ${how}`));
    for (const statement of statements) print(`${statement.text};\n`);
  }
  print(steps.length === 0 ? 'Nothing to apply.' : `-- ${count(steps.length)}; nothing was run.`);
}

function facts(step: Step): unknown {
  return {
    migration: step.migration.name,
    module: step.migration.module,
    file: step.migration.file,
    isTransactional: step.isTransactional,
    statements: step.statements.map(({ text }, index) => {
      const { kind, line } = placeOf(step, index);
      return { kind, line, text };
    }),
  };
}

export function count(migrations: number): string {
  return migrations === 1 ? '1 migration' : `${migrations} migrations`;
}

const shortestReason = 10;

function reason(text: string): string {
  if (text.trim().length < shortestReason) throw new InvalidArgumentError('A sentence that says why.');
  return text.trim();
}
