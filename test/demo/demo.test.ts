import { beforeAll, describe, expect, it } from 'vitest';
import { PasswordHashes } from '../../src/auth/password-hashes.ts';
import { hashToken } from '../../src/auth/tokens.ts';
import { Chance } from '../../src/demo/chance.ts';
import { demoUsername, loadBase, loadDemo } from '../../src/demo/index.ts';
import { checkInvariants } from '../../src/doctor/invariants.ts';
import { modules } from '../../src/modules.ts';
import { type TestDatabase, testDatabase } from '../harness/index.ts';
import { digests } from './digest.ts';
import { leaveOut, optional, withDependents } from './left-out.ts';

/** Cheap on purpose: what is tested is the demo, not the hash. */
const argon2 = { memoryKiB: 64, passes: 2, parallelism: 1, concurrency: 2, queue: 32 };
const now = new Date('2026-11-01T12:00:00Z');

/** A count of the result that a module adds. */
const countOf = {
  forums: 'posts',
  messaging: 'messages',
  governance: 'proposals',
  groups: 'channelMessages',
  workspace: 'tasks',
  tracker: 'torrents',
  moderation: 'reports',
  insight: 'analyses',
};

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
    expect(await loadBase({ databaseUrl: db.url })).toMatchObject({ forums: 3 });
    expect(await loadBase({ databaseUrl: db.url })).toEqual({ forums: 0, categories: 0 });
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
    expect(await loadBase({ databaseUrl: db.url })).toEqual({ forums: 1, categories: 0 });
    const { rows } = await db.query(`select name from forums.forums where slug = 'general'`);
    expect(rows).toEqual([{ name: 'Ours now' }]);
  });
});

describe('the administrator of a new community', () => {
  const administrator = { username: 'ada', email: 'ada@community.example' };
  let db: TestDatabase;
  beforeAll(async () => {
    db = await testDatabase();
  });

  it('has no password and gets a link that sets one, of which the database keeps the digest and the end', async () => {
    const before = Date.now();
    const { administrator: link } = await loadBase({ databaseUrl: db.url, administrator });
    expect(link?.username).toBe('ada');
    expect(link?.token).toMatch(/^[\w-]{43}$/);
    const { rows } = await db.query<{ expires_at: Date }>(
      `select token.purpose, token.token_hash, token.expires_at, person.role, account.password_hash
       from auth.one_time_tokens as token
       join core.users as person on person.id = token.user_id
       join auth.accounts as account on account.user_id = person.id`,
    );
    expect(rows).toEqual([
      {
        purpose: 'reset_password',
        token_hash: hashToken(link?.token ?? ''),
        expires_at: link?.expiresAt,
        role: 'admin',
        password_hash: null,
      },
    ]);
    const hours = ((link?.expiresAt.getTime() ?? 0) - before) / 3_600_000;
    expect(hours).toBeGreaterThan(23);
    expect(hours).toBeLessThan(25);
  });

  it('is made once, also when two ask together or with another name', async () => {
    const place = await testDatabase();
    const ask = (username: string) =>
      loadBase({
        databaseUrl: place.url,
        administrator: { username, email: `${username}@community.example` },
      });
    const both = await Promise.all([ask('ada'), ask('bea')]);
    expect(both.filter((result) => result.administrator)).toHaveLength(1);
    expect((await ask('cleo')).administrator).toBeUndefined();
    const { rows } = await place.query(`select count(*)::int as admins from core.users where role = 'admin'`);
    expect(rows).toEqual([{ admins: 1 }]);
  });

  it('is not made under a name or an address that cannot be, and then nothing is', async () => {
    const place = await testDatabase();
    await expect(
      loadBase({ databaseUrl: place.url, administrator: { username: 'admin', email: 'a@b.example' } }),
    ).rejects.toMatchObject({ code: 'username.reserved' });
    expect(await facts(place)).toMatchObject({ people: 0, forums: 0 });
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

  it('talks in every module: a thousand messages and more, groups, proposals in each state, reports to work on', async () => {
    const { rows } = await db.query(`
      select
        (select count(*) from messaging.messages) + (select count(*) from groups.channel_messages) >= 1000 as "isTalkative",
        (select count(*)::int from groups.groups) as groups,
        (select count(*)::int from groups.invites) as invites,
        (select array_agg(distinct status order by status) from governance.proposals) as states,
        (select count(*)::int from governance.proposals where cancelled_at is not null) as cancelled,
        (select count(*) from governance.votes) > 50 as "hasBallots",
        (select array_agg(distinct status order by status) from moderation.queue_items) as work,
        (select count(*) from moderation.reports where evidence <> '{}') = (select count(*) from moderation.reports) as "hasEvidence"`);
    expect(rows).toEqual([
      {
        isTalkative: true,
        groups: 10,
        invites: 10,
        states: ['active', 'draft', 'expired', 'passed', 'rejected'],
        cancelled: 1,
        hasBallots: true,
        work: ['in_progress', 'pending', 'resolved'],
        hasEvidence: true,
      },
    ]);
  });

  it('lets the demo account see something in each module', async () => {
    const { rows } = await db.query<{ id: string }>('select id from core.users where username::text = $1', [
      demoUsername,
    ]);
    const seen = await db.as({ role: 'stoa_member', userId: rows[0]?.id ?? '' }, async (client) => {
      const { rows: counts } = await client.query(`
        select
          (select count(*) from messaging.conversations) > 5 as conversations,
          messaging.unread_total() > 0 as unread,
          (select count(*) from groups.groups) > 3 as groups,
          (select count(*) from governance.user_tokens) > 0 as holdings,
          (select count(*) from notifications.notifications) > 0 as bell`);
      return counts;
    });
    expect(seen).toEqual([{ conversations: true, unread: true, groups: true, holdings: true, bell: true }]);
  });

  it('keeps every invariant', async () => {
    const results = await checkInvariants({ databaseUrl: db.url });
    expect(results.filter(({ state }) => state !== 'holds')).toEqual([]);
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
    const before = await digests(db);
    const again = await loadDemo({ databaseUrl: db.url, password: 'other', argon2, now, seed: 2 });
    expect(again).toMatchObject({ isNew: false, counts: {} });
    expect(await digests(db)).toEqual(before);
  });

  it('is the same community, row for row, for the same seed and moment, and another for another seed', async () => {
    const [same, other] = [await testDatabase(), await testDatabase()];
    await loadDemo({ databaseUrl: same.url, password: 'x', argon2, now });
    await loadDemo({ databaseUrl: other.url, password: 'x', argon2, now, seed: 2 });
    const told = await digests(db);
    expect(Object.keys(told).length).toBeGreaterThan(40);
    expect(await digests(same)).toEqual(told);
    const differing = await digests(other);
    for (const table of [
      'core.users',
      'forums.posts',
      'messaging.messages',
      'groups.channel_messages',
      'governance.votes',
    ]) {
      expect(differing[table]).not.toBe(told[table]);
    }
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

  it.each([
    ...modules.filter(({ base, name }) => !base && name !== 'ledger').map(({ name }) => name),
    'everything but the base',
  ])('does without %s', async (name) => {
    const place = await testDatabase();
    const left = name === 'everything but the base' ? optional : withDependents(name);
    await leaveOut(place, left);
    const { counts } = await loadDemo({ databaseUrl: place.url, password: 'x', argon2, now, scale: 0.2 });
    expect(counts).toMatchObject({ people: 10, friendships: 40 });
    for (const [module, count] of Object.entries(countOf)) {
      expect([module, count in counts]).toEqual([module, !left.includes(module)]);
    }
    const results = await checkInvariants({ databaseUrl: place.url });
    expect(results.filter(({ state }) => state !== 'holds')).toEqual([]);
    if (left.includes('forums'))
      expect(await loadBase({ databaseUrl: place.url })).toEqual({ forums: 0, categories: 0 });
  });
});

describe('an identifier of a moment', () => {
  it('is a version 7 UUID with that time in front', () => {
    const id = new Chance(7).idAt(now);
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(Number.parseInt(id.replace('-', '').slice(0, 12), 16)).toBe(now.getTime());
  });
});
