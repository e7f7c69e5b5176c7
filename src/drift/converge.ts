import pg, { type Client } from 'pg';
import type { Drift, Portrait } from './compare.ts';
import { drift, portray } from './compare.ts';
import { schemaOf } from './identity.ts';
import { writerOf } from './writers/index.ts';
import type { Sides } from './writers/writer.ts';

export interface WrittenStatement {
  readonly sql: string;
  /** The schema that it is about; undefined where it is about none. */
  readonly schema: string | undefined;
}

/** A difference for which no statement was found that a migration could run. */
export interface Refused {
  readonly difference: Drift;
  readonly reason: string;
}

export interface Convergence {
  readonly statements: readonly WrittenStatement[];
  readonly refused: readonly Refused[];
}

interface Pending {
  readonly difference: Drift;
  readonly variants: readonly (readonly string[])[];
  error?: string;
}

const mostRounds = 6;

/** What takes back, in the live database, what no migration may do; undefined where that is not one statement. */
function takenBack(sql: readonly string[]): string | undefined {
  for (const statement of sql) {
    const owner = /^(alter .+ owner to) \S+$/.exec(statement)?.[1];
    if (owner !== undefined) return `${owner} stoa_owner;`;
    const [, kind, name] = /^create (event trigger|publication) ("(?:[^"]|"")*"|\S+)/.exec(statement) ?? [];
    if (kind !== undefined) return `drop ${kind} ${name};`;
  }
  return undefined;
}

/** A retry can help where something else must come or go first: it does not exist, or others depend on it. */
function explain(error: unknown, sql: readonly string[]): string {
  if (!(error instanceof pg.DatabaseError)) throw error;
  if (error.code === '42501') {
    const back = takenBack(sql);
    const cure = back === undefined ? '' : `; taken back in the live database with: ${back}`;
    return `${error.message}: a migration runs as stoa_owner, which may not do that${cure}`;
  }
  return error.detail === undefined
    ? error.message
    : `${error.message}: ${error.detail.replaceAll('\n', '; ')}`;
}

/**
 * Changes `sides.from`, a database that may be spoiled, until it looks like `target`, and answers with the statements
 * that did it, in an order that PostgreSQL accepted. What was dropped along the way (the comment of an index that is
 * made anew) shows as a difference in the next round and is put back.
 */
export async function converge(
  sides: Sides,
  target: Portrait,
  leaveOut: ReadonlySet<string> = new Set(),
): Promise<Convergence> {
  const statements: WrittenStatement[] = [];
  const reasons = new Map<string, string>();
  const keyOf = ({ kind, identity }: Drift): string => `${kind} ${identity}`;
  let left: readonly Drift[] = [];
  for (let round = 1; round <= mostRounds; round += 1) {
    const now = await portray(sides.from);
    left = drift(now, target).filter(({ id }) => !leaveOut.has(id));
    if (left.length === 0) break;
    const pending: Pending[] = [];
    reasons.clear();
    for (const difference of left) {
      const { steps, refusal } = await writerOf(difference.kind)(difference, sides);
      if (refusal !== undefined) reasons.set(keyOf(difference), refusal);
      for (const { sql, otherwise } of steps) {
        pending.push({ difference, variants: otherwise === undefined ? [sql] : [sql, otherwise] });
      }
    }
    const done = await runInSomeOrder(sides.from, pending);
    for (const { difference, sql } of done.executed) {
      statements.push({ sql, schema: schemaOf(difference.kind, difference.identity) });
    }
    for (const { difference, error } of done.failed) reasons.set(keyOf(difference), error ?? '');
    if (done.executed.length === 0) break;
    if (round === mostRounds)
      left = drift(await portray(sides.from), target).filter(({ id }) => !leaveOut.has(id));
  }
  return {
    statements,
    refused: left.map((difference) => ({
      difference,
      reason: reasons.get(keyOf(difference)) ?? 'no statement was found that leads there',
    })),
  };
}

/** Tries what is left again after everything that worked, until nothing works any more. */
async function runInSomeOrder(
  client: Client,
  pending: readonly Pending[],
): Promise<{
  readonly executed: readonly { readonly difference: Drift; readonly sql: string }[];
  readonly failed: readonly Pending[];
}> {
  const executed: { difference: Drift; sql: string }[] = [];
  let rest = [...pending];
  await client.query('begin; set local check_function_bodies = off');
  try {
    for (;;) {
      const failed: Pending[] = [];
      for (const step of rest) {
        const ran = await tryVariants(client, step);
        if (ran) executed.push(...ran.map((sql) => ({ difference: step.difference, sql })));
        else failed.push(step);
      }
      if (failed.length === 0 || failed.length === rest.length) {
        await client.query('commit');
        return { executed, failed };
      }
      rest = failed;
    }
  } catch (error) {
    await client.query('rollback');
    throw error;
  }
}

async function tryVariants(client: Client, step: Pending): Promise<readonly string[] | undefined> {
  for (const variant of step.variants) {
    await client.query('savepoint step');
    try {
      for (const sql of variant) await client.query(sql);
      await client.query('release savepoint step');
      return variant;
    } catch (error) {
      await client.query('rollback to savepoint step; release savepoint step');
      step.error = explain(error, variant);
    }
  }
  return undefined;
}
