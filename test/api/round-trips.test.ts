import type { Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { oneRoundTrip, preparedStatements } from '../../src/api/round-trips.ts';
import { createPool } from '../../src/postgres/connect.ts';
import { createUser, type TestDatabase, testDatabase } from '../harness/index.ts';
import { startTestApi, type TestApi } from './api.ts';
import { createForum } from './community.ts';
import { openWire, type Traffic, type Wire } from './wire.ts';

let db: TestDatabase;
let wire: Wire;
let api: TestApi;
let memberId: string;
let token: string;

beforeAll(async () => {
  db = await testDatabase();
  memberId = await createUser(db, { username: 'reader' });
  const forum = await createForum(db, { slug: 'square', ownerId: memberId, posts: 30 });
  await db.query(
    `insert into forums.comments (id, post_id, author_id, path, content)
     select id, post_id, $2, array[id], 'a word'
     from (select core.uuidv7() as id, p.id as post_id from forums.posts as p where p.forum_id = $1) as made`,
    [forum.id, memberId],
  );
  wire = await openWire(db.url);
  afterAll(() => wire.close());
  api = await startTestApi({ ...db, urlFor: (role) => wire.through(db.urlFor(role)) });
  token = await api.signIn(memberId);
});

const feed = `query Feed($slug: String!) { forumBySlug(slug: $slug) { name posts(orderBy: HOT, first: 25) { nodes {
  title score commentCount myVote author { username } forum { slug }
  comments(first: 3) { nodes { content author { username } } } } } } }`;

/** What a request costs whose operation was asked for on each connection before. */
async function costOf(query: string, asked: { readonly token?: string } = {}): Promise<Traffic> {
  const request = async () => {
    const { data, errors } = await api.ask(query, { ...asked, variables: { slug: 'square' } });
    expect(errors).toEqual([]);
    return data;
  };
  await request();
  return wire.during(request);
}

describe('a request costs as many round trips to the database as it has to', () => {
  it('the nested feed of a visitor: one, for its settings and one statement', async () => {
    expect(await costOf(feed)).toEqual({ roundTrips: 1, executed: 2, parsed: 0 });
  });

  it('the nested feed of a member: one more, which asks whose session it is', async () => {
    expect(await costOf(feed, { token })).toEqual({ roundTrips: 2, executed: 3, parsed: 0 });
  });

  it('one for each field of the root', async () => {
    const query = `query ($slug: String!) {
      forumBySlug(slug: $slug) { name } posts(orderBy: HOT, first: 5) { nodes { title } } forums(first: 5) { nodes { name } }
    }`;
    const { roundTrips, executed } = await costOf(query);
    expect([roundTrips, executed]).toEqual([3, 6]);
  });

  it('a mutation: one for what it does, one for what is read afterwards', async () => {
    const query = `mutation ($slug: String!) { createForum(input: { slug: $slug, name: "A place" }) { forum { name } } }`;
    const ask = (slug: string) => api.ask(query, { token, variables: { slug } });
    await ask('first-place');
    const { roundTrips } = await wire.during(async () => {
      expect((await ask('second-place')).errors).toEqual([]);
    });
    expect(roundTrips).toBeLessThanOrEqual(3);
  });
});

describe('what runs under settings in one round trip', () => {
  let pool: Pool;
  const settings = { role: 'stoa_member', 'stoa.user_id': '11111111-1111-7111-8111-111111111111' };
  const who = "select current_user::text as role, current_setting('stoa.user_id', true) as person";

  beforeAll(async () => {
    pool = createPool(db.url, { applicationName: 'round trips', max: 1 });
    afterAll(() => pool.end());
    await pool.query(`
      create temp table notes (id integer, constraint once unique (id) deferrable initially deferred);
      grant all on notes to public`);
  });

  const notes = async () => (await pool.query<{ id: number }>('select id from notes order by id')).rows;
  const under = <Result>(
    work: Parameters<ReturnType<typeof oneRoundTrip>>[1],
    own: Record<string, string> = settings,
  ) => oneRoundTrip(pool)(own, work) as Promise<Result>;

  it('sees them, and leaves none of them on the connection', async () => {
    const inside = await under<{ rows: unknown[] }>((client) => client.query({ text: who }));
    expect(inside.rows).toEqual([{ role: 'stoa_member', person: settings['stoa.user_id'] }]);
    const { rows } = await pool.query<{ role: string; person: string }>(who);
    expect(rows[0]?.role).not.toBe('stoa_member');
    expect(rows[0]?.person ?? '').toBe('');
  });

  it('is committed', async () => {
    await under((client) => client.query({ text: 'insert into notes values ($1)', values: [1] }));
    expect(await notes()).toEqual([{ id: 1 }]);
  });

  it('never runs where one of the settings is refused', async () => {
    const refused = under((client) => client.query({ text: 'insert into notes values (2)' }), {
      'stoa.user_id': '',
      role: 'no_such_role',
    });
    await expect(refused).rejects.toMatchObject({ code: '22023' });
    expect(await notes()).toEqual([{ id: 1 }]);
  });

  it('is undone where it fails, also as late as at the commit, and the connection goes on', async () => {
    const failed = under((client) =>
      client.query({ text: 'insert into notes select 1 / n from (values (1), (0)) as v (n)' }),
    );
    await expect(failed).rejects.toMatchObject({ code: '22012' });
    const late = under((client) => client.query({ text: 'insert into notes values (1)' }));
    await expect(late).rejects.toMatchObject({ code: '23505' });
    expect(await notes()).toEqual([{ id: 1 }]);
    const { rows } = await pool.query<{ role: string }>(who);
    expect(rows[0]?.role).not.toBe('stoa_member');
  });

  it('is given up after its time', async () => {
    const slow = under((client) => client.query({ text: 'select pg_sleep(60)' }), {
      ...settings,
      statement_timeout: '50',
    });
    await expect(slow).rejects.toMatchObject({ code: '57014' });
    const { rows } = await pool.query<{ statement_timeout: string }>('show statement_timeout');
    expect(rows[0]?.statement_timeout).toBe('0');
  });

  it('in a transaction of several statements, all of them are under the settings and undone together', async () => {
    const people: unknown[] = [];
    const broken = under((client) =>
      client.withTransaction(async (inside) => {
        people.push(...(await inside.query({ text: who })).rows);
        await inside.query({ text: 'insert into notes values (3)' });
        await expect(
          inside.withTransaction(async (within) => {
            await within.query({ text: 'insert into notes values (4)' });
            await within.query({ text: 'select 1 / 0' });
          }),
        ).rejects.toMatchObject({ code: '22012' });
        people.push(...(await inside.query({ text: who })).rows);
        expect((await inside.query({ text: 'select id from notes order by id' })).rows).toEqual([
          { id: 1 },
          { id: 3 },
        ]);
        throw new Error('enough');
      }),
    );
    await expect(broken).rejects.toThrow('enough');
    expect(people).toEqual(Array(2).fill({ role: 'stoa_member', person: settings['stoa.user_id'] }));
    expect(await notes()).toEqual([{ id: 1 }]);
    await under((client) =>
      client.withTransaction((inside) => inside.query({ text: 'insert into notes values (5)' })),
    );
    expect(await notes()).toEqual([{ id: 1 }, { id: 5 }]);
    const { rows } = await pool.query<{ role: string }>(who);
    expect(rows[0]?.role).not.toBe('stoa_member');
  });

  const prepared = async () =>
    (
      await pool.query<{ name: string }>(
        "select name from pg_prepared_statements where statement not like 'select from (select set_config%'",
      )
    ).rows.map(({ name }) => name);

  it('is prepared once for each role, because a plan under row security is of a role', async () => {
    const query = { text: 'select 1 as one', name: 'one' };
    for (const role of ['stoa_member', 'stoa_anonymous', 'stoa_member', 'stoa_anonymous']) {
      await under((client) => client.query(query), { role });
    }
    expect((await prepared()).sort()).toEqual(['stoa_anonymous one', 'stoa_member one']);
  });

  it('is forgotten where too many others were prepared since, and prepared again when it is asked for', async () => {
    const ask = (number: number) =>
      under<{ rows: unknown[] }>((client) =>
        client.query({ text: `select ${number} as n`, name: `number ${number}` }),
      );
    for (let number = 1; number <= preparedStatements + 5; number += 1) await ask(number);
    const kept = await prepared();
    expect(kept).toHaveLength(preparedStatements);
    expect(kept).not.toContain('stoa_member number 1');
    expect((await ask(1)).rows).toEqual([{ n: 1 }]);
    expect(await prepared()).toContain('stoa_member number 1');
    expect(await prepared()).toHaveLength(preparedStatements);
  });
});
