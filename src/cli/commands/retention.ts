import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import { archiveByPolicy } from '../../archive/policy.ts';
import { withTableToMyself } from '../../archive/session.ts';
import { defaultTransforms } from '../../archive/transform.ts';
import { exitCodes } from '../../errors.ts';
import { type OpenOptions, withOpenDatabase } from '../../postgres/database.ts';
import { connectOwner } from '../../postgres/owner.ts';
import { type PlannedPolicy, planPartitions, planPolicies } from '../../retention/plan.ts';
import { choosePolicies, listPolicies } from '../../retention/policies.ts';
import { type PolicyResult, runPolicy } from '../../retention/run.ts';
import { openStorage } from '../../storage/open.ts';
import { requireMigrated } from '../installation.ts';
import { untilInterrupted } from '../interrupt.ts';
import { duration, note, print, printJson, progress, table, warn } from '../output.ts';
import { addSettings, settingsOf } from '../settings.ts';

interface PlanFlags {
  readonly policy?: string;
  readonly timeout: number;
  readonly json?: true;
}

interface RunFlags extends PlanFlags {
  readonly dryRun?: true;
  readonly pace: number;
}

const opening: OpenOptions = { command: 'retention', onEvent: note };

function seconds(text: string): number {
  if (!/^\d{1,4}(\.\d+)?$/.test(text)) throw new InvalidArgumentError('It must be a number of seconds.');
  return Number(text);
}

function ratio(text: string): number {
  const value = Number(text);
  if (!(value >= 0 && value <= 100)) throw new InvalidArgumentError('It must be a number from 0 to 100.');
  return value;
}

const actions = { delete: 'delete', scrub: 'blank', archive: 'archive, delete' } as const;

function count(rows: number, isEstimate = false): string {
  return `${isEstimate ? '~' : ''}${rows.toLocaleString('en')}`;
}

function day(moment: Date | null): string {
  return moment === null ? 'as rows say' : moment.toISOString().slice(0, 16).replace('T', ' ');
}

async function showPlan(flags: PlanFlags, command: Command): Promise<void> {
  const settings = await settingsOf(command);
  await withOpenDatabase(settings, opening, async (config) => {
    await requireMigrated(config);
    const client = await connectOwner(config.databaseUrl, 'retention plan');
    try {
      const all = await listPolicies(client);
      const chosen = flags.policy === undefined ? all : choosePolicies(all, flags.policy);
      const options = { now: new Date(), timeoutMs: Math.ceil(flags.timeout * 1_000) };
      const bar = progress('plan', 'rules', chosen.length);
      const policies = await planPolicies(client, chosen, {
        ...options,
        onPolicy: (name, done) => bar.update(done, name),
      }).finally(() => bar.end());
      const partitions = flags.policy === undefined ? await planPartitions(client, options) : [];
      if (flags.json) return printJson({ now: options.now, policies, partitions });
      print(
        table(
          ['rule', 'rows', 'held', 'action', 'from before (UTC)', 'table'],
          policies.map((policy) => [
            policy.name,
            policy.isActive ? count(policy.rows, policy.isEstimate) : 'off',
            policy.held ?? '?',
            actions[policy.action],
            day(policy.before),
            policy.target,
          ]),
          { right: [1, 2] },
        ),
      );
      if (policies.some((policy: PlannedPolicy) => policy.isEstimate)) {
        print(`~ estimated: counting took longer than ${flags.timeout} s (--timeout).`);
      }
      if (partitions.length > 0) {
        print();
        print(
          table(
            ['partition', 'about rows', 'held', 'action', 'from before (UTC)'],
            partitions.map((partition) => [
              partition.partition,
              count(partition.estimatedRows),
              partition.held ?? '?',
              partition.action,
              day(partition.before),
            ]),
            { right: [1, 2] },
          ),
        );
        print('"stoa partitions retire" takes them out.');
      }
    } finally {
      await client.end();
    }
  });
}

function report(results: readonly PolicyResult[]): void {
  const busy = results.filter(({ affected, held, skipped }) => affected + held + skipped > 0);
  if (busy.length > 0) {
    print(
      table(
        ['rule', 'rows', 'batches', 'held', 'in use', 'longest batch', 'took'],
        busy.map((result) => [
          result.name,
          count(result.affected),
          result.batches,
          count(result.held),
          count(result.skipped),
          duration(result.longestBatchMs),
          duration(result.elapsedMs),
        ]),
        { right: [1, 2, 3, 4, 5, 6] },
      ),
    );
    print();
  }
  const total = results.reduce((sum, { affected }) => sum + affected, 0);
  print(`${count(total)} rows by ${results.length} ${results.length === 1 ? 'rule' : 'rules'}.`);
}

async function run(flags: RunFlags, command: Command): Promise<void> {
  if (flags.dryRun) return showPlan(flags, command);
  const settings = await settingsOf(command);
  await withOpenDatabase(settings, opening, async (config) => {
    await requireMigrated(config);
    const client = await connectOwner(config.databaseUrl, 'retention run');
    const storage = await openStorage(config);
    const bar = progress('retention', 'rows');
    const results: PolicyResult[] = [];
    try {
      const now = new Date();
      const chosen = choosePolicies(await listPolicies(client), flags.policy);
      const isStopped = await untilInterrupted(async (signal) => {
        let before = 0;
        for (const policy of chosen) {
          if (signal.aborted) return true;
          if (policy.action === 'archive') {
            const begun = performance.now();
            const moved = await withTableToMyself(client, policy.target, () =>
              archiveByPolicy({ client, storage, transforms: defaultTransforms, signal }, policy, now),
            );
            const deleted = moved.reduce((sum, part) => sum + part.deleted, 0);
            results.push({
              name: policy.name,
              target: policy.target,
              action: policy.action,
              affected: deleted,
              batches: moved.length,
              skipped: moved.reduce((sum, part) => sum + part.archived, 0) - deleted,
              held: 0,
              isComplete: true,
              elapsedMs: performance.now() - begun,
              longestBatchMs: 0,
            });
            continue;
          }
          const result = await runPolicy(client, policy, {
            now,
            pace: flags.pace,
            signal,
            onBatch: (name, affected) => bar.update(before + affected, `(${name})`),
          });
          before += result.affected;
          results.push(result);
        }
        return signal.aborted;
      });
      bar.end();
      if (isStopped) process.exitCode = exitCodes.interrupted;
      if (flags.json) return printJson({ isComplete: !isStopped, policies: results });
      report(results);
      if (isStopped) warn('Stopped between two batches. Run it again to go on.');
    } finally {
      bar.end();
      storage.close();
      await client.end();
    }
  });
}

export function registerRetention(program: Command): void {
  const retention = program
    .command('retention')
    .description('what goes because of its age, and when')
    .action(() => {
      retention.help({ error: true });
    });

  retention
    .command('plan')
    .description('count what each rule would take, without touching it')
    .option('--policy <NAME>', 'this rule only')
    .option('--timeout <SECONDS>', 'how long counting may take for a rule before it is estimated', seconds, 5)
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      `
The rules are rows of ops.retention_policies, the partitions that go as a whole those of ops.partition_policies.
Rows under a legal hold ("stoa hold list") stay and are counted apart.`,
    )
    .action(showPlan);

  addSettings(
    retention
      .command('run')
      .description('apply the rules in small batches, beside whoever reads and writes')
      .option('--policy <NAME>', 'this rule only')
      .option('--dry-run', 'the same as "stoa retention plan"')
      .option('--pace <RATIO>', 'rest after each batch for so many times as long as it took', ratio, 0.5)
      .option('--timeout <SECONDS>', 'for --dry-run: how long counting may take for a rule', seconds, 5)
      .option('--json', 'print the result as JSON')
      .addHelpText(
        'after',
        `
Each batch is a transaction. It passes over rows that somebody has locked, waits at most 2 s for any lock, and
looks again whether the rule still holds and no legal hold keeps a row. Ctrl-C stops between two batches; however
it ends, the next run goes on with what is left. The job retention_run does the same every night.

Exit codes: ${exitCodes.ok} done, ${exitCodes.interrupted} stopped before it was done.`,
      ),
    ['storage'],
  ).action(run);
}
