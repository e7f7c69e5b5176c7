import type { Client } from 'pg';
import type { FreshBench } from '../harness/bench.ts';
import { literal } from '../harness/in-server.ts';
import { perSecond } from '../harness/rate.ts';
import { alternate } from '../harness/rounds.ts';
import { withClient } from '../harness/server.ts';
import { actAs } from '../harness/viewer.ts';

const clients = 8;

const votes: FreshBench = {
  summary: `Votes a second by ${clients} voters: all on one post, and spread over many.`,
  async run({ server, rounds, forMs }) {
    const { url } = await server.community();
    return withClient(url, async (client) => {
      await client.query(`
        create schema bench_votes;
        -- The same columns, indexes and fill factor; no triggers, no keys to others.
        create table bench_votes.posts (like forums.posts including all excluding constraints);
      `);
      const { rows: fillFactor } = await client.query<{ options: string | null }>(
        "select reloptions::text as options from pg_catalog.pg_class where oid = 'forums.posts'::regclass",
      );
      const factor = /fillfactor=(\d+)/.exec(fillFactor[0]?.options ?? '')?.[1];
      if (factor) await client.query(`alter table bench_votes.posts set (fillfactor = ${factor})`);
      const { rows: columns } = await client.query<{ names: string }>(
        `select string_agg(quote_ident(attname), ', ' order by attnum) as names from pg_catalog.pg_attribute
         where attrelid = 'forums.posts'::regclass and attnum > 0 and not attisdropped and attgenerated = ''`,
      );
      await client.query(`
        insert into bench_votes.posts (${columns[0]?.names}) select ${columns[0]?.names} from forums.posts order by id limit 6000;
        create table bench_votes.votes (like forums.post_votes including all excluding constraints);
        create table bench_votes.plain (id uuid primary key, score integer not null) with (fillfactor = 50);
        insert into bench_votes.plain select id, score from bench_votes.posts;
      `);
      await client.query('vacuum (analyze) bench_votes.posts, bench_votes.plain');
      const { rows: found } = await client.query<{ id: string }>(
        'select id from forums.posts where deleted_at is null and id in (select id from bench_votes.posts) order by id desc limit 2000',
      );
      const posts = found.map(({ id }) => id);
      const { rows: people } = await client.query<{ id: string }>(
        'select id from core.users where not is_system order by id desc limit $1',
        [clients],
      );
      const voters = people.map(({ id }) => id);
      const byVoters = `user_id in (${voters.map(literal).join(', ')})`;
      await client.query(
        `create table bench_votes.before as select * from forums.post_votes where ${byVoters}`,
      );
      const member = (connection: Client, number: number) =>
        actAs(connection, 'stoa_member', voters[number] ?? '');
      const hot = () => posts[0];
      const any = (turn: number, number: number) => posts[(turn * 7919 + number * 104_729) % posts.length];

      // The same vote again changes nothing: whoever has been everywhere votes the other way.
      const directionOf = (turn: number) => ((turn + Math.floor(turn / posts.length)) % 2 === 0 ? 1 : -1);
      // For the same reason, each round votes for the first time, on pages without dead rows.
      const vacuum = 'vacuum (index_cleanup on)';
      const anew = {
        ours: [
          `delete from forums.post_votes where ${byVoters}`,
          `${vacuum} forums.posts, forums.post_votes`,
        ],
        peer: ['truncate bench_votes.votes', `${vacuum} bench_votes.posts`],
        plain: [`${vacuum} bench_votes.plain`],
      };
      const measure = (postOf: (turn: number, number: number) => string | undefined, tag: string) => {
        const traffic = (
          settle: readonly string[],
          work: (connection: Client, number: number, turn: number) => Promise<unknown>,
          asMember = false,
        ) => perSecond({ url, clients, forMs, settle, work, ...(asMember ? { prepare: member } : {}) });
        return alternate(rounds, {
          ours: () =>
            traffic(
              anew.ours,
              (connection, number, turn) =>
                connection.query({
                  name: `vote ${tag}`,
                  text: 'select * from forums.vote_post($1, $2)',
                  values: [postOf(turn, number), directionOf(turn)],
                }),
              true,
            ),
          twoStatements: () =>
            traffic(anew.peer, async (connection, number, turn) => {
              const direction = directionOf(turn);
              await connection.query('begin');
              const { rows } = await connection.query<{ step: number }>({
                name: 'vote',
                text: `with before as (select direction from bench_votes.votes where post_id = $1 and user_id = $2),
                         written as (
                           insert into bench_votes.votes (post_id, user_id, direction) values ($1, $2, $3)
                           on conflict (post_id, user_id) do update set direction = excluded.direction
                         )
                       select $3::integer - coalesce((select direction from before), 0)::integer as step`,
                values: [postOf(turn, number), voters[number], direction],
              });
              await connection.query({
                name: 'count',
                text: 'update bench_votes.posts set score = score + $2 where id = $1',
                values: [postOf(turn, number), rows[0]?.step],
              });
              await connection.query('commit');
            }),
          counter: () =>
            traffic(anew.peer, (connection, number, turn) =>
              connection.query({
                name: 'counter',
                text: 'update bench_votes.posts set score = score + $2 where id = $1',
                values: [postOf(turn, number), directionOf(turn)],
              }),
            ),
          plain: () =>
            traffic(anew.plain, (connection, number, turn) =>
              connection.query({
                name: 'plain',
                text: 'update bench_votes.plain set score = score + $2 where id = $1',
                values: [postOf(turn, number), directionOf(turn)],
              }),
            ),
        });
      };
      const onOne = await measure(hot, 'hot');
      const onMany = await measure(any, 'many');
      await client.query(`delete from forums.post_votes where ${byVoters}`);
      await client.query('insert into forums.post_votes select * from bench_votes.before');
      await client.query('vacuum (analyze) forums.posts, forums.post_votes');
      await client.query('drop schema bench_votes cascade');
      const comparison = (what: string, figures: typeof onOne) => ({
        what,
        unit: 'per second' as const,
        forms: [
          { form: 'votePost, all its rules', role: 'stoa' as const, figures: figures('ours') },
          {
            form: 'vote row, then counter, by a client',
            role: 'peer' as const,
            figures: figures('twoStatements'),
          },
          { form: 'counter alone, same indexes', role: 'limit' as const, figures: figures('counter') },
          { form: 'counter alone, no index on it', role: 'limit' as const, figures: figures('plain') },
        ],
      });
      return {
        comparisons: [comparison('one hot post', onOne), comparison('many posts', onMany)],
        notes: [
          'Synchronous commit. A counter alone remembers nobody: it is what the row lock and the commit allow.',
          `One hot post: whoever votes waits for the commit of the vote before, and votes up and down in turns. Many posts: ${posts.length.toLocaleString('en')} in turns, without a vote of these voters when a round begins.`,
        ],
      };
    });
  },
};

export default votes;
