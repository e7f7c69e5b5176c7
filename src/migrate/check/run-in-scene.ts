import type { Client } from 'pg';
import { type Measurement, measureInTransaction } from '../plan/measure.ts';
import { measureOutsideTransaction, tablesOf } from '../plan/measure-concurrent.ts';
import { takeSnapshot } from '../plan/snapshot.ts';
import { type Statement, splitStatements } from '../split.ts';
import { runsInTransaction } from '../traits.ts';
import { namedRelations } from './ast.ts';
import { sceneSql } from './scene.ts';

export interface MeasuredStatement {
  readonly statement: Statement;
  readonly measurement: Measurement;
}

/** Connections on which the scene stands as it was raised: what was rolled back has left nothing. */
const untouched = new WeakSet<Client>();

/**
 * Puts the scene up, and on it what a statement needs besides. The client acts as the owner of everything and stands
 * outside a transaction.
 */
export async function raiseScene(client: Client, setup?: string): Promise<void> {
  if (!untouched.has(client)) await client.query(`drop schema if exists app cascade; ${sceneSql}`);
  untouched.add(client);
  if (setup === undefined) return;
  untouched.delete(client);
  await client.query(setup);
}

/**
 * Runs a script of the scene as the engine would run a migration: one transaction, or statement by statement when one
 * of them cannot run inside a transaction. One transaction is rolled back in the end, unless what it did is to be kept.
 */
export async function runInScene(
  client: Client,
  databaseUrl: string,
  script: string,
  options: { readonly keep: boolean } = { keep: false },
): Promise<readonly MeasuredStatement[]> {
  const statements = await splitStatements(script, { path: 'example', line: 1 });
  const isTransactional = statements.every(({ node }) => runsInTransaction(node));
  if (!isTransactional || options.keep) untouched.delete(client);
  const measured: MeasuredStatement[] = [];
  let before = await takeSnapshot(client);
  if (isTransactional) await client.query('begin');
  try {
    for (const statement of statements) {
      const inside = isTransactional || runsInTransaction(statement.node);
      if (!isTransactional && inside) await client.query('begin');
      const { measurement, after } = inside
        ? await measureInTransaction(client, statement.text, before)
        : await measureOutsideTransaction(
            databaseUrl,
            client,
            statement.text,
            await tablesOf(client, namedRelations(statement.node)),
            before,
          );
      if (!isTransactional && inside) await client.query('commit');
      before = after;
      measured.push({ statement, measurement });
    }
    if (options.keep && isTransactional) await client.query('commit');
  } finally {
    await client.query('rollback');
  }
  return measured;
}
