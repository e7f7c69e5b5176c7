import { beforeAll, describe, expect, it } from 'vitest';
import { fingerprint } from '../../src/catalog/fingerprint.ts';
import { type LoadResult, loadScale } from '../../src/demo/index.ts';
import { checkInvariants } from '../../src/doctor/invariants.ts';
import { modules } from '../../src/modules.ts';
import { createUser, type TestDatabase, testDatabase } from '../harness/index.ts';
import { digests } from './digest.ts';
import { leaveOut, optional } from './left-out.ts';

const now = new Date('2026-11-01T12:00:00Z');
const small = { scale: 0.01, now };

/** Rows whose foreign key points at nothing: what loading without look-ups could leave. */
async function dangling(db: TestDatabase): Promise<readonly unknown[]> {
  const { rows: keys } = await db.query<{ name: string; query: string }>(
    `select
       key.conname as name,
       format(
         'select from %s as one where not exists (select from %s as other where %s) and %s limit 1',
         key.conrelid::regclass, key.confrelid::regclass,
         (
           select string_agg(format('one.%I = other.%I', own.attname, foreign_one.attname), ' and ')
           from unnest(key.conkey, key.confkey) as pair (own, foreign_one)
           join pg_catalog.pg_attribute as own on own.attrelid = key.conrelid and own.attnum = pair.own
           join pg_catalog.pg_attribute as foreign_one on foreign_one.attrelid = key.confrelid and foreign_one.attnum = pair.foreign_one
         ),
         (
           select string_agg(format('one.%I is not null', own.attname), ' and ')
           from unnest(key.conkey) as pair (own)
           join pg_catalog.pg_attribute as own on own.attrelid = key.conrelid and own.attnum = pair.own
         )
       ) as query
     from pg_catalog.pg_constraint as key
     join pg_catalog.pg_class as class on class.oid = key.conrelid
     where key.contype = 'f' and key.conparentid = 0 and not class.relispartition`,
  );
  expect(keys.length).toBeGreaterThan(100);
  const broken: unknown[] = [];
  for (const { name, query } of keys) {
    const { rowCount } = await db.query(query);
    if (rowCount !== 0) broken.push(name);
  }
  return broken;
}

/** What the catalog says, and what a fingerprint leaves out of indexes: what they are a part of, and whether they are whole. */
async function schemaOf(
  db: TestDatabase,
): Promise<{ readonly facts: unknown[]; readonly indexes: unknown[] }> {
  const client = await db.pool.connect();
  try {
    const facts = await fingerprint(client, [...modules.map(({ schema }) => schema), 'parts']);
    const { rows: indexes } = await client.query(
      `select
         own.indexrelid::regclass::text as name, pg_get_indexdef(own.indexrelid) as definition,
         own.indisvalid and own.indisready and own.indislive as "isWhole", link.inhparent::regclass::text as parent,
         obj_description(own.indexrelid, 'pg_class') as comment, class.relowner::regrole::text as owner
       from pg_catalog.pg_index as own
       join pg_catalog.pg_class as class on class.oid = own.indexrelid
       left join pg_catalog.pg_inherits as link on link.inhrelid = own.indexrelid
       where class.relnamespace::regnamespace::text !~ '^pg_'
       order by 1`,
    );
    return { facts: facts.map(({ kind, identity, definition }) => [kind, identity, definition]), indexes };
  } finally {
    client.release();
  }
}

describe('a community for measuring', () => {
  let db: TestDatabase;
  let result: LoadResult;
  const heard: number[] = [];
  beforeAll(async () => {
    db = await testDatabase();
    result = await loadScale({ databaseUrl: db.url, ...small, onProgress: ({ total }) => heard.push(total) });
  });

  it('has a thousand members and ten thousand messages for a hundredth of the scale, most of them in few places', async () => {
    const { rows } = await db.query(`
      select
        (select count(*)::int from core.users) as members,
        (select count(*)::int from messaging.messages) as messages,
        (select count(*)::int from groups.channel_messages) as "channelMessages",
        (select max(last_seq) > 20 * avg(last_seq) from messaging.conversations) as "isSkewed",
        (select count(distinct tableoid) > 1 from messaging.messages) as "isSpread",
        (select min(upvote_count) < max(upvote_count) and min(comment_count) = 0 or max(comment_count) > 20 from forums.posts) as "isUneven",
        (select array_agg(distinct status order by status) from governance.proposals) as states,
        (select max(times_completed) > 10 * avg(times_completed) from tracker.torrent_statistics) as "hasLargeSwarms",
        (select array_agg(distinct kind order by kind) from tracker.bonus_transactions) as movements,
        (select max(last_task_number) > 1.5 * avg(last_task_number) from workspace.projects) as "hasLargeProjects",
        (select count(*)::int from insight.message_analyses) > 0 as "hasAnalyses"`);
    expect(rows).toEqual([
      {
        members: 1_000,
        messages: 5_000,
        channelMessages: 5_000,
        isSkewed: true,
        isSpread: true,
        isUneven: true,
        states: ['active', 'draft', 'expired', 'passed', 'rejected'],
        hasLargeSwarms: true,
        movements: ['adjustment', 'bounty_escrow', 'bounty_payout', 'bounty_refund', 'earned'],
        hasLargeProjects: true,
        hasAnalyses: true,
      },
    ]);
  });

  it('keeps every invariant and every foreign key, though neither triggers nor look-ups were on', async () => {
    expect(result.areKeysChecked).toBe(false);
    const results = await checkInvariants({ databaseUrl: db.url });
    expect(results.filter(({ state }) => state !== 'holds')).toEqual([]);
    expect(await dangling(db)).toEqual([]);
  });

  it('leaves the schema as it was: indexes that are built afterwards are the ones that were there', async () => {
    const place = await testDatabase();
    const [loaded, untouched] = [await schemaOf(db), await schemaOf(place)];
    expect(untouched.indexes.length).toBeGreaterThan(500);
    expect(loaded.indexes).toEqual(untouched.indexes);
    expect(loaded.facts).toEqual(untouched.facts);
    // Both are copies of one database, so an index that was never dropped has the same number in both.
    const number = `select 'messaging.messages_content_trgm_idx'::regclass::oid::bigint as oid`;
    expect((await db.query(number)).rows).not.toEqual((await place.query(number)).rows);
  });

  it('tells how many rows each step wrote, and how far it is', async () => {
    expect(result.steps.find(({ step }) => step === 'members')?.rows).toBe(1_000);
    expect(result.rows).toBe(result.steps.reduce((sum, { rows }) => sum + rows, 0));
    expect(heard).toEqual([...heard].sort((one, other) => one - other));
    expect(heard.at(-1)).toBe(result.rows);
  });

  it('is known to the planner when it is there', async () => {
    const { rows } = await db.query(
      `select relname::text as name from pg_catalog.pg_class where oid = any ($1::regclass[]) and reltuples < 1`,
      [['core.users', 'messaging.messages', 'groups.channel_messages', 'forums.posts', 'governance.votes']],
    );
    expect(rows).toEqual([]);
  });

  it('lets its people act: the next message takes the next number', async () => {
    const { rows } = await db.query<{ id: string; sender: string; seq: string }>(
      `select conversation.id, conversation.user_low as sender, conversation.last_seq as seq
       from messaging.conversations as conversation where kind = 'direct' order by last_seq desc limit 1`,
    );
    const [chat] = rows;
    const sent = await db.as({ role: 'stoa_member', userId: chat?.sender ?? '' }, async (client) => {
      const { rows: messages } = await client.query<{ seq: string }>(
        'select seq from messaging.send_message($1, $2)',
        [chat?.id, 'And one more.'],
      );
      return messages[0]?.seq;
    });
    expect(Number(sent)).toBe(Number(chat?.seq) + 1);
  });

  it('is refused where people are, unless it is put beside them, and never comes twice', async () => {
    const place = await testDatabase();
    await createUser(place, { username: 'ada' });
    await expect(loadScale({ databaseUrl: place.url, ...small })).rejects.toMatchObject({
      code: 'seed.not_empty',
    });
    await loadScale({ databaseUrl: place.url, ...small, add: true });
    await expect(loadScale({ databaseUrl: place.url, ...small, add: true })).rejects.toMatchObject({
      code: 'seed.drawn_already',
    });
    await loadScale({ databaseUrl: place.url, ...small, add: true, seed: 2 });
    const { rows } = await place.query('select count(*)::int as people from core.users');
    expect(rows).toEqual([{ people: 2_001 }]);
    const results = await checkInvariants({ databaseUrl: place.url });
    expect(results.filter(({ state }) => state !== 'holds')).toEqual([]);
  });

  it('is the same, row for row, when a login writes it that may only migrate: keys looked up, triggers back on', async () => {
    const place = await testDatabase();
    const { areKeysChecked } = await loadScale({ databaseUrl: place.urlFor('stoa_migrator'), ...small });
    expect(areKeysChecked).toBe(true);
    expect(await digests(place)).toEqual(await digests(db));
    const { rows } = await place.query(`select tgname from pg_catalog.pg_trigger where tgenabled <> 'O'`);
    expect(rows).toEqual([]);
  });

  it('is there whole or not at all', async () => {
    const place = await testDatabase();
    await place.query(`alter table moderation.bans add constraint refused check (reason <> 'Advertising.')`);
    await expect(loadScale({ databaseUrl: place.url, ...small })).rejects.toMatchObject({ code: '23514' });
    const { rows } = await place.query('select count(*)::int as people from core.users');
    expect(rows).toEqual([{ people: 0 }]);
  });

  it('is another for another seed, and does without the modules that are not there', async () => {
    const place = await testDatabase();
    await leaveOut(place, optional);
    const { steps } = await loadScale({ databaseUrl: place.url, ...small, seed: 2 });
    expect((await digests(place))['core.users']).not.toBe((await digests(db))['core.users']);
    expect(steps.map(({ step }) => step)).toContain('friendships');
    expect(steps.map(({ step }) => step)).not.toContain('messages');
  });
});
