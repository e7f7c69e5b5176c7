import { beforeAll, describe, expect, test } from 'vitest';
import type { DrillCheck, DrillSubject } from '../../../src/backup/drill/check.ts';
import { constraints } from '../../../src/backup/drill/checks/constraints.ts';
import { contents } from '../../../src/backup/drill/checks/contents.ts';
import { freshness } from '../../../src/backup/drill/checks/freshness.ts';
import { invariants } from '../../../src/backup/drill/checks/invariants.ts';
import { heaps, indexes, visibility } from '../../../src/backup/drill/checks/relations.ts';
import { release, securityPosture } from '../../../src/backup/drill/checks/security-posture.ts';
import { runChecks } from '../../../src/backup/drill/checks.ts';
import { capturePoint, type DrillPoint } from '../../../src/backup/drill/point.ts';
import { loadDemo } from '../../../src/demo/index.ts';
import { connect } from '../../../src/postgres/connect.ts';
import { type TestDatabase, testDatabase } from '../../harness/index.ts';

let db: TestDatabase;
let point: DrillPoint;
beforeAll(async () => {
  db = await testDatabase();
  await loadDemo({
    databaseUrl: db.url,
    password: 'x',
    argon2: { memoryKiB: 64, passes: 2, parallelism: 1, concurrency: 2, queue: 32 },
  });
  await db.query('insert into ops.heartbeat (beat_at) values (now())');
  point = await capturePoint({ url: db.url });
});

async function run(check: DrillCheck, more: Partial<DrillSubject> = {}) {
  const client = await connect(db.url, 'test');
  try {
    const subject: DrillSubject = {
      client,
      url: db.url,
      point,
      log: { files: 1, faults: [] },
      migration: point.migration,
      targetAt: new Date(),
      freshnessSeconds: 600,
      isDeep: false,
      ...more,
    };
    const [result] = await runChecks(subject, [check]);
    return result ?? { state: 'failed', findings: ['no result'], evidence: {} };
  } finally {
    await client.end();
  }
}

/** Does the harm past every trigger and foreign key, as damage does. */
async function harm(sql: string): Promise<void> {
  await db.query(`set session_replication_role = replica; ${sql}; reset session_replication_role`);
}

test('a point tells of every critical table, and of who may do what', () => {
  expect(Object.keys(point.tables).length).toBeGreaterThan(50);
  expect(point.tables['core.users']?.rows).toBeGreaterThan(10);
  expect(
    Object.keys(point.security).filter((subject) => subject.startsWith('policy ')).length,
  ).toBeGreaterThan(100);
  expect(point.restorePoint).toMatch(/^stoa_drill_/);
});

describe('nothing is found in a database that is whole, by', () => {
  test.each(
    [release, securityPosture, contents, heaps, indexes, visibility, constraints, freshness, invariants].map(
      (check) => [check.name, check] as const,
    ),
  )('%s', async (_name, check) => {
    const found = await run(check);
    expect(found.findings).toEqual([]);
    expect(found.state).toBe('passed');
    expect(Object.keys(found.evidence)).not.toEqual([]);
  });

  test('the deep walk through every index', async () => {
    expect(await run(indexes, { isDeep: true })).toMatchObject({
      state: 'passed',
      evidence: { isDeep: true },
    });
  });
});

describe('each check sees what it is there for:', () => {
  test('a row that is gone, and one that is another', async () => {
    await harm(`delete from forums.posts where id = (select id from forums.posts order by id limit 1)`);
    expect((await run(contents)).findings).toEqual([
      expect.stringMatching(/^forums\.posts has \d+ rows, and had/),
    ]);
    await harm(
      `update core.users set username = username || 'x' where id = (select id from core.users order by id limit 1)`,
    );
    expect((await run(contents)).findings).toContainEqual(
      expect.stringContaining('core.users has as many rows as it had'),
    );
    expect(await run(contents, { point: undefined })).toMatchObject({ state: 'skipped' });
  });

  test('a row that points at nothing, a constraint that was never validated, a sequence that is behind', async () => {
    const found = await run(constraints);
    expect(found.findings).toContainEqual(expect.stringMatching(/rows point at nothing in forums\.posts/));
    await db.query(`
      alter table ops.heartbeat add constraint doubtful check (beat_at > '2000-01-01') not valid;
      create table ops.counted (id bigint generated always as identity);
      insert into ops.counted overriding system value values (10);
    `);
    const more = (await run(constraints)).findings;
    expect(more).toContainEqual('ops.heartbeat, doubtful is not validated');
    expect(more).toContainEqual('ops.counted_id_seq is behind ops.counted.id');
    await db.query('alter table ops.heartbeat drop constraint doubtful; drop table ops.counted');
  });

  test('a policy that is gone, row security that is off, a grant too many, a role that may more', async () => {
    const { rows } = await db.query<{ name: string }>(
      `select policyname as name from pg_policies where schemaname = 'messaging' and tablename = 'messages' order by 1 limit 1`,
    );
    await db.query(`
      drop policy "${rows[0]?.name}" on messaging.messages;
      alter table core.users disable row level security;
      grant select on auth.sessions to stoa_anonymous;
    `);
    const { findings } = await run(securityPosture);
    expect(findings).toContain(`policy messaging.messages/${rows[0]?.name} is gone`);
    expect(findings).toContain('row security of core.users is another');
    expect(findings).toContain('grants on auth.sessions is another');
    expect(findings).toHaveLength(3);
  });

  test('another migration and another extension', async () => {
    await db.query('create extension if not exists pgstattuple');
    expect(
      await run(release, {
        point: { ...point, migration: '1_other', extensions: { ...point.extensions, pgstattuple: '0.1' } },
      }),
    ).toMatchObject({
      state: 'failed',
      findings: [
        expect.stringMatching(/^the newest migration is .+, and was 1_other$/),
        expect.stringMatching(/^extension pgstattuple is .+, and was 0\.1$/),
      ],
    });
  });

  test('a heartbeat that is too old', async () => {
    const targetAt = new Date(Date.now() + 3_600_000);
    expect(await run(freshness, { targetAt })).toMatchObject({
      state: 'failed',
      findings: [expect.stringMatching(/^the last heartbeat is 3\d{3} s older/)],
    });
    await db.query('delete from ops.heartbeat');
    expect(await run(freshness)).toMatchObject({ state: 'skipped' });
  });

  test('a counter that does not agree', async () => {
    await harm(
      `update forums.posts set comment_count = comment_count + 1 where id = (select max(id::text)::uuid from forums.posts)`,
    );
    expect((await run(invariants)).findings).toContainEqual(
      expect.stringMatching(/^forums\.posts\.comment_count: 1 rows? break/),
    );
  });

  test('an index that misses a row, and one that was never finished', async () => {
    await db.query(`
      create table ops.numbers as select n from generate_series(1, 1000) as n;
      create function ops.lies(n integer) returns integer language sql immutable as 'select n';
      create index numbers_lies on ops.numbers (ops.lies(n));
      create index numbers_plain on ops.numbers (n);
      update pg_index set indisvalid = false where indexrelid = 'ops.numbers_plain'::regclass;
      create or replace function ops.lies(n integer) returns integer language sql immutable as 'select -n';
    `);
    const { findings } = await run(indexes);
    expect(findings).toContain('ops.numbers_plain is not valid');
    expect(findings).toContainEqual(
      expect.stringMatching(/^ops\.numbers_lies: heap tuple .* lacks matching index tuple/),
    );
    await db.query('drop table ops.numbers; drop function ops.lies');
  });

  test('a check that cannot be carried out has failed', async () => {
    const broken: DrillCheck = {
      name: 'x',
      shows: 'x',
      run: async () => Promise.reject(new Error('no such thing')),
    };
    expect(await run(broken)).toMatchObject({ state: 'failed', findings: ['no such thing'] });
  });
});
