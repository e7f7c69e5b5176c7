import { beforeAll, describe, expect, it } from 'vitest';
import { loadDemo } from '../../src/demo/index.ts';
import { checkInvariants, listInvariants } from '../../src/doctor/invariants.ts';
import { type TestDatabase, testDatabase } from '../harness/index.ts';
import { breakages } from './breakages.ts';

const argon2 = { memoryKiB: 64, passes: 2, parallelism: 1, concurrency: 2, queue: 32 };

interface Offence {
  readonly subject: string;
  readonly expected: string;
  readonly found: string;
}

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
  await loadDemo({ databaseUrl: db.url, password: 'x', argon2 });
});

describe('the invariants of a community', () => {
  it('all hold after the demo was loaded', async () => {
    const results = await checkInvariants({ databaseUrl: db.url });
    expect(results.filter(({ state }) => state !== 'holds')).toEqual([]);
    expect(results.length).toBeGreaterThan(50);
  });

  it('have a breakage each, so that a new one cannot come without a proof that it sees something', async () => {
    const names = (await listInvariants({ databaseUrl: db.url })).map(({ name }) => name);
    expect(Object.keys(breakages).sort()).toEqual([...names].sort());
  });

  it.each(Object.entries(breakages))('%s is seen to break', async (name, { sql, repair }) => {
    const client = await db.pool.connect();
    try {
      await client.query('begin');
      const { rows } = await client.query<{ query: string }>(
        'select query from ops.invariants where name = $1',
        [name],
      );
      const offences = async (): Promise<readonly Offence[]> =>
        (await client.query<Offence>(rows[0]?.query ?? '')).rows;
      expect(await offences()).toEqual([]);

      await client.query('set local session_replication_role = replica');
      await client.query(sql);
      const found = await offences();
      expect(found.length).toBeGreaterThan(0);
      for (const offence of found) {
        expect(Object.keys(offence)).toEqual(['subject', 'expected', 'found']);
        expect(Object.values(offence).every((text) => typeof text === 'string')).toBe(true);
        expect(offence.expected).not.toBe(offence.found);
      }
      if (repair === undefined) return;
      await client.query('set local session_replication_role = origin');
      await client.query(repair);
      expect(await offences()).toEqual([]);
    } finally {
      await client.query('rollback');
      client.release();
    }
  });
});

describe('the examination', () => {
  it('tells how many rows break an invariant and shows the first of them', async () => {
    const place = await testDatabase();
    await loadDemo({ databaseUrl: place.url, password: 'x', argon2, scale: 0.2 });
    await place.query('update forums.forums set post_count = post_count + 1');
    const results = await checkInvariants({ databaseUrl: place.url, only: ['forums.forums'], examples: 2 });
    expect(results.map(({ name, state, offences }) => [name, state, offences])).toEqual([
      ['forums.forums.last_post', 'holds', 0],
      ['forums.forums.post_count', 'broken', 5],
      ['forums.forums.subscriber_count', 'holds', 0],
    ]);
    expect(results[1]?.examples).toHaveLength(2);
    expect(Number(results[1]?.examples[0]?.found)).toBe(Number(results[1]?.examples[0]?.expected) + 1);
  });

  it('says that a query cannot be answered, and answers the others', async () => {
    const place = await testDatabase();
    await place.query(
      `insert into ops.invariants (name, module, description, query)
       values
         ('core.a.slow', 'core', 'Takes too long.', 'select pg_sleep(30)::text as subject, '''' as expected, '''' as found'),
         ('core.b.writes', 'core', 'Writes.', 'select ops.ensure_partitions(null, now() + interval ''2 years'') as subject, '''' as expected, '''' as found'),
         ('core.c.odd', 'core', 'Names no table.', 'select 1 from nowhere')`,
    );
    const results = await checkInvariants({ databaseUrl: place.url, only: ['core'], timeoutMs: 200 });
    const unknown = results.filter(({ state }) => state === 'unknown');
    expect(unknown.map(({ name }) => name)).toEqual(['core.a.slow', 'core.b.writes', 'core.c.odd']);
    expect(unknown.map(({ failure }) => failure)).toEqual([
      'stopped after 0.2 s',
      expect.stringMatching(/read-only transaction/),
      'relation "nowhere" does not exist',
    ]);
    expect(results.filter(({ state }) => state === 'holds').map(({ name }) => name)).toEqual([
      'core.presence.visibility',
      'core.profiles.visibility',
    ]);
  });

  it('refuses a name that nothing is registered under', async () => {
    await expect(checkInvariants({ databaseUrl: db.url, only: ['forums', 'forum'] })).rejects.toMatchObject({
      code: 'doctor.unknown_invariant',
    });
  });

  it('leaves out the modules that are not there', async () => {
    const place = await testDatabase();
    await place.query(`delete from ops.invariants where module <> 'core'`);
    const results = await checkInvariants({ databaseUrl: place.url });
    expect(new Set(results.map(({ module }) => module))).toEqual(new Set(['core']));
  });
});

describe('the list of invariants', () => {
  it('is closed to every role of the API and to the worker', async () => {
    const { rows } = await db.query(
      `select role.name
       from unnest(array['stoa_anonymous', 'stoa_member', 'stoa_moderator', 'stoa_admin', 'stoa_auth', 'stoa_gateway', 'stoa_worker'])
         as role (name)
       where has_table_privilege(role.name, 'ops.invariants', 'select, insert, update, delete')`,
    );
    expect(rows).toEqual([]);
  });
});
