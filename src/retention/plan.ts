import type { Client } from 'pg';
import pg from 'pg';
import { z } from 'zod';
import type { RetentionPolicy } from './policies.ts';

export interface PlannedPolicy {
  readonly name: string;
  readonly target: string;
  readonly action: RetentionPolicy['action'];
  readonly age: string | null;
  /** Rows from before this moment go; null where each row says when. */
  readonly before: Date | null;
  readonly isActive: boolean;
  readonly rows: number;
  /** Whether counting took too long, so that this is what the planner expects. */
  readonly isEstimate: boolean;
  /** Past their age and under a legal hold; null where counting took too long. */
  readonly held: number | null;
}

export interface PlannedPartition {
  readonly parent: string;
  readonly partition: string;
  readonly action: 'drop' | 'archive, then drop';
  readonly retain: string;
  /** All its rows are older. */
  readonly before: Date;
  /** As of the last analyze. */
  readonly estimatedRows: number;
  readonly bytes: number;
  readonly held: number | null;
}

export interface PlanOptions {
  readonly now: Date;
  /** How long counting may take for one rule. */
  readonly timeoutMs: number;
  readonly onPolicy?: (name: string, done: number) => void;
}

const planShape = z.tuple([z.object({ Plan: z.object({ 'Plan Rows': z.number() }) })]);

const canceled = '57014';

/** Undefined when it takes longer than it may. Changes nothing. */
async function withinTime<Result>(
  client: Client,
  timeoutMs: number,
  work: () => Promise<Result>,
): Promise<Result | undefined> {
  await client.query('begin read only');
  try {
    await client.query(`set local statement_timeout = ${timeoutMs}`);
    return await work();
  } catch (error) {
    if (error instanceof pg.DatabaseError && error.code === canceled) return undefined;
    throw error;
  } finally {
    await client.query('rollback');
  }
}

async function number(client: Client, text: string, values: unknown[] = []): Promise<number> {
  const { rows } = await client.query<{ value: number }>(text, values);
  return rows[0]?.value ?? 0;
}

async function planPolicy(
  client: Client,
  policy: RetentionPolicy,
  { now, timeoutMs }: PlanOptions,
): Promise<PlannedPolicy> {
  const { rows } = await client.query<{ condition: string; held: string | null; before: Date | null }>(
    `select
       ops.retention_condition(name, $2) as condition,
       ops.held_condition(target) as held,
       $2::timestamptz - age as before
     from ops.retention_policies
     where name = $1`,
    [policy.name, now],
  );
  const [facts] = rows;
  if (facts === undefined) throw new Error(`the rule ${policy.name} went away`);
  const due = `from ${policy.target} as target where (${facts.condition})${facts.held === null ? '' : ` and not ${facts.held}`}`;
  const counted = await withinTime(client, timeoutMs, () =>
    number(client, `select count(*)::float8 as value ${due}`),
  );
  let rowsDue = counted;
  if (rowsDue === undefined) {
    const { rows: plans } = await client.query<{ 'QUERY PLAN': unknown }>(
      `explain (format json) select 1 ${due}`,
    );
    rowsDue = planShape.parse(plans[0]?.['QUERY PLAN'])[0].Plan['Plan Rows'];
  }
  const held =
    facts.held === null
      ? 0
      : await withinTime(client, timeoutMs, () =>
          number(client, 'select ops.retention_held($1, $2)::float8 as value', [policy.name, now]),
        );
  return {
    name: policy.name,
    target: policy.target,
    action: policy.action,
    age: policy.age,
    before: facts.before,
    isActive: policy.isActive,
    rows: rowsDue,
    isEstimate: counted === undefined,
    held: held ?? null,
  };
}

/** What each rule would take. Reads only; the longest that one rule may take is twice the time it is given. */
export async function planPolicies(
  client: Client,
  policies: readonly RetentionPolicy[],
  options: PlanOptions,
): Promise<readonly PlannedPolicy[]> {
  const planned: PlannedPolicy[] = [];
  for (const policy of policies) {
    planned.push(await planPolicy(client, policy, options));
    options.onPolicy?.(policy.name, planned.length);
  }
  return planned;
}

/** The partitions whose time is over, from the catalog; only holds make it read them. */
export async function planPartitions(
  client: Client,
  { now, timeoutMs }: PlanOptions,
): Promise<readonly PlannedPartition[]> {
  const { rows } = await client.query<Omit<PlannedPartition, 'held'>>(
    `select
       policy.parent,
       bound.partition,
       case when policy.export_before_drop then 'archive, then drop' else 'drop' end as action,
       policy.retain::text,
       bound.upper_bound as before,
       greatest(child.reltuples, 0)::float8 as "estimatedRows",
       pg_total_relation_size(child.oid)::float8 as bytes
     from ops.partition_policies as policy
     cross join lateral ops.partition_bounds(policy.parent) as bound
     join pg_catalog.pg_class as child on child.oid = to_regclass(bound.partition)
     left join ops.partition_retirements as known on known.partition = bound.partition
     where bound.upper_bound <= $1::timestamptz - policy.retain
       and coalesce(known.keep_until, '-infinity') <= $1
     order by policy.parent, bound.upper_bound`,
    [now],
  );
  const planned: PlannedPartition[] = [];
  for (const row of rows) {
    const held = await withinTime(client, timeoutMs, () =>
      number(client, 'select ops.held_rows($1, $2)::float8 as value', [row.parent, row.partition]),
    );
    planned.push({ ...row, held: held ?? null });
  }
  return planned;
}
