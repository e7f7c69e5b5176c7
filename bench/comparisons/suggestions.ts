import type { Client } from 'pg';
import { migrateUp } from '../../src/migrate/index.ts';
import type { LastingBench } from '../harness/bench.ts';
import { literal, planOf, timeInServer } from '../harness/in-server.ts';
import type { BenchReport } from '../harness/report.ts';
import { alternate, type Rounds } from '../harness/rounds.ts';
import { withClient } from '../harness/server.ts';
import { actAs } from '../harness/viewer.ts';

const wantedFriends = 50;

const tables = [
  'core.users',
  'core.user_settings',
  'social.friendships',
  'social.friend_edges',
  'bench_suggestions.friendships',
  'bench_suggestions.edges',
];

/** So many members with about 50 friends each, as edges in both directions, and as a table of one row a pair. Answers with how many pairs. */
async function fill(client: Client, members: number): Promise<number> {
  await client.query(`
    begin;
    set local session_replication_role = 'replica';
    set local synchronous_commit = off;
    create schema bench_suggestions;
    insert into core.users (id, username, class_id, role)
      select core.uuidv7(), 'bench_' || n, class.id, class.role
      from generate_series(1, ${members}) as n
      cross join core.user_classes as class
      where class.is_default;
    insert into core.user_settings (user_id) select id from core.users where not is_system;
    create temporary table people on commit drop as
      select id, row_number() over (order by id) - 1 as n, count(*) over () as amount from core.users where not is_system;
    create unique index on people (n);
    analyze people;
    create temporary table friends on commit drop as
      select distinct on (least(person.id, other.id), greatest(person.id, other.id))
        person.id as user_id, other.id as friend_id
      from people as person
      cross join generate_series(1, ${wantedFriends / 2}) as step
      join people as other on other.n = (person.n + step * step * ${Math.max(3, Math.floor(members / 700))} + step) % person.amount
      where other.id <> person.id;
    insert into social.friendships (user_id, friend_id, status, accepted_at)
      select user_id, friend_id, 'accepted', now() from friends;
    insert into social.friend_edges (user_id, friend_id, since)
      select user_id, friend_id, now() from friends union all select friend_id, user_id, now() from friends
      order by 1, 2;
    create table bench_suggestions.friendships as
      select user_id, friend_id from social.friendships where status = 'accepted';
    alter table bench_suggestions.friendships add primary key (user_id, friend_id);
    create index on bench_suggestions.friendships (friend_id, user_id);
    create table bench_suggestions.edges as select user_id, friend_id from social.friend_edges;
    alter table bench_suggestions.edges add primary key (user_id, friend_id);
    grant usage on schema bench_suggestions to stoa_owner;
    grant select on all tables in schema bench_suggestions to stoa_owner;
    commit;
  `);
  const { rows } = await client.query<{ friendships: string }>(
    'select count(*) as friendships from bench_suggestions.friendships',
  );
  return Number(rows[0]?.friendships);
}

async function measure(
  client: Client,
  members: number,
  friendships: number,
  rounds: Rounds,
): Promise<BenchReport> {
  // Each pass has a sample of its own.
  for (const table of tables) await client.query(`vacuum (analyze) ${table}`);
  await client.query('checkpoint');
  const { rows } = await client.query<{ me: string; friends: string }>(
    `select user_id as me, count(*) as friends from social.friend_edges group by 1
     order by abs(count(*) - (select count(*) * 2.0 from bench_suggestions.friendships) / ${members}), 1 limit 1`,
  );
  const me = rows[0]?.me ?? '';
  const mine = literal(me);
  const either = (whose: string): string => `
        select case when pair.user_id = ${whose} then pair.friend_id else pair.user_id end as friend_id
        from bench_suggestions.friendships as pair where ${whose} in (pair.user_id, pair.friend_id)`;
  const bothWays = (whose: string): string => `
        select friend_id from bench_suggestions.friendships where user_id = ${whose}
        union all select user_id from bench_suggestions.friendships where friend_id = ${whose}`;
  const oneRow = (friendsOf: (whose: string) => string): string => `
        select candidate.user_id, candidate.mutual_count
        from (
          select theirs.friend_id as user_id, count(*)::integer as mutual_count
          from (${friendsOf(mine)}) as mine
          cross join lateral (${friendsOf('mine.friend_id')}) as theirs
          where theirs.friend_id <> ${mine}
            and theirs.friend_id not in (
              select friend_id from social.friendships where user_id = ${mine}
              union all select user_id from social.friendships where friend_id = ${mine}
              union all select blocked_id from social.blocks where blocker_id = ${mine}
              union all select blocker_id from social.blocks where blocked_id = ${mine}
            )
          group by theirs.friend_id
          order by mutual_count desc, user_id
        ) as candidate
        join core.users as account on account.id = candidate.user_id
          and account.is_active and account.deleted_at is null and account.erased_at is null
        left join core.user_settings as settings on settings.user_id = candidate.user_id
        where settings.friend_request_policy is distinct from 'nobody'
        order by candidate.mutual_count desc, candidate.user_id limit 10`;
  const edges = `select friend_id from bench_suggestions.edges where user_id = ${mine}`;
  const bare = `
        select theirs.friend_id, count(*) from (${edges}) as mine
        join bench_suggestions.edges as theirs on theirs.user_id = mine.friend_id
        group by 1 order by 2 desc, 1 limit 10`;
  const ours = 'select * from social.suggest_friends(10)';
  // Ours reads as the owner as well, inside.
  await actAs(client, 'stoa_owner', me);
  const counts = async (query: string): Promise<string> => {
    const { rows: found } = await client.query<{ mutual_count: number }>(query);
    return found.map(({ mutual_count }) => mutual_count).join(' ');
  };
  const found = [await counts(ours), await counts(oneRow(bothWays)), await counts(oneRow(either))];
  const figures = await alternate(rounds, {
    ours: () => timeInServer(client, ours),
    both: () => timeInServer(client, oneRow(bothWays)),
    either: () => timeInServer(client, oneRow(either)),
    bare: () => timeInServer(client, bare),
  });
  const plan = await planOf(client, bare);
  return {
    comparisons: [
      {
        what: '10 suggestions',
        size: `${members.toLocaleString('en')} members`,
        unit: 'ms',
        forms: [
          { form: 'two directed edges', role: 'stoa', figures: figures('ours') },
          { form: 'one row a pair, UNION of both sides', role: 'peer', figures: figures('both') },
          { form: 'one row a pair, me IN (a, b)', role: 'peer', figures: figures('either') },
          { form: 'two directed edges, nobody left out', role: 'limit', figures: figures('bare') },
        ],
      },
    ],
    plans: [{ of: 'friends of friends, counted', text: plan }],
    notes: [
      `${members.toLocaleString('en')} people, ${friendships.toLocaleString('en')} friendships; somebody with ${rows[0]?.friends} friends. Time in the server.`,
      `Ours and the peers leave out requests, blocks, closed accounts and who takes no requests. Mutual friends of those found: ours ${found[0]}; peers ${found[1]}${found[1] === found[2] ? '' : ` and ${found[2]}`}.`,
    ],
  };
}

const suggestions: LastingBench = {
  summary: 'Ten people whom somebody may know: friends of friends, most mutual friends first.',
  async open({ server, members, tell }) {
    // A database of its own: nobody else needs so many friendships.
    const database = 'suggestions';
    const { url } = await server.emptyDatabase(database);
    await migrateUp({ databaseUrl: url });
    tell(`Making friends of ${members.toLocaleString('en')} members`);
    const friendships = await withClient(url, (client) => fill(client, members));
    return {
      run: ({ rounds }) => withClient(url, (client) => measure(client, members, friendships, rounds)),
      close: () =>
        withClient(server.adminUrl, (client) => client.query(`drop database ${database} with (force)`)),
    };
  },
};

export default suggestions;
