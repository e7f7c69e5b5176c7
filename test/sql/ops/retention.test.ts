import { beforeAll, describe, expect, it } from 'vitest';
import { createUser, type TestDatabase, testDatabase } from '../../harness/index.ts';

interface Batch {
  readonly rows_affected: string;
  readonly next_after: unknown;
}

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
  await db.query(`
    create table core.crumbs (place integer, number integer, dropped_at timestamptz, note text, primary key (place, number));
    alter table core.crumbs owner to stoa_owner;
    insert into ops.retention_policies (name, target, predicate, batch_size)
    values ('crumbs', 'core.crumbs', 'dropped_at < :now - interval ''1 day''', 10);
    insert into ops.retention_policies (name, target, predicate, action, scrub_columns, batch_size)
    values ('notes', 'core.crumbs', 'target.note is not null', 'scrub', '{note}', 10);
    insert into core.crumbs
    select number % 3, number, timestamptz '2026-06-01T00:00:00Z' + number * interval '1 hour', 'note ' || number
    from generate_series(1, 48) as number;
  `);
});

async function batch(name: string, now: string, after: unknown = null): Promise<Batch> {
  const { rows } = await db.query<Batch>('select * from ops.run_retention($1, $2, $3)', [
    name,
    now,
    after === null ? null : JSON.stringify(after),
  ]);
  const [row] = rows;
  if (row === undefined) throw new Error('no row');
  return row;
}

/** A whole pass, batch by batch, as the job does it. */
async function pass(name: string, now: string): Promise<number[]> {
  const sizes: number[] = [];
  let after: unknown = null;
  do {
    const done = await batch(name, now, after);
    sizes.push(Number(done.rows_affected));
    after = done.next_after;
  } while (after !== null);
  return sizes;
}

async function left(): Promise<number> {
  const { rows } = await db.query<{ left: number }>('select count(*)::integer as left from core.crumbs');
  return rows[0]?.left ?? -1;
}

describe('ops.run_retention', () => {
  it('scrubs the named columns and keeps the rows', async () => {
    expect(await pass('notes', '2026-06-03T00:00:00Z')).toEqual([10, 10, 10, 10, 8]);
    const { rows } = await db.query(
      'select count(note)::integer as notes, count(*)::integer as crumbs from core.crumbs',
    );
    expect(rows).toEqual([{ notes: 0, crumbs: 48 }]);
  });

  it('deletes in bounded batches what is old enough by the clock it is given, and nothing else', async () => {
    // The hours 1 to 23 lie before the second of June, the day before the clock.
    expect(await pass('crumbs', '2026-06-03T00:00:00Z')).toEqual([10, 10, 3]);
    expect(await left()).toBe(25);
    expect(await pass('crumbs', '2026-06-03T00:00:00Z')).toEqual([0]);
  });

  it('writes down what it did', async () => {
    await pass('crumbs', '2026-06-03T12:00:00Z');
    const { rows } = await db.query(
      "select last_run_at, last_deleted from ops.retention_policies where name = 'crumbs'",
    );
    expect(rows).toEqual([{ last_run_at: new Date('2026-06-03T12:00:00Z'), last_deleted: '12' }]);
  });

  it('passes over rows that somebody holds', async () => {
    const holder = await db.pool.connect();
    try {
      await holder.query('begin');
      await holder.query('select from core.crumbs where number = 40 for update');
      await pass('crumbs', '2026-07-01T00:00:00Z');
    } finally {
      await holder.query('rollback');
      holder.release();
    }
    expect(await left()).toBe(1);
    await pass('crumbs', '2026-07-01T00:00:00Z');
    expect(await left()).toBe(0);
  });

  it('leaves rules alone that are switched off, or whose rows are exported', async () => {
    await db.query("insert into core.crumbs values (1, 1, '2026-01-01', null)");
    await db.query("update ops.retention_policies set is_active = false where name = 'crumbs'");
    expect(await batch('crumbs', '2026-07-01T00:00:00Z')).toEqual({ rows_affected: '0', next_after: null });
    await db.query(
      "update ops.retention_policies set is_active = true, action = 'archive' where name = 'crumbs'",
    );
    expect(await batch('crumbs', '2026-07-01T00:00:00Z')).toEqual({ rows_affected: '0', next_after: null });
    expect(await left()).toBe(1);
  });

  it('can run every rule that the modules registered', async () => {
    const { rows } = await db.query<{ name: string }>(
      'select name from ops.retention_policies order by name',
    );
    expect(rows.length).toBeGreaterThan(10);
    for (const { name } of rows) {
      expect(await batch(name, '2026-07-01T00:00:00Z')).toMatchObject({ next_after: null });
    }
  });
});

describe('the rules of the base', () => {
  it('delete notifications 90 days after they were read, and keep unread ones', async () => {
    const id = await createUser(db, { username: 'reader' });
    await db.query(
      `insert into notifications.notifications (id, user_id, type, title, read_at)
       select core.uuidv7_floor(timestamptz '2025-12-31' + number * interval '1 second'), $1, 'x', title, read_at
       from (values
         (1, 'read long ago', timestamptz '2026-01-01'), (2, 'read lately', '2026-05-20'), (3, 'unread', null)
       ) as entry (number, title, read_at)`,
      [id],
    );
    expect(await pass('notifications_read', '2026-06-01T00:00:00Z')).toEqual([1]);
    const { rows } = await db.query('select title from notifications.notifications order by title');
    expect(rows).toEqual([{ title: 'read lately' }, { title: 'unread' }]);
  });

  it('forget a declined friend request after 90 days', async () => {
    const [asker, asked] = [
      await createUser(db, { username: 'asker' }),
      await createUser(db, { username: 'asked' }),
    ];
    await db.query(
      "insert into social.friendships (user_id, friend_id, status, declined_at) values ($1, $2, 'declined', '2026-03-01')",
      [asker, asked],
    );
    expect(await pass('friendships_declined', '2026-05-01T00:00:00Z')).toEqual([0]);
    expect(await pass('friendships_declined', '2026-06-01T00:00:00Z')).toEqual([1]);
  });

  it('put no end to accounts, and none to messages that nobody deleted', async () => {
    const id = await createUser(db, { username: 'oldtimer' });
    const { rows } = await db.query<{ conversation: string; channel: string }>(
      `with made as (
         insert into groups.groups (name, owner_id) values ('Old', $1) returning id
       ), channel as (
         insert into groups.channels (group_id, name) select id, 'general' from made returning id
       ), conversation as (
         insert into messaging.conversations (kind, owner_id) values ('group', $1) returning id
       ), participant as (
         insert into messaging.conversation_participants (conversation_id, user_id, role)
         select id, $1, 'owner' from conversation
       )
       select conversation.id as conversation, channel.id as channel from conversation, channel`,
      [id],
    );
    await db.query(
      `insert into messaging.messages (conversation_id, id, seq, sender_id, content)
       values ($1, core.uuidv7_floor('2001-01-01'), 1, $2, 'old')`,
      [rows[0]?.conversation, id],
    );
    await db.query(
      `insert into groups.channel_messages (channel_id, id, seq, sender_id, content)
       values ($1, core.uuidv7_floor('2001-01-01'), 1, $2, 'old')`,
      [rows[0]?.channel, id],
    );
    const rules = await db.query<{ name: string }>('select name from ops.retention_policies');
    for (const { name } of rules.rows) await pass(name, '2040-01-01T00:00:00Z');
    const dropped = await db.query(
      `select dropped from unnest('{messaging.messages,groups.channel_messages}'::text[]) as parent,
         ops.drop_expired_partitions(parent, '2040-01-01') as dropped`,
    );
    expect(dropped.rows).toEqual([]);
    const left = await db.query(
      `select
         (select count(*)::integer from core.users where id = $1) as accounts,
         (select count(*)::integer from messaging.messages where sender_id = $1) as messages,
         (select count(*)::integer from groups.channel_messages where sender_id = $1) as "channelMessages"`,
      [id],
    );
    expect(left.rows).toEqual([{ accounts: 1, messages: 1, channelMessages: 1 }]);
  });
});
