import { beforeAll, describe, expect, it } from 'vitest';
import { createUser, type TestDatabase, testDatabase } from '../../harness/index.ts';
import { reasonOf } from '../refusal.ts';

let db: TestDatabase;
let person: string;
let other: string;
beforeAll(async () => {
  db = await testDatabase();
  person = await createUser(db, { username: 'anna' });
  other = await createUser(db, { username: 'bert' });
});

async function value(text: string, ...values: readonly unknown[]): Promise<unknown> {
  const { rows } = await db.query<{ value: unknown }>(`select ${text} as value`, values);
  return rows[0]?.value;
}

const place = (kind: string, id: string, reason: string | null = 'Case 1'): Promise<unknown> =>
  value('ops.place_hold($1, $2, $3)', kind, id, reason);
const release = (id: unknown, reason: string | null = 'Over'): Promise<unknown> =>
  value('ops.release_hold($1, $2)', id, reason);

/** Identifiers of the rows of a table that holds keep. */
async function keptOf(table: string, key = 'id'): Promise<unknown[]> {
  const condition = await value('ops.held_condition($1)', table);
  if (condition === null) return [];
  const { rows } = await db.query<{ key: unknown }>(
    `select target.${key} as key from ${table} as target where ${String(condition)} order by 1`,
  );
  return rows.map(({ key: found }) => found);
}

/** Holds what it is given for as long as the work takes. */
async function whileHeld(kind: string, id: string, work: () => Promise<void>): Promise<void> {
  const hold = await place(kind, id);
  await work();
  await release(hold);
}

describe('a legal hold', () => {
  it('is asked for by kind and id, tells why, and is gone when it is released', async () => {
    expect(await value("ops.held_reason('user', $1)", person)).toBeNull();
    expect(await value("ops.is_held('user', $1)", person)).toBe(false);
    const first = await place('user', person, '  Court of Ulm, 3 O 17/26  ');
    const second = await place('user', person, 'Prosecutor');
    const day = new Date().toISOString().slice(0, 10);
    expect(await value("ops.held_reason('user', $1)", person)).toBe(
      `legal hold since ${day}: Court of Ulm, 3 O 17/26; legal hold since ${day}: Prosecutor`,
    );
    expect(await value("ops.is_held('user', $1)", person)).toBe(true);
    expect(await value("array(select ops.held_ids('user'))", ...[])).toEqual([person]);
    expect(await value("ops.held_reason('conversation', $1)", person)).toBeNull();
    expect(await value("ops.held_reason('user', $1)", other)).toBeNull();
    await release(first);
    expect(await value("ops.is_held('user', $1)", person)).toBe(true);
    await release(second);
    expect(await value("ops.held_reason('user', $1)", person)).toBeNull();
  });

  it('is refused for what does not exist and without a reason, and ends once', async () => {
    expect(await reasonOf(place('castle', person))).toBe('hold.kind_unknown');
    expect(await reasonOf(place('conversation', person))).toBe('hold.subject_unknown');
    expect(await reasonOf(place('user', person, ' '))).toBe('hold.reason_missing');
    expect(await reasonOf(place('user', person, null))).toBe('hold.reason_missing');
    expect(await reasonOf(place('user', person, 'x'.repeat(501)))).toBe('hold.reason_missing');
    const hold = await place('user', person);
    expect(await reasonOf(release(hold, ''))).toBe('hold.reason_missing');
    await release(hold);
    expect(await reasonOf(release(hold))).toBe('hold.released');
    expect(await reasonOf(release(person))).toBe('hold.unknown');
  });

  it('is written into the audit log at both ends', async () => {
    const hold = await place('user', other, 'Case 7');
    await release(hold, 'Closed');
    const { rows } = await db.query(
      "select action, reason from audit.logs where resource_id = $1 and action like '%hold' order by id",
      [other],
    );
    expect(rows).toEqual([
      { action: 'place_hold', reason: 'Case 7' },
      { action: 'release_hold', reason: 'Closed' },
    ]);
  });

  it('may be read by the worker, and placed or released by nobody but the owner', async () => {
    const client = await db.pool.connect();
    try {
      await client.query('set role stoa_worker');
      expect((await client.query('select id from ops.legal_holds limit 1')).rowCount).toBe(1);
      const denied = { code: '42501' };
      await expect(client.query("select ops.place_hold('user', $1, 'x')", [person])).rejects.toMatchObject(
        denied,
      );
      await expect(client.query("select ops.release_hold($1, 'x')", [person])).rejects.toMatchObject(denied);
      await expect(client.query('delete from ops.legal_holds')).rejects.toMatchObject(denied);
    } finally {
      await client.query('reset role');
      client.release();
    }
  });
});

describe('what a hold keeps', () => {
  it('is nothing, and costs nothing, while there is none', async () => {
    expect(await value("ops.held_condition('groups.channel_messages')")).toBeNull();
    expect(await value("ops.held_rows('audit.logs', 'parts.audit_logs_history')")).toBe('0');
    expect(await value("ops.retention_held('job_runs', now())")).toBe('0');
  });

  it('on a person is what names them, and what would take something of theirs along', async () => {
    await db.query(
      `insert into forums.forums (id, name, slug, owner_id) values ('01900000-0000-7000-8000-000000000001', 'Bread', 'bread', $1)`,
      [other],
    );
    const [own, answered, plain] = ['11', '12', '13'].map(
      (end) => `01900000-0000-7000-8000-0000000000${end}`,
    );
    await db.query(
      `insert into forums.posts (id, forum_id, author_id, title, content)
       select post.id, '01900000-0000-7000-8000-000000000001', post.author, 'Post', 'Text'
       from unnest($1::uuid[], $2::uuid[]) as post (id, author)`,
      [
        [own, answered, plain],
        [person, other, other],
      ],
    );
    const comment = '01900000-0000-7000-8000-000000000021';
    await db.query(
      `insert into forums.comments (id, path, post_id, author_id, content) values ($1::uuid, array[$1::uuid], $2, $3, 'Words'), ($5::uuid, array[$5::uuid], $2, $4, 'Others')`,
      [comment, answered, person, other, '01900000-0000-7000-8000-000000000022'],
    );
    await db.query(`insert into forums.removed_texts (comment_id, content) values ($1, 'Words')`, [comment]);
    await whileHeld('user', person, async () => {
      expect(await keptOf('forums.posts')).toEqual([own, answered]);
      expect(await keptOf('forums.comments')).toEqual([comment]);
      expect(await keptOf('forums.removed_texts', 'comment_id')).toEqual([comment]);
      expect(await keptOf('forums.forums')).toEqual(['01900000-0000-7000-8000-000000000001']);
    });
    await whileHeld('forum', '01900000-0000-7000-8000-000000000001', async () => {
      expect(await keptOf('forums.forums')).toHaveLength(1);
      expect(await keptOf('forums.posts')).toEqual([own, answered, plain]);
      expect(await keptOf('forums.comments')).toHaveLength(2);
      expect(await keptOf('forums.removed_texts', 'comment_id')).toEqual([comment]);
      expect(await keptOf('messaging.messages')).toEqual([]);
    });
    await whileHeld('post', answered ?? '', async () => {
      expect(await keptOf('forums.posts')).toEqual([answered]);
      expect(await keptOf('forums.comments')).toHaveLength(2);
    });
  });

  it('on a group is every channel and message of it, and its part of the audit log', async () => {
    const [group, channel, elsewhere] = ['31', '32', '33'].map(
      (end) => `01900000-0000-7000-8000-0000000000${end}`,
    );
    await db.query(
      `insert into groups.groups (id, name, owner_id) values ($1, 'Bakers', $3), ($2, 'Others', $3)`,
      [group, elsewhere, other],
    );
    await db.query(
      `insert into groups.channels (id, group_id, name, type, position) values ($1, $2, 'ovens', 'text', 9), (core.uuidv7(), $3, 'ovens', 'text', 9)`,
      [channel, group, elsewhere],
    );
    await db.query(
      `insert into groups.channel_messages (channel_id, seq, content)
       select id, 1, 'Hello' from groups.channels where name = 'ovens'`,
    );
    await db.query(
      "insert into audit.logs (actor_role, action, resource_type, group_id) values ('x', 'y', 'z', $1)",
      [group],
    );
    await whileHeld('group', group ?? '', async () => {
      expect(await keptOf('groups.channel_messages', 'channel_id')).toEqual([channel]);
      expect(await keptOf('groups.channels')).toContain(channel);
      expect(await keptOf('groups.groups')).toEqual([group]);
      expect(await keptOf('audit.logs', 'group_id')).toContain(group);
      const { rows } = await db.query<{ partition: string }>(
        'select distinct tableoid::regclass::text as partition from audit.logs where group_id = $1',
        [group],
      );
      expect(await value("ops.held_rows('audit.logs', $1) > 0", rows[0]?.partition)).toBe(true);
    });
    await whileHeld('channel', channel ?? '', async () => {
      expect(await keptOf('groups.channel_messages', 'channel_id')).toEqual([channel]);
      expect(await keptOf('groups.groups')).toEqual([]);
    });
    // What archive_chat and the sweep of uploads ask is the same.
    await db.query("update groups.channels set retention_days = 1 where name = 'ovens'");
    await db.query(
      `insert into groups.channel_messages (channel_id, id, seq, content) values ($1, core.uuidv7_floor(now() - interval '9 days'), 2, 'Old')`,
      [channel],
    );
    await whileHeld('group', group ?? '', async () => {
      expect(await value('groups.archive_chat($1, now())', channel)).toBe(0);
    });
    expect(await value('groups.archive_chat($1, now(), p_only => $2)', channel, [person])).toBe(0);
    expect(await value('groups.archive_chat($1, now())', channel)).toBe(1);
  });

  it('on a person is the bytes that they sent up, too', async () => {
    await db.query(
      `insert into media.uploads (user_id, filename, content_type, size_bytes, storage_path, inserted_at)
       values ($1, 'a.png', 'image/png', 1, 'objects/a', now() - interval '3 days'), ($2, 'b.png', 'image/png', 1, 'objects/b', now() - interval '3 days')`,
      [person, other],
    );
    const due = async (): Promise<unknown[]> =>
      (await db.query('select storage_path from media.expired_uploads() order by 1')).rows;
    expect(await due()).toEqual([{ storage_path: 'objects/a' }, { storage_path: 'objects/b' }]);
    await whileHeld('user', person, async () => {
      expect(await due()).toEqual([{ storage_path: 'objects/b' }]);
    });
  });

  it('is found for every kind in every table with a rule of retention', async () => {
    const { rows } = await db.query<{ target: string; kind: string; link: string | null }>(
      `select policy.target, hold_kind.kind, ops.hold_link(policy.target::regclass, 'target', hold_kind.kind) as link
       from (select distinct target from ops.retention_policies) as policy
       cross join ops.hold_kinds as hold_kind`,
    );
    for (const { target, link } of rows) {
      if (link === null) continue;
      // It must at least be SQL that this table understands.
      await db.query(
        `explain select from ${target} as target where ${link.replaceAll(':held', "'{}'::uuid[]")}`,
      );
    }
    const without = rows
      .filter(({ kind, link }) => kind === 'user' && link === null)
      .map(({ target }) => target);
    expect([...new Set(without)].sort()).toEqual([
      'auth.request_rates',
      'auth.throttles',
      'auth.wallet_challenges',
      'insight.community_health',
      'insight.tasks',
      'ops.alerts',
      'ops.backup_runs',
      'ops.client_versions',
      'ops.counter_repairs',
      'ops.job_runs',
      'ops.restore_tests',
    ]);
  });
});
