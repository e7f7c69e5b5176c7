import { beforeAll, describe, expect, it } from 'vitest';
import { createUser, type TestDatabase, testDatabase } from '../harness/index.ts';
import { type InnerPlans, plansInside } from '../harness/inner-plans.ts';

/*
 * A page begins at its cursor: it costs the same wherever it is. The functions are called with plans for any value,
 * because sessions come to use those; with the values filled in, more conditions look like bounds of an index than are.
 */

let db: TestDatabase;
let me: string;
/** Values that calls and expectations name. */
let at: Readonly<Record<string, string>>;

beforeAll(async () => {
  db = await testDatabase();
  me = await createUser(db, { username: 'myself' });
  const other = await createUser(db, { username: 'other' });
  // Ids in the order of time, the newest last.
  const idAt = (moment: string): string =>
    `(left(core.uuidv7_floor(${moment})::text, 24) || lpad(to_hex(n), 12, '0'))::uuid`;
  await db.query(`
    begin;
    select ops.ensure_partitions('messaging.messages', now() + interval '3 months');
    select ops.ensure_partitions('groups.channel_messages', now() + interval '3 months');
    -- Rows as they would be, without counters and without looking up what they point at.
    set local session_replication_role = replica;

    insert into messaging.conversations (kind, name, owner_id) values ('group', 'Long', '${me}');
    insert into messaging.conversation_participants (conversation_id, user_id)
    select id, person from messaging.conversations, unnest(array['${me}', '${other}']::uuid[]) as person;
    insert into messaging.messages (conversation_id, id, seq, sender_id, content)
    select conversation.id, ${idAt("now() - interval '70 days' + n * interval '5 minutes'")}, n, '${other}', 'Words'
    from messaging.conversations as conversation, generate_series(1, 20000) as n;
    update messaging.conversations
    set last_seq = 20000, last_message_at = now(), last_message_id = (select id from messaging.messages order by id desc limit 1);

    insert into forums.forums (id, name, slug, owner_id)
    select core.uuidv7(), 'Forum ' || n, 'forum-' || n, '${other}' from generate_series(1, 20) as n;
    insert into forums.subscriptions (user_id, forum_id) select '${me}', id from forums.forums where slug in ('forum-1', 'forum-2', 'forum-3');
    insert into forums.posts (id, forum_id, author_id, title, content, score, upvote_count, inserted_at, last_activity_at)
    select ${idAt("now() - n * interval '10 minutes' + substr(forum.slug, 7)::integer * interval '1 second'")}, forum.id, '${other}', 'Title', repeat('Words. ', 20), n % 100, n % 100,
      now() - n * interval '10 minutes', now() - n * interval '10 minutes'
    from forums.forums as forum, generate_series(1, 4000) as n where forum.slug = 'forum-1' or n % 40 = 0;
    insert into forums.comments (id, post_id, author_id, path, content, score, upvote_count)
    select made.id, post.id, '${other}', array[made.id], 'Words', made.n % 20, made.n % 20
    from (select id from forums.posts order by id limit 400) as post, generate_series(1, 10) as n,
      lateral (select core.uuidv7() as id, n, post.id as below) as made;
    -- Almost nobody voted.
    insert into forums.comments (id, post_id, author_id, path, content, score, upvote_count)
    select made.id, post.id, '${other}', array[made.id], 'Words', votes.number, votes.number
    from (select id from forums.posts order by id desc limit 1) as post, generate_series(1, 4000) as n,
      lateral (select ${idAt("now() - interval '1 day' + n * interval '10 seconds'")} as id) as made,
      lateral (select case when n % 500 = 0 then 5 else 1 end as number) as votes;
    insert into forums.comments (id, post_id, author_id, parent_id, depth, path, content, score, upvote_count)
    select made.id, root.post_id, '${other}', root.id, 1, root.path || made.id, 'Words', 1, 1
    from (select * from forums.comments order by id limit 1) as root, generate_series(1, 3000) as n,
      lateral (select ${idAt("now() - interval '10 hours' + n * interval '10 seconds'")} as id) as made;

    insert into groups.groups (name, owner_id, is_public) select 'Group ' || n, '${other}', n > 1 from generate_series(1, 20) as n;
    insert into groups.roles (group_id, name, is_default, position, permissions) select id, 'everyone', true, 0, 68608 from groups.groups;
    insert into groups.channels (group_id, name) select id, 'Room ' || n from groups.groups, generate_series(1, 10) as n;
    insert into groups.channels (group_id, name, type, parent_channel_id)
    select group_id, 'Thread', 'thread', id from groups.channels where name = 'Room 2';
    insert into groups.group_members (group_id, user_id) select id, '${me}' from groups.groups where name = 'Group 1';
    insert into groups.channel_messages (channel_id, id, seq, sender_id, content)
    select channel.id, ${idAt("now() - interval '70 days' + n * interval '20 minutes'")}, n, '${other}', 'Words'
    from groups.channels as channel join groups.groups as home on home.id = channel.group_id, generate_series(1, 5000) as n
    where home.name in ('Group 1', 'Group 2') and (channel.name = 'Room 1' or channel.type = 'thread');

    insert into core.profiles (user_id) values ('${other}');
    insert into social.friend_edges (user_id, friend_id, since)
    select mine.id, (left(core.uuidv7_floor(now())::text, 24) || lpad(to_hex(n), 12, '0'))::uuid, now()
    from unnest(array['${me}', '${other}']::uuid[]) as mine (id), generate_series(1, 4000) as n;

    insert into governance.tokens (symbol, name, network) values ('T', 'Token', 'testnet');
    -- Everybody was given the same.
    insert into governance.user_tokens (user_id, token_id, balance, voting_power)
    select core.uuidv7(), token.id, 100, case when n % 1000 = 0 then 50 else 100 end
    from governance.tokens as token, generate_series(1, 6000) as n where token.symbol = 'T';

    insert into workspace.projects (owner_id, key, name) values ('${me}', 'PR', 'Project');
    insert into workspace.project_members (project_id, user_id, role) select id, '${me}', 'owner' from workspace.projects;
    insert into workspace.tasks (project_id, number, title, created_by, assignee_id, due_at)
    select project.id, n, 'Task', '${me}', '${me}', case when n <= 2000 then now() + n * interval '1 hour' end
    from workspace.projects as project, generate_series(1, 4000) as n;

    insert into tracker.categories (name, slug) values ('All', 'all');
    insert into tracker.torrents (id, info_hash, name, category_id, uploader_id, size_bytes, file_count, piece_length)
    select ${idAt("now() - n * interval '10 minutes'")}, decode(md5('a' || n) || left(md5('b' || n), 8), 'hex'), 'Name', category.id, '${me}', 1, 1, 16384
    from tracker.categories as category, generate_series(1, 4000) as n;
    insert into tracker.torrent_statistics (torrent_id, seeders) select id, 1 from tracker.torrents;
    commit;
  `);
  await db.query('vacuum analyze');
  const { rows } = await db.query<Record<string, string>>(`
    with hot as (select * from forums.posts order by hot_rank desc, id desc offset 2000 limit 1),
      new as (select * from forums.posts order by id desc offset 2000 limit 1),
      top as (select * from forums.posts order by score desc, id desc offset 2000 limit 1),
      active as (select * from forums.posts order by last_activity_at desc, id desc offset 2000 limit 1),
      best as (select * from forums.comments where parent_id is null and post_id = (select id from forums.posts order by id desc limit 1) order by score desc, id offset 2000 limit 1),
      answer as (select * from forums.comments where parent_id is not null order by score desc, id offset 2000 limit 1)
    select
      (select id from messaging.conversations) as chat,
      (select id from messaging.messages where seq = 3000) as message,
      (select id from forums.forums where slug = 'forum-1') as forum,
      hot.hot_rank || ':' || hot.id as hot, new.id as new, top.score || ':' || top.id as top,
      to_char(active.last_activity_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z":') || active.id as active,
      best.post_id as post, best.score || ':' || best.id as best, best.id as comment,
      answer.score || ':' || answer.id as answer, answer.parent_id as root,
      (select channel.id from groups.channels as channel join groups.groups as home on home.id = channel.group_id
       where home.name = 'Group 1' and channel.name = 'Room 1') as room,
      (select channel.id from groups.channels as channel join groups.groups as home on home.id = channel.group_id
       where home.name = 'Group 1' and channel.type = 'thread') as thread,
      (select channel.id from groups.channels as channel join groups.groups as home on home.id = channel.group_id
       where home.name = 'Group 2' and channel.name = 'Room 1') as public_room,
      (select id from groups.channel_messages order by seq, id offset 2000 limit 1) as channel_message,
      (select friend_id from social.friend_edges order by friend_id offset 6000 limit 1) as friend,
      (select id from governance.tokens where symbol = 'T') as token,
      (select voting_power || ':' || user_id from governance.user_tokens order by voting_power desc, user_id offset 4000 limit 1) as holder,
      (select id from workspace.tasks order by due_at, id offset 1500 limit 1) as due,
      (select id from workspace.tasks order by due_at, id offset 3500 limit 1) as undated,
      (select id from tracker.torrents order by id desc offset 2000 limit 1) as torrent,
      (select id from core.users where username = 'other') as other
    from hot, new, top, active, best, answer`);
  at = rows[0] ?? {};
});

/** `:name` stands for a value of `at`. */
function filled(call: string): string {
  return call.replace(/(?<!:):(\w+)/g, (_, name: string) => {
    const value = at[name];
    if (value === undefined) throw new Error(`nothing is called ${name}`);
    return `'${value}'`;
  });
}

function inside(call: string): Promise<InnerPlans> {
  return plansInside(db, { role: 'stoa_member', userId: me }, filled(call));
}

interface Page {
  readonly call: string;
  /** Whose scans begin at the cursor. */
  readonly relation: RegExp;
  /** In the condition of the index. */
  readonly cursor: RegExp;
  /** At most, the policies and the looking up of whoever asks included. */
  readonly blocks: number;
}

const pages: readonly Page[] = [
  {
    call: 'messaging.feed(:chat, p_before => :message)',
    relation: /^messaging_messages_/,
    cursor: /\(id < \$\d+\)/,
    blocks: 60,
  },
  {
    call: 'messaging.feed(:chat, p_after => :message)',
    relation: /^messaging_messages_/,
    cursor: /\(id > \$\d+\)/,
    blocks: 60,
  },
  { call: 'messaging.feed(:chat)', relation: /^messaging_messages_/, cursor: /\(id <= \$\d+\)/, blocks: 60 },
  {
    call: `forums.feed(:forum, 'hot', null, :hot)`,
    relation: /^posts$/,
    cursor: /ROW\(hot_rank, id\) < ROW\(\$\d+, \$\d+\)/,
    blocks: 90,
  },
  {
    call: `forums.feed(:forum, 'new', null, :new)`,
    relation: /^posts$/,
    cursor: /\(id < \$\d+\)/,
    blocks: 90,
  },
  {
    call: `forums.feed(:forum, 'top', null, :top)`,
    relation: /^posts$/,
    cursor: /ROW\(score, id\) < ROW\(/,
    blocks: 90,
  },
  {
    call: `forums.feed(:forum, 'active', null, :active)`,
    relation: /^posts$/,
    cursor: /ROW\(last_activity_at, id\) < ROW\(\$\d+, \$\d+\)/,
    blocks: 90,
  },
  {
    call: `forums.all_feed('hot', null, :hot)`,
    relation: /^posts$/,
    cursor: /ROW\(hot_rank, id\) < ROW\(\$\d+, \$\d+\)/,
    blocks: 120,
  },
  {
    call: `forums.all_feed('new', null, :new)`,
    relation: /^posts$/,
    cursor: /\(id < \$\d+\)/,
    blocks: 120,
  },
  {
    call: `forums.home_feed('new', :new)`,
    relation: /^posts$/,
    cursor: /\(id < \$\d+\)/,
    blocks: 150,
  },
  {
    call: `forums.comment_tree(:post, 'best', null, :best)`,
    relation: /^comments$/,
    cursor: /score = \$\d+\) AND \(id > \$\d+\)|score <= /,
    blocks: 120,
  },
  {
    call: `forums.comment_tree(:post, 'best', :root, :answer)`,
    relation: /^comments$/,
    cursor: /score = \$\d+\) AND \(id > \$\d+\)|score <= |\(id = \$\d+\)/,
    blocks: 120,
  },
  {
    call: `forums.comment_tree(:post, 'new', null, :comment)`,
    relation: /^comments$/,
    cursor: /id < /,
    blocks: 120,
  },
  {
    call: 'groups.feed(:room, p_before => :channel_message)',
    relation: /^groups_channel_messages_/,
    cursor: /\(id < \$\d+\)/,
    blocks: 120,
  },
  {
    call: 'groups.feed(:room, p_after => :channel_message)',
    relation: /^groups_channel_messages_/,
    cursor: /\(id > \$\d+\)/,
    blocks: 120,
  },
  {
    call: 'social.friends_of(:me, :friend)',
    relation: /^friend_edges$/,
    cursor: /friend_id > /,
    blocks: 60,
  },
  {
    call: 'governance.top_holders(:token, :holder)',
    relation: /^user_tokens$/,
    cursor: /voting_power = \$\d+\) AND \(user_id > \$\d+\)|voting_power < /,
    blocks: 90,
  },
  {
    call: 'workspace.my_tasks(25, :due)',
    relation: /^tasks$/,
    cursor: /ROW\(due_at, id\) > ROW\(\$\d+, \$\d+\)|\(id = \$\d+\)/,
    blocks: 120,
  },
  {
    call: 'workspace.my_tasks(25, :undated)',
    relation: /^tasks$/,
    cursor: /due_at IS NULL\) AND \(id > \$\d+\)|\(id = \$\d+\)/,
    blocks: 120,
  },
  {
    call: 'tracker.my_torrents(:torrent)',
    relation: /^torrents$/,
    cursor: /\(id < /,
    blocks: 60,
  },
];

describe('a page deep in a list begins at its cursor', () => {
  beforeAll(() => {
    at = { ...at, me };
  });

  it.each(pages.map((page) => [page.call, page] as const))('%s', async (_, page) => {
    const { scans, blocks } = await inside(`select * from ${page.call}`);
    const own = scans.filter((scan) => page.relation.test(scan.relation));
    expect(own.length).toBeGreaterThan(0);
    for (const scan of own) {
      expect(scan.sought).toMatch(page.cursor);
      expect(scan.rowsRemoved).toBeLessThanOrEqual(100);
    }
    expect(blocks).toBeLessThan(page.blocks);
  });

  it('mutual friends of somebody, in either list', async () => {
    const { scans } = await inside('select * from social.mutual_friends(:other, :friend)');
    const edges = scans.filter((scan) => scan.relation === 'friend_edges');
    expect(edges.length).toBeGreaterThan(0);
    expect(edges.some((scan) => scan.sought.includes('friend_id > '))).toBe(true);
    expect(edges.every((scan) => scan.rowsRemoved === 0)).toBe(true);
  });

  it('a batch of swarms, however far the pass has come', async () => {
    const { scans } = await plansInside(
      db,
      'the owner',
      filled('select * from tracker.refresh_torrent_statistics(:torrent, 50)'),
    );
    const due = scans.filter((scan) => scan.sought.includes('torrent_id > '));
    expect(due.some((scan) => scan.relation === 'torrent_statistics')).toBe(true);
    expect(due.every((scan) => scan.rowsRemoved === 0)).toBe(true);
  });
});

describe('a page that is asked for again and again', () => {
  // A session plans a statement for its values five times, then compares; a limit that is not known looks like a tenth
  // of the table, so by itself it would go on planning, at several times the cost of the page.
  it.each([
    ['forums.feed(:forum)', 'posts'],
    [`forums.all_feed('new')`, 'posts'],
    [`forums.home_feed('new')`, 'posts'],
    ['messaging.feed(:chat)', 'messaging_messages_'],
  ])('%s is not planned for each call', async (call, relation) => {
    const { scans } = await plansInside(
      db,
      { role: 'stoa_member', userId: me },
      filled(`select * from ${call}`),
      'as in a session',
    );
    const own = scans.filter((scan) => scan.relation.startsWith(relation));
    expect(own.length).toBeGreaterThan(0);
    for (const scan of own) {
      expect(`${scan.sought} ${scan.filtered}`).not.toMatch(/id = '|id < '|id <= '/);
    }
    expect(own.some((scan) => /\$\d/.test(scan.sought))).toBe(true);
  });
});

describe('a vote', () => {
  it.each([
    ['post', 'select forums.vote_post(:post, 1), forums.vote_post(:post, -1)'],
    ['comment', 'select forums.vote_comment(:comment, 1), forums.vote_comment(:comment, -1)'],
  ])('on a %s is counted without a plan of its own', async (_, vote) => {
    const { scans } = await plansInside(
      db,
      { role: 'stoa_member', userId: me },
      filled(vote),
      'as in a session',
    );
    const counted = scans.filter((scan) => scan.relation === 'counted');
    expect(counted.length).toBeGreaterThan(0);
    // A plan that was made for this vote would know that it is one.
    for (const scan of counted) expect(scan.rowsExpected).toBe(10);
  });
});

describe('the newest messages of a channel, read from the table', () => {
  const newest = (channel: string): string =>
    `select id, content from groups.channel_messages where channel_id = :${channel} order by id desc limit 50`;

  it('run no statement for each channel that might be readable', async () => {
    // From outside, the channels of 19 public groups are worked out.
    const { statements, scans } = await inside(newest('public_room'));
    expect(statements.length).toBeLessThan(25);
    expect(
      scans.filter((scan) => scan.relation.startsWith('groups_channel_messages_')).length,
    ).toBeGreaterThan(0);
  });

  it('ask for the threads of the own groups only when the channel is none of them, and not for those of others', async () => {
    const worked = (plans: InnerPlans, name: string): number =>
      plans.statements.filter((text) => text.includes(name)).length;
    const room = await inside(newest('room'));
    expect(worked(room, 'channel_permissions_of_caller(false)')).toBe(1);
    const thread = await inside(newest('thread'));
    expect(worked(thread, 'channel_permissions_of_caller(false)')).toBe(2);
    for (const plans of [room, thread]) expect(worked(plans, 'channel_permissions_of_caller(true)')).toBe(0);
  });

  it('are those of a thread as well', async () => {
    const rows = await db.as({ role: 'stoa_member', userId: me }, async (client) => {
      const own = await client.query(filled(newest('thread')));
      const open = await client.query(filled(newest('public_room')));
      return [own.rows.length, open.rows.length];
    });
    expect(rows).toEqual([50, 50]);
  });
});
