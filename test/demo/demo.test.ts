import { beforeAll, describe, expect, it } from 'vitest';
import { PasswordHashes } from '../../src/auth/password-hashes.ts';
import { Chance } from '../../src/demo/chance.ts';
import { demoUsername, loadBase, loadDemo } from '../../src/demo/index.ts';
import { type TestDatabase, testDatabase } from '../harness/index.ts';

/** Cheap on purpose: what is tested is the demo, not the hash. */
const argon2 = { memoryKiB: 64, passes: 2, parallelism: 1, concurrency: 2, queue: 32 };
const now = new Date('2026-11-01T12:00:00Z');

async function facts(db: TestDatabase): Promise<unknown> {
  const { rows } = await db.query(`
    select
      (select count(*) from core.users where not is_system)::int as people,
      (select count(distinct (least(user_id, friend_id), greatest(user_id, friend_id))) from social.friendships)::int as pairs,
      (select count(*) from forums.forums)::int as forums,
      (select count(*) from forums.posts)::int as posts,
      (select count(*) from forums.comments)::int as comments,
      (select count(*) from forums.post_votes)::int as votes`);
  return rows[0];
}

describe('the base', () => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await testDatabase();
  });

  it('is three forums of an account that nobody can sign in as, and is added once', async () => {
    expect(await loadBase({ databaseUrl: db.url })).toEqual({ forums: 3 });
    expect(await loadBase({ databaseUrl: db.url })).toEqual({ forums: 0 });
    const { rows } = await db.query(`
      select forum.slug, owner.is_system, forum.min_post_class_id is not null as "staffOnly",
        (select count(*)::int from auth.accounts as account where account.user_id = owner.id) as accounts
      from forums.forums as forum
      join core.users as owner on owner.id = forum.owner_id
      order by forum.position`);
    expect(rows).toEqual([
      { slug: 'announcements', is_system: true, staffOnly: true, accounts: 0 },
      { slug: 'general', is_system: true, staffOnly: false, accounts: 0 },
      { slug: 'help', is_system: true, staffOnly: false, accounts: 0 },
    ]);
  });

  it('leaves what the community has changed', async () => {
    await db.query(`update forums.forums set name = 'Ours now' where slug = 'general'`);
    await db.query(`delete from forums.forums where slug = 'help'`);
    expect(await loadBase({ databaseUrl: db.url })).toEqual({ forums: 1 });
    const { rows } = await db.query(`select name from forums.forums where slug = 'general'`);
    expect(rows).toEqual([{ name: 'Ours now' }]);
  });
});

describe('the demo', () => {
  let db: TestDatabase;
  let first: unknown;
  beforeAll(async () => {
    db = await testDatabase();
    const result = await loadDemo({ databaseUrl: db.url, password: 'correct horse', argon2, now });
    expect(result).toMatchObject({
      isNew: true,
      logins: [{ username: demoUsername, password: 'correct horse' }],
    });
    first = await facts(db);
  });

  it('has fifty people, two hundred different pairs of friends and five forums full of talk', () => {
    expect(first).toMatchObject({ people: 50, pairs: 200, forums: 5 });
    expect(first).toEqual(
      expect.objectContaining({
        posts: expect.any(Number),
        comments: expect.any(Number),
        votes: expect.any(Number),
      }),
    );
    const { posts, comments, votes } = first as { posts: number; comments: number; votes: number };
    expect(posts).toBeGreaterThan(200);
    expect(comments).toBeGreaterThan(posts);
    expect(votes).toBeGreaterThan(comments);
  });

  it('keeps every counter right', async () => {
    await db.query('select forums.repair_counters(array(select id from forums.posts))');
    expect((await db.query('select counter from ops.counter_repairs')).rows).toEqual([]);
    const { rows } = await db.query(`
      select count(*)::int as wrong from forums.forums as forum
      where subscriber_count <> (select count(*) from forums.subscriptions where forum_id = forum.id)
        or last_post_id is distinct from (select id from forums.posts where forum_id = forum.id order by id desc limit 1)`);
    expect(rows).toEqual([{ wrong: 0 }]);
  });

  it('is told in order: nobody answers, or writes, before there is something to answer', async () => {
    const { rows } = await db.query(
      `
      select
        count(*) filter (where comment.inserted_at <= post.inserted_at)::int as "beforePost",
        count(*) filter (where comment.inserted_at <= parent.inserted_at)::int as "beforeParent",
        count(*) filter (where comment.inserted_at > $1)::int as "inFuture",
        count(*) filter (where core.uuidv7_time(comment.id) <> comment.inserted_at)::int as "oddIds"
      from forums.comments as comment
      join forums.posts as post on post.id = comment.post_id
      left join forums.comments as parent on parent.id = comment.parent_id`,
      [now],
    );
    expect(rows).toEqual([{ beforePost: 0, beforeParent: 0, inFuture: 0, oddIds: 0 }]);
  });

  it('lets the demo account in with the password that was given', async () => {
    const { rows } = await db.query<{ password_hash: string; verified: boolean }>(
      `select password_hash, email_verified_at is not null as verified from auth.accounts`,
    );
    const hashes = await PasswordHashes.create(argon2);
    expect(rows).toHaveLength(1);
    expect(rows[0]?.verified).toBe(true);
    expect(await hashes.verify(rows[0]?.password_hash, 'correct horse')).toBe(true);
  });

  it('changes nothing when it is loaded again', async () => {
    const again = await loadDemo({ databaseUrl: db.url, password: 'other', argon2, now, seed: 2 });
    expect(again).toMatchObject({ isNew: false, counts: {} });
    expect(await facts(db)).toEqual(first);
  });

  it('is the same community for the same seed and moment, at any place, and another for another seed', async () => {
    const told = async (place: TestDatabase): Promise<unknown[]> =>
      (
        await place.query(`
          select post.id, post.title, author.username::text, post.score, post.comment_count
          from forums.posts as post join core.users as author on author.id = post.author_id
          order by post.id`)
      ).rows;
    const [same, other] = [await testDatabase(), await testDatabase()];
    await loadDemo({ databaseUrl: same.url, password: 'x', argon2, now });
    await loadDemo({ databaseUrl: other.url, password: 'x', argon2, now, seed: 2 });
    expect(await told(same)).toEqual(await told(db));
    expect(await told(other)).not.toEqual(await told(db));
  });

  it('is loaded once by two that start together, and leaves nothing behind when it fails', async () => {
    const place = await testDatabase();
    await expect(
      loadDemo({ databaseUrl: place.url, password: 'x', argon2, now, scale: Number.NaN }),
    ).rejects.toThrow();
    expect(await facts(place)).toMatchObject({ people: 0, forums: 0 });
    const load = () => loadDemo({ databaseUrl: place.url, password: 'x', argon2, now, scale: 0.2 });
    const both = await Promise.all([load(), load()]);
    expect(both.map((result) => result.isNew).sort()).toEqual([false, true]);
    expect(await facts(place)).toMatchObject({ people: 10, forums: 5 });
  });

  it('does without the modules that are not there', async () => {
    const place = await testDatabase();
    await place.query('drop schema forums cascade');
    const result = await loadDemo({ databaseUrl: place.url, password: 'x', argon2, now });
    expect(result.counts).toEqual({ people: 50, friendships: 200 });
    expect(await loadBase({ databaseUrl: place.url })).toEqual({ forums: 0 });
  });
});

describe('an identifier of a moment', () => {
  it('is a version 7 UUID with that time in front', () => {
    const id = new Chance(7).idAt(now);
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(Number.parseInt(id.replace('-', '').slice(0, 12), 16)).toBe(now.getTime());
  });
});
