import type { ClientBase } from 'pg';
import { beforeAll, describe, expect, it } from 'vitest';
import type { RequestRole } from '../../harness/index.ts';
import { type Group, type Person, type Scene, scene } from './scene.ts';

let world: Scene;
let member: Person;
let group: Group;
let quiet: string;
beforeAll(async () => {
  world = await scene();
  const owner = await world.person();
  member = await world.person();
  group = await world.group(owner, false, 'The large one');
  const other = await world.group(owner, true, 'Somewhere public');
  await world.join(group, member);
  await world.join(other, member);
  await world.db.query(`
    insert into core.users (username) select 'crowd_' || number from generate_series(1, 3000) as number;
    insert into groups.groups (name, owner_id, is_public)
    select 'group ' || number, '${owner.id}', number % 2 = 0 from generate_series(1, 400) as number;
    insert into groups.roles (group_id, name, is_default, position, permissions)
    select id, 'everyone', true, 0, 68608 from groups.groups where name like 'group %';
    insert into groups.channels (group_id, name, is_private)
    select id, 'channel ' || number, number = 3 from groups.groups, generate_series(1, 5) as number where groups.name like 'group %';
    insert into groups.group_members (group_id, user_id, joined_at)
    select '${group.id}', id, now() - member_number * interval '1 minute' from core.users where username::text like 'crowd%';
    insert into groups.group_members (group_id, user_id)
    select home.id, person.id
    from (select id, row_number() over (order by id) as number from groups.groups where name like 'group %') as home
    join (select id, member_number from core.users where username::text like 'crowd%') as person on person.member_number % 40 = home.number % 40;
    insert into groups.channels (group_id, name) select '${group.id}', 'room ' || number from generate_series(1, 30) as number;
  `);
  quiet = (await world.one<{ id: string }>(`select id from groups.channels where name = 'room 7'`)).id;
  // A room with messages in every partition, the later ones too, and a busy one.
  await world.db.query(`
    select ops.ensure_partitions('groups.channel_messages', now() + interval '3 months');
    insert into groups.channel_messages (channel_id, id, seq, sender_id, content)
    select
      '${quiet}',
      core.uuidv7_floor(now() - interval '20 minutes' + number * interval '200 minutes' - interval '40 days'),
      number,
      '${member.id}',
      case when number % 100 = 0 then 'a needle in it' else 'hay and hay' end
    from generate_series(1, 900) as number;
    insert into groups.channel_messages (channel_id, id, seq, sender_id, content)
    select
      '${group.general}',
      core.uuidv7_floor(now() - number * interval '10 minutes'),
      number,
      '${member.id}',
      'hay and hay'
    from generate_series(1, 20000) as number;
    analyze;
  `);
});

interface Plan {
  readonly text: string;
  readonly buffers: number;
}

/** What the planner does by itself, with the policies of the role in the way; the statement is really run. */
async function explain(role: RequestRole | 'the owner', statement: string): Promise<Plan> {
  const run = async (client: ClientBase): Promise<Plan> => {
    const { rows } = await client.query<{ 'QUERY PLAN': string }>(
      `explain (analyze, buffers, timing off, costs off) ${statement}`,
    );
    const text = rows.map((row) => row['QUERY PLAN']).join('\n');
    // Those of the statement itself, at the root; what planning reads comes after.
    const [first] =
      /Buffers: shared hit=(\d+)(?: read=(\d+))?/.exec(text.split('Planning')[0] ?? '')?.slice(1) ?? [];
    return { text, buffers: Number(first ?? 0) };
  };
  if (role !== 'the owner') return world.db.as({ role, userId: member.id }, run);
  const client = await world.db.pool.connect();
  try {
    return await run(client);
  } finally {
    client.release();
  }
}

const literal = (value: string): string => `'${value}'::uuid`;

describe('the newest page of a channel', () => {
  const statement = () =>
    `select id, content from groups.channel_messages where channel_id = ${literal(group.general)} order by id desc limit 50`;

  it('comes from the primary keys of the newest partitions, as stoa_member, without sorting', async () => {
    const { text } = await explain('stoa_member', statement());
    expect(text).toMatch(/Index Scan Backward using groups_channel_messages_\d{4}_\d{2}_pkey/);
    expect(text).not.toMatch(/^\s*(->\s+)?Sort/m);
    expect(text).not.toContain('Merge Append');
    expect(text).not.toContain('Seq Scan on groups_channel_messages');
    // The partition with the history is not opened.
    expect(text).toMatch(/groups_channel_messages_history_pkey.*\(never executed\)/);
  });

  it('never works out the channels of public groups for somebody who reads in their own group', async () => {
    const { text } = await explain('stoa_member', statement());
    const results = [...text.matchAll(/InitPlan[^\n]*\n\s*->[^\n]*/g)].map(([found]) => found);
    expect(results.filter((found) => !found.includes('never executed'))).toHaveLength(1);
  });

  it('reads as little as it did before there was a history', async () => {
    const before = await explain('the owner', statement());
    await world.db.query(`
      insert into groups.channel_messages (channel_id, id, seq, content)
      select '${group.general}', core.uuidv7_floor(now() - interval '200 days' - number * interval '1 minute'), number, 'old'
      from generate_series(1, 20000) as number;
      analyze groups.channel_messages;
    `);
    const after = await explain('the owner', statement());
    expect(after.buffers).toBeLessThanOrEqual(before.buffers + 5);
  });

  it('is what groups.feed reads', async () => {
    const page = await member.list('feed', { channel_id: group.general, first: 50 });
    const own = await member.read(statement());
    expect(page.map((row) => row['id'])).toEqual(own.map((row) => row['id']));
  });
});

describe('a page deep in the history', () => {
  it('costs as much as the first: one range of the primary key, and the newer partitions are pruned', async () => {
    const cursor = await world.one<{ id: string }>(
      "select core.uuidv7_floor(now() - interval '120 days') as id",
    );
    const deep = await explain(
      'the owner',
      `select id from groups.channel_messages where channel_id = ${literal(group.general)} and id < ${literal(cursor.id)} and deleted_at is null order by id desc limit 50`,
    );
    expect(deep.text).toContain('groups_channel_messages_history_pkey');
    expect(deep.text).not.toMatch(/groups_channel_messages_\d{4}_\d{2}/);
    expect(deep.text).not.toMatch(/^\s*(->\s+)?Sort/m);
    expect(deep.buffers).toBeLessThan(60);
  });

  it('is the same under row-level security', async () => {
    const cursor = await world.one<{ id: string }>(
      "select core.uuidv7_floor(now() - interval '120 days') as id",
    );
    const { text } = await explain(
      'stoa_member',
      `select id from groups.channel_messages where channel_id = ${literal(group.general)} and id < ${literal(cursor.id)} order by id desc limit 50`,
    );
    expect(text).toContain('groups_channel_messages_history_pkey');
    expect(text).not.toMatch(/groups_channel_messages_\d{4}_\d{2}/);
  });
});

/** An index, who asks, and what they ask. */
type Path = readonly [index: string, role: RequestRole | 'the owner', statement: () => string];

describe('each access path is the one that its index is there for', () => {
  it.each<Path>([
    [
      'group_members_roster_idx',
      'stoa_member',
      () =>
        `select user_id from groups.group_members where group_id = ${literal(group.id)} order by joined_at, user_id limit 50`,
    ],
    [
      'group_members_(pkey|user_idx)',
      'stoa_member',
      () =>
        `select nickname from groups.group_members where group_id = ${literal(group.id)} and user_id = ${literal(member.id)}`,
    ],
    [
      'group_members_user_idx',
      'stoa_member',
      () => `select group_id from groups.group_members where user_id = ${literal(member.id)}`,
    ],
    ['groups_pkey', 'stoa_member', () => `select name from groups.groups where id = ${literal(group.id)}`],
    [
      'groups_public_idx',
      'stoa_anonymous',
      () =>
        'select name from groups.groups where is_public and deleted_at is null order by member_count desc, id desc limit 10',
    ],
    [
      'channels_group_list_idx',
      'stoa_member',
      () =>
        `select name from groups.channels where group_id = ${literal(group.id)} and type <> 'thread' and deleted_at is null order by position, id`,
    ],
    [
      'roles_default_key',
      'the owner',
      () => `select permissions from groups.roles where group_id = ${literal(group.id)} and is_default`,
    ],
    ['invites_code_key', 'the owner', () => `select id from groups.invites where code = 'x'`],
    [
      'channel_messages_\\d{4}_\\d{2}_sender_id_id_idx|history_sender_id_id_idx',
      'the owner',
      () =>
        `select id from groups.channel_messages where sender_id = ${literal(group.id)} and id >= core.uuidv7_floor(now() - interval '7 days')`,
    ],
    [
      'to_tsvector',
      'the owner',
      () =>
        `select id from groups.channel_messages where channel_id = any (array[${literal(group.general)}, ${literal(quiet)}]) and to_tsvector('simple'::regconfig, content) @@ to_tsquery('simple', 'needle') and deleted_at is null`,
    ],
  ])('%s, as %s', async (index, role, statement) => {
    // Small tables are read whole, whatever indexes there are: that the index can serve is what is asked.
    const client = await world.db.pool.connect();
    try {
      await client.query('begin; set local enable_seqscan = off');
      await client.query(`select set_config('stoa.user_id', $1, true)`, [member.id]);
      if (role !== 'the owner') await client.query(`set local role ${role}`);
      const { rows } = await client.query<{ 'QUERY PLAN': string }>(`explain ${statement()}`);
      expect(rows.map((row) => row['QUERY PLAN']).join('\n')).toMatch(new RegExp(index));
    } finally {
      await client.query('rollback');
      client.release();
    }
  });
});

describe('the member list and the list of my groups', () => {
  it('are index ranges that stop at the page, as stoa_member', async () => {
    const roster = await explain(
      'stoa_member',
      `select user_id from groups.group_members where group_id = ${literal(group.id)} order by joined_at, user_id limit 50`,
    );
    expect(roster.text).toContain('group_members_roster_idx');
    expect(roster.text).not.toMatch(/^\s*(->\s+)?Sort/m);
    const mine = await explain(
      'stoa_member',
      `select home.name from groups.group_members as membership join groups.groups as home on home.id = membership.group_id where membership.user_id = ${literal(member.id)}`,
    );
    expect(mine.text).toMatch(/Index (Only )?Scan using group_members_user_idx/);
    expect(mine.buffers).toBeLessThan(200);
  });
});

describe('the set functions of permissions', () => {
  it('run once a statement, however many rows it looks at', async () => {
    const { text } = await explain(
      'stoa_member',
      `select count(*) from groups.channels where group_id = ${literal(group.id)}`,
    );
    expect(text).toMatch(/InitPlan/);
    expect(text).not.toMatch(/loops=([2-9]|\d\d)[^\n]*\n[^\n]*(my_visible|open_visible)/);
  });

  it('look at the caller’s groups only', async () => {
    const mine = await explain('stoa_member', 'select * from groups.my_readable_channel_ids()');
    const [row] = await member.read<{ mine: number; all: number }>(
      'select (select count(*)::int from groups.my_readable_channel_ids()) as mine, 0 as all',
    );
    // 31 channels of the one group and one of the other.
    expect(row?.mine).toBe(32);
    expect(mine.buffers).toBeLessThan(2_000);
  });

  it('answer for visitors with the public groups', async () => {
    const rows = await world
      .visitor()
      .read<{ open: number }>('select count(*)::int as open from groups.open_visible_channel_ids()');
    // 200 public groups with four channels that are not private, and the public one of the owner.
    expect(rows).toEqual([{ open: 801 }]);
  });
});
