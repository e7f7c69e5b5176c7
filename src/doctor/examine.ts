import type { Client } from 'pg';
import { acceptedWarnings } from '../catalog/accepted-warnings.ts';
import { advise, advisors } from '../catalog/advise.ts';
import { moduleSchemas } from '../catalog/schemas.ts';
import { acceptedIdentities } from './accepted.ts';
import { defaultLimits, type Level, type Limits, type LiveAdvisor } from './advisors/advisor.ts';
import { cacheMisses } from './advisors/cache_misses.ts';
import { connectionsUsed } from './advisors/connections_used.ts';
import { deadRows } from './advisors/dead_rows.ts';
import { frozenAge } from './advisors/frozen_age.ts';
import { idleInTransaction } from './advisors/idle_in_transaction.ts';
import { longTransaction } from './advisors/long_transaction.ts';
import { partitionsRunningOut } from './advisors/partitions_running_out.ts';
import { policyAlwaysTrue } from './advisors/policy_always_true.ts';
import { replicationSlot } from './advisors/replication_slot.ts';
import { sequenceNearEnd } from './advisors/sequence_near_end.ts';
import { slowStatement } from './advisors/slow_statement.ts';
import { statementsNotMeasured } from './advisors/statements_not_measured.ts';
import { unusedIndex } from './advisors/unused_index.ts';
import { unvalidatedConstraint } from './advisors/unvalidated_constraint.ts';
import { planOf } from './statement-plan.ts';

/** What every check of the doctor answers with. */
export interface Fault {
  readonly name: string;
  readonly level: Level;
  /** What was found, and where. */
  readonly what: string;
  /** What goes wrong when it stays. */
  readonly why: string;
  readonly cure: string;
  /** What it is accepted under. */
  readonly identity: string;
  /** Of a statement: lines of its plan. */
  readonly plan?: readonly string[];
}

/** Checks of a database that runs, by name. */
export const liveAdvisors: readonly LiveAdvisor[] = [
  cacheMisses,
  connectionsUsed,
  deadRows,
  frozenAge,
  idleInTransaction,
  longTransaction,
  partitionsRunningOut,
  policyAlwaysTrue,
  replicationSlot,
  sequenceNearEnd,
  slowStatement,
  statementsNotMeasured,
  unusedIndex,
  unvalidatedConstraint,
];

export interface Examination {
  readonly faults: readonly Fault[];
  /** Faults that somebody accepted, or that Stoa itself explains. */
  readonly accepted: readonly Fault[];
  readonly checks: number;
}

export interface ExamineOptions {
  readonly limits?: Partial<Limits>;
  /** Names of checks. Default: all. */
  readonly only?: readonly string[];
}

const severity: Readonly<Record<Level, number>> = { error: 0, warning: 1, notice: 2 };

export function isAtLeast(level: Level, threshold: Level): boolean {
  return severity[level] <= severity[threshold];
}

/** Runs every check. The client sees all sessions only as a superuser or a member of pg_monitor. Changes nothing. */
export async function examine(client: Client, options: ExamineOptions = {}): Promise<Examination> {
  const isWanted = (name: string): boolean => options.only === undefined || options.only.includes(name);
  const schemas = await moduleSchemas(client);
  const ours = new Set(acceptedWarnings.map(({ name, object }) => `${name} ${object}`));
  const accepted = await acceptedIdentities(client);
  const checks = advisors.filter(({ name }) => isWanted(name));
  const live = liveAdvisors.filter(({ name }) => isWanted(name));
  // Checks of the catalog read the registries of the modules.
  const findings = schemas.length === 0 ? [] : await advise(client, { checks, schemas });
  const whys = new Map(checks.map(({ name, why }) => [name, why]));
  const faults: Fault[] = findings.map(({ name, level, object, detail, remediation }) => ({
    name,
    level,
    what: `${object}: ${detail}`,
    why: whys.get(name) ?? '',
    cure: remediation,
    identity: `${name} ${object}`,
  }));
  for (const advisor of live) faults.push(...(await ask(client, advisor, schemas, options.limits)));
  faults.sort(
    (a, b) =>
      severity[a.level] - severity[b.level] ||
      (`${a.identity} ${a.what}` < `${b.identity} ${b.what}` ? -1 : 1),
  );
  const isAccepted = ({ identity }: Fault): boolean => accepted.has(identity) || ours.has(identity);
  return {
    faults: faults.filter((fault) => !isAccepted(fault)),
    accepted: faults.filter(isAccepted),
    checks: checks.length + live.length,
  };
}

interface Row {
  readonly object: string;
  readonly what: string;
  readonly cure: string;
  readonly level?: Level;
  readonly statement?: string;
}

async function ask(
  client: Client,
  { name, level, why, query, needs }: LiveAdvisor,
  schemas: readonly string[],
  limits: Partial<Limits> = {},
): Promise<Fault[]> {
  if (needs !== undefined) {
    const { rows } = await client.query<{ is_there: boolean }>(
      'select to_regclass($1) is not null as is_there',
      [needs],
    );
    if (!rows[0]?.is_there) return [];
  }
  const text = await withStatementsView(client, query);
  if (text === undefined) return [];
  const values: unknown[] = [schemas, JSON.stringify({ ...defaultLimits, ...limits })];
  // A query names its parameters only where it needs them; this makes both known to PostgreSQL.
  const { rows } = await client.query<Row>(
    `with parameters as (select $1::text[] as schemas, $2::jsonb as limits) ${withClause(text)}`,
    values,
  );
  const faults: Fault[] = [];
  for (const row of rows) {
    faults.push({
      name,
      level: row.level ?? level,
      what: `${row.object}: ${row.what}`,
      why,
      cure: row.cure,
      identity: `${name} ${row.object}`,
      ...(row.statement === undefined ? {} : { plan: await planOf(client, row.statement) }),
    });
  }
  return faults;
}

function withClause(text: string): string {
  const trimmed = text.trim();
  return trimmed.startsWith('with ') ? `, ${trimmed.slice('with '.length)}` : trimmed;
}

/** Undefined where statements are not measured. */
async function withStatementsView(client: Client, query: string): Promise<string | undefined> {
  if (!query.includes('STATEMENTS')) return query;
  const { rows } = await client.query<{ view: string; is_loaded: boolean }>(
    `select
       format('%I.pg_stat_statements', extnamespace::regnamespace) as view,
       position('pg_stat_statements' in current_setting('shared_preload_libraries')) > 0 as is_loaded
     from pg_catalog.pg_extension
     where extname = 'pg_stat_statements'`,
  );
  const [found] = rows;
  return found?.is_loaded ? query.replaceAll('STATEMENTS', found.view) : undefined;
}
