import type { Client } from 'pg';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { namedRelations } from '../../../src/migrate/check/ast.ts';
import { checkFile, type Finding } from '../../../src/migrate/check/check.ts';
import { type CorpusStatement, corpus } from '../../../src/migrate/check/corpus.ts';
import { predictedLocks } from '../../../src/migrate/check/locks.ts';
import { type MeasuredStatement, raiseScene, runInScene } from '../../../src/migrate/check/run-in-scene.ts';
import { sceneWorld } from '../../../src/migrate/check/scene.ts';
import type { World } from '../../../src/migrate/check/world.ts';
import { breakagesOf } from '../../../src/migrate/plan/breakages.ts';
import { effectOf, makesWait } from '../../../src/migrate/plan/classify.ts';
import { splitStatements } from '../../../src/migrate/split.ts';
import { connect } from '../../../src/postgres/connect.ts';
import { measuredLocks } from '../plan/measured-locks.ts';
import { createScratch, dropScratch } from './scratch.ts';

let url: string;
let client: Client;
/** Of each statement of the corpus that can be run. */
const measured = new Map<string, readonly MeasuredStatement[]>();

beforeAll(async () => {
  url = await createScratch(inject('serverUrl'));
  client = await connect(url, 'test');
  for (const { sql, setup, notRun } of corpus) {
    if (notRun !== undefined) continue;
    await raiseScene(client, setup);
    measured.set(sql, await runInScene(client, url, sql));
  }
});
afterAll(async () => {
  await client.end();
  await dropScratch(inject('serverUrl'), url);
});

async function world(setup: string | undefined): Promise<World> {
  const known = await sceneWorld();
  for (const { node } of await splitStatements(setup ?? '', { path: 'setup', line: 1 }))
    known.learn(node, false);
  return known;
}

async function check({ sql, setup }: Pick<CorpusStatement, 'sql' | 'setup'>): Promise<readonly Finding[]> {
  const statements = await splitStatements(sql, { path: 'corpus.sql', line: 1 });
  const file = { file: 'corpus.sql', up: { text: sql, line: 1 } };
  return (await checkFile(file, statements, await world(setup), '2030-01-01')).findings;
}

/** Why a statement is dangerous on a database that is in use; by what it did, not by what is known of it. */
function dangers({ statement, measurement }: MeasuredStatement): readonly string[] {
  const effect = effectOf(measurement);
  const named = namedRelations(statement.node);
  return [
    ...(effect === 'scans' || effect === 'rewrites' ? [`it ${effect} while others wait`] : []),
    ...breakagesOf(measurement.changes),
    ...measurement.locks
      .filter((lock) => makesWait(lock) && !isNamed(lock.relation, named))
      .map(({ relation, mode }) => `it takes ${mode} on ${relation}, which it does not name`),
    ...measurement.written
      .filter(({ rows }) => rows >= 1000)
      .map(({ relation }) => `it writes every row of ${relation}`),
  ];
}

/** `app.t` is named by `drop trigger x on app.t` as well, which the parser gives as app.t.x. */
function isNamed(relation: string, named: readonly string[]): boolean {
  return named.some((name) => name === relation || name.startsWith(`${relation}.`));
}

it('flags every statement of the corpus that is dangerous by measurement', async () => {
  const unflagged: unknown[] = [];
  const dangerous: string[] = [];
  for (const statement of corpus) {
    const found = (measured.get(statement.sql) ?? []).flatMap(dangers);
    if (found.length === 0) continue;
    dangerous.push(statement.sql);
    const findings = await check(statement);
    if (!findings.some(({ level }) => level !== 'note')) unflagged.push({ sql: statement.sql, found });
  }
  expect(unflagged).toEqual([]);
  // The test would prove nothing if measuring found no danger.
  expect(dangerous.length).toBeGreaterThan(30);
});

it('flags what no measurement shows: rights, programs, roles, settings of the server', async () => {
  const expected = new Map([
    ['alter table app.t disable row level security', 'row-security-off'],
    ['create policy p on app.t using (true)', 'policy-for-everybody'],
    ['grant all on app.t to public', 'grant-to-public'],
    [
      "create function app.f() returns int language sql security definer as 'select 1'",
      'definer-without-search-path',
    ],
    ["alter system set work_mem='1GB'", 'server-wide'],
    ["copy app.t from program 'rm -rf /'", 'server-wide'],
    ['alter role x superuser', 'server-wide'],
    ['set session_replication_role = replica', 'triggers-off'],
    ['alter table app.t disable trigger all', 'triggers-off'],
    ['lock table app.t in access exclusive mode', 'lock-table'],
    ['alter table app.t set tablespace x', 'rewrites-table'],
    ['alter table app.t add column j json', 'json-column'],
    ['create table app.nopk (a text)', 'table-without-primary-key'],
  ]);
  for (const [sql, rule] of expected) {
    expect(corpus.map((each) => each.sql)).toContain(sql);
    expect(
      (await check({ sql })).map((finding) => finding.rule),
      sql,
    ).toContain(rule);
  }
});

it('leaves harmless statements of the corpus alone', async () => {
  const harmless = [
    'alter table app.t enable row level security',
    'alter table app.t alter column a set default 5',
    "comment on table app.t is 'x'",
    'alter table app.t set (fillfactor=50)',
    "create type app.e as enum ('a')",
    'create index concurrently i1 on app.t(a); create index concurrently i2 on app.t(b)',
  ];
  for (const sql of harmless) {
    expect(corpus.map((each) => each.sql)).toContain(sql);
    expect(
      (await check({ sql })).filter(({ level }) => level !== 'note'),
      sql,
    ).toEqual([]);
  }
});

it('predicts the locks that are measured, or flags the statement', async () => {
  const wrong: unknown[] = [];
  /** Locks that the text does not tell: `do` blocks, what CASCADE finds, a DEFAULT partition. */
  const untold = new Set<string>();
  const compare = (sql: string, known: World, [first]: readonly MeasuredStatement[]): void => {
    if (!first) return;
    const predicted = predictedLocks(first.statement.node, known);
    const found = new Map(first.measurement.locks.map(({ relation, mode }) => [relation, mode]));
    for (const { relation, mode } of predicted) {
      if (found.get(relation) !== mode) wrong.push({ sql, relation, mode, measured: found.get(relation) });
    }
    for (const lock of first.measurement.locks) {
      if (makesWait(lock) && !predicted.some(({ relation }) => relation === lock.relation)) untold.add(sql);
    }
  };
  const all = [...corpus, ...measuredLocks];
  for (const { sql, setup } of corpus) compare(sql, await world(setup), measured.get(sql) ?? []);
  for (const { sql, setup } of measuredLocks) {
    await raiseScene(client, setup);
    compare(sql, await world(setup), await runInScene(client, url, sql));
  }
  expect(wrong).toEqual([]);
  for (const sql of untold) {
    const statement = all.find((each) => each.sql === sql);
    const findings = statement ? await check(statement) : [];
    expect(
      findings.map(({ level }) => level),
      sql,
    ).toContainEqual(expect.stringMatching(/error|warning/));
  }
});
