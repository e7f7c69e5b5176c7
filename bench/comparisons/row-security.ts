import type { Client } from 'pg';
import type { FreshBench } from '../harness/bench.ts';
import { literal, planOf, timeInServer } from '../harness/in-server.ts';
import type { Comparison } from '../harness/report.ts';
import { alternate } from '../harness/rounds.ts';
import { withClient } from '../harness/server.ts';
import { actAs, type Viewer } from '../harness/viewer.ts';

interface Scene {
  readonly me: string;
  readonly forum: string;
  readonly post: string;
  readonly chat: string;
  readonly channel: string;
}

/** Of the channels that the member may read, the one with the most messages. */
const channelQuery = `
  select channel.id as channel
  from (
    select groups.my_readable_channel_ids() as id
    union select groups.open_readable_channel_ids()
  ) as channel
  order by (select count(*) from groups.channel_messages as message where message.channel_id = channel.id) desc
  limit 1`;

/** Somebody in a busy conversation, who also follows a forum and reads a busy channel. */
const sceneQuery = `
  select
    reader.user_id as me,
    (select id from forums.forums order by post_count desc limit 1) as forum,
    (select id from forums.posts where deleted_at is null order by comment_count desc limit 1) as post,
    reader.conversation_id as chat
  from (
    select participant.user_id, participant.conversation_id
    from messaging.conversation_participants as participant
    join messaging.conversations as conversation on conversation.id = participant.conversation_id
    where exists (select from groups.group_members as member where member.user_id = participant.user_id)
    order by conversation.last_seq desc, participant.user_id
    limit 1
  ) as reader`;

const queriesOf = ({ me, forum, post, chat, channel }: Scene): Readonly<Record<string, string>> => ({
  'hot feed of a forum, 25': `
    select * from forums.posts where forum_id = ${literal(forum)} and deleted_at is null
    order by hot_rank desc, id desc limit 25`,
  'hot feed of all forums, 25': `
    select * from forums.posts where deleted_at is null order by hot_rank desc, id desc limit 25`,
  'tree of comments, 50': `select * from forums.comment_tree(${literal(post)}, p_first => 50)`,
  'comments of a post, 50': `
    select * from forums.comments where post_id = ${literal(post)} order by id limit 50`,
  'conversation, newest 50': `
    select * from messaging.messages where conversation_id = ${literal(chat)} order by id desc limit 50`,
  'channel, newest 50': `select * from groups.feed(${literal(channel)}, p_first => 50)`,
  'channel, the table itself': `
    select * from groups.channel_messages where channel_id = ${literal(channel)} and deleted_at is null
    order by id desc limit 50`,
  'notifications, newest 25': `
    select * from notifications.notifications where user_id = ${literal(me)} order by id desc limit 25`,
  'friends of mine': `select * from social.friends where user_id = ${literal(me)}`,
  'account by name': `
    select id, username, display_name from core.users
    where username operator(extensions.=) 'load_1_42'::extensions.citext`,
});

const containers = 1_000;

/**
 * Two ways to write the same policy, each on the same rows: the containers of the member as an array that is made once, and
 * a function that is asked for the container of each row.
 */
async function fillPolicies(client: Client, rows: number, me: string): Promise<void> {
  await client.query(`
    begin;
    create schema bench_rls;
    grant usage on schema bench_rls to stoa_member;
    create table bench_rls.members (user_id uuid, container_id integer, primary key (user_id, container_id));
    insert into bench_rls.members select ${literal(me)}, n from generate_series(1, 5) as n;
    create function bench_rls.mine() returns setof integer language sql stable security definer set search_path = '' as
      $$ select container_id from bench_rls.members where user_id = core.current_user_id() $$;
    create function bench_rls.is_mine(p_container integer) returns boolean
      language sql stable security definer set search_path = '' as
      $$ select exists (
           select from bench_rls.members where user_id = core.current_user_id() and container_id = p_container
         ) $$;
  `);
  for (const [table, policy] of [
    ['by_array', 'container_id = any (array(select bench_rls.mine()))'],
    ['by_function', 'bench_rls.is_mine(container_id)'],
  ] as const) {
    await client.query(`
      create table bench_rls.${table} as
        select n as id, n % ${containers} as container_id, repeat('x', 100) as content from generate_series(1, ${rows}) as n;
      create index on bench_rls.${table} (container_id, id);
      alter table bench_rls.${table} enable row level security;
      create policy readers on bench_rls.${table} for select to stoa_member using (${policy});
      grant select on bench_rls.${table} to stoa_member;
    `);
  }
  await client.query('commit');
  await client.query('vacuum (analyze) bench_rls.by_array, bench_rls.by_function');
}

const rowSecurity: FreshBench = {
  summary: 'Hot queries as a member under row security, and as the owner of the tables without it.',
  async run({ server, rounds, scale }) {
    const { url } = await server.community();
    return withClient(url, async (client) => {
      const { rows } = await client.query<Omit<Scene, 'channel'>>(sceneQuery);
      const [person] = rows;
      if (!person) throw new Error('nobody is in a conversation and in a group');
      await actAs(client, 'stoa_owner', person.me);
      const { rows: channels } = await client.query<{ channel: string }>(channelQuery);
      const channel = channels[0]?.channel;
      if (channel === undefined) throw new Error('the member may read no channel');
      const scene: Scene = { ...person, channel };
      const comparisons: Comparison[] = [];
      const notes = [
        'Time in the server. The owner runs the same text; policies, and nothing else, are the difference.',
      ];
      let plan = '';
      for (const [what, query] of Object.entries(queriesOf(scene))) {
        const rowsAs = async (viewer: Viewer): Promise<number> => {
          await actAs(client, viewer, scene.me);
          return (await client.query(query)).rowCount ?? 0;
        };
        const seen = await rowsAs('stoa_member');
        const all = await rowsAs('stoa_owner');
        if (seen === 0) notes.push(`${what}: no row was found.`);
        if (seen !== all) notes.push(`${what}: the member sees ${seen} rows, the owner ${all}.`);
        const measure = (viewer: Viewer) => async () => {
          await actAs(client, viewer, scene.me);
          return timeInServer(client, query);
        };
        const figures = await alternate(rounds, { on: measure('stoa_member'), off: measure('stoa_owner') });
        comparisons.push({
          what,
          unit: 'ms' as const,
          forms: [
            { form: 'as stoa_member', role: 'stoa' as const, figures: figures('on') },
            { form: 'as owner, no policies', role: 'limit' as const, figures: figures('off') },
          ],
        });
        if (what.startsWith('conversation')) {
          await actAs(client, 'stoa_member', scene.me);
          plan = await planOf(client, query);
        }
      }
      await client.query('reset role');
      const rowsOfPolicies = Math.max(10_000, Math.round(1_000_000 * scale));
      await fillPolicies(client, rowsOfPolicies, scene.me);
      await actAs(client, 'stoa_member', scene.me);
      const all = (table: string): string => `select count(*) from bench_rls.${table}`;
      const policies = await alternate(rounds, {
        array: () => timeInServer(client, all('by_array')),
        row: () => timeInServer(client, all('by_function')),
      });
      await client.query('reset role');
      await client.query('drop schema bench_rls cascade');
      comparisons.push({
        what: 'a policy on membership',
        size: `${rowsOfPolicies.toLocaleString('en')} rows`,
        unit: 'ms' as const,
        forms: [
          { form: '= any (array(select …))', role: 'stoa' as const, figures: policies('array') },
          { form: 'a function of the row', role: 'peer' as const, figures: policies('row') },
        ],
      });
      notes.push(
        `A policy on membership: all rows that a member of 5 of ${containers.toLocaleString('en')} containers may read, of ${rowsOfPolicies.toLocaleString('en')}.`,
      );
      return { comparisons, plans: [{ of: 'conversation, newest 50, as stoa_member', text: plan }], notes };
    });
  },
};

export default rowSecurity;
