import { z } from 'zod';
import { connect } from '../../src/postgres/connect.ts';
import type { Actor, TestDatabase } from './database.ts';

/** One scan that ran. */
export interface RunScan {
  /** The table or partition; of a function, its alias. */
  readonly relation: string;
  readonly index?: string | undefined;
  /** What the index was searched by. */
  readonly sought: string;
  /** What was looked at row by row. */
  readonly filtered: string;
  readonly rowsRemoved: number;
  readonly rowsExpected: number;
}

export interface InnerPlans {
  /** The texts of all statements that ran, inner ones first. */
  readonly statements: readonly string[];
  /** Every scan that ran, in any of them. */
  readonly scans: readonly RunScan[];
  /** Blocks that the outer statement and all in it read, found in memory or not. */
  readonly blocks: number;
}

const planNode = z.object({
  'Relation Name': z.string().optional(),
  Alias: z.string().optional(),
  'Index Name': z.string().optional(),
  'Index Cond': z.string().default(''),
  Filter: z.string().default(''),
  'Rows Removed by Filter': z.number().default(0),
  'Plan Rows': z.number(),
  'Actual Loops': z.number(),
  'Shared Hit Blocks': z.number().default(0),
  'Shared Read Blocks': z.number().default(0),
  get Plans() {
    return z.array(planNode).default([]);
  },
});
type PlanNode = z.infer<typeof planNode>;

const logged = z.object({ 'Query Text': z.string(), Plan: planNode });

function nodesOf(plan: PlanNode): readonly PlanNode[] {
  return [plan, ...plan.Plans.flatMap(nodesOf)];
}

const setUp = `
  load 'auto_explain';
  set auto_explain.log_min_duration = 0;
  set auto_explain.log_nested_statements = on;
  set auto_explain.log_analyze = on;
  set auto_explain.log_timing = off;
  set auto_explain.log_buffers = on;
  set auto_explain.log_format = json;
  set auto_explain.log_level = notice;
  set client_min_messages = warning`;

/**
 * What runs inside of the functions that a statement calls, where EXPLAIN of the statement does not reach. With plans
 * for any value of their parameters, so that a condition which is an index condition only once they are filled in does
 * not pass; or as in a session that has made the call some times.
 */
export async function plansInside(
  db: TestDatabase,
  actor: Actor | 'the owner',
  statement: string,
  plans: 'for any value' | 'as in a session' = 'for any value',
): Promise<InnerPlans> {
  const client = await connect(db.url, 'inner plans');
  const notices: string[] = [];
  client.on('notice', ({ message }) => {
    notices.push(message ?? '');
  });
  try {
    await client.query(setUp);
    if (actor === 'the owner') {
      await client.query('set role stoa_owner; begin');
    } else {
      await client.query('set session authorization stoa_gateway; begin');
      await client.query(`select set_config('role', $1, true), set_config('stoa.user_id', $2, true)`, [
        actor.role,
        actor.userId ?? '',
      ]);
    }
    if (plans === 'for any value') await client.query('set local plan_cache_mode = force_generic_plan');
    // The first also fills caches; from the sixth on the server may take a plan for any value.
    for (let turn = 0; turn < (plans === 'for any value' ? 1 : 8); turn += 1) await client.query(statement);
    await client.query('set local client_min_messages = notice');
    await client.query(statement);
    const explained = notices.flatMap((message) => {
      const start = message.indexOf('plan:\n');
      return start === -1 ? [] : [logged.parse(JSON.parse(message.slice(start + 'plan:\n'.length)))];
    });
    const outer = explained.at(-1)?.Plan;
    if (outer === undefined) throw new Error('auto_explain told nothing');
    return {
      statements: explained.map((plan) => plan['Query Text']),
      scans: explained
        .flatMap(({ Plan }) => nodesOf(Plan))
        .filter((node) => node['Actual Loops'] > 0)
        .flatMap((node) => {
          const relation = node['Relation Name'] ?? node.Alias;
          if (relation === undefined) return [];
          return [
            {
              relation,
              index: node['Index Name'],
              sought: node['Index Cond'],
              filtered: node.Filter,
              rowsRemoved: node['Rows Removed by Filter'] * node['Actual Loops'],
              rowsExpected: node['Plan Rows'],
            },
          ];
        }),
      blocks: outer['Shared Hit Blocks'] + outer['Shared Read Blocks'],
    };
  } finally {
    await client.end();
  }
}
