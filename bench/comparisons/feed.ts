import type { Client } from 'pg';
import type { Bench } from '../harness/bench.ts';
import { literal, planOf, timeInServer } from '../harness/in-server.ts';
import { alternate } from '../harness/rounds.ts';
import { withClient } from '../harness/server.ts';
import { actAs } from '../harness/viewer.ts';

const pageSize = 25;
const deepPage = 100;

/** A forum of its own with so many posts of the last 90 days, and the same posts in a table with an index on the forum. */
async function fill(client: Client, posts: number): Promise<{ forum: string; me: string }> {
  await client.query(`
    begin;
    set local session_replication_role = 'replica';
    set local synchronous_commit = off;
    create schema bench_feed;
    grant usage on schema bench_feed to stoa_member;
    create temporary table one on commit drop as
      select core.uuidv7() as forum, (select id from core.users where not is_system order by id limit 1) as me;
    insert into forums.forums (id, name, slug, owner_id, post_count) select forum, 'Bench', 'bench', me, ${posts} from one;
    insert into forums.subscriptions (user_id, forum_id) select me, forum from one;
    insert into forums.posts (id, forum_id, author_id, title, content, score, upvote_count, last_activity_at, inserted_at)
    select
      core.uuidv7(), one.forum, one.me, 'Post ' || n, repeat('What there is to say. ', 12), drawn.score, drawn.score,
      drawn.at, drawn.at
    from one, generate_series(1, ${posts}) as n,
      -- Drawn for each n: a sub-select without it would be drawn once.
      lateral (
        select
          (1 + power(random(), 6) * 2000)::integer + n * 0 as score,
          now() - (random() + n * 0) * interval '90 days' as at
      ) as drawn;
    create table bench_feed.posts as
      select id, forum_id, author_id, title, content, score, inserted_at, deleted_at
      from forums.posts;
    create index on bench_feed.posts (forum_id);
    grant select on bench_feed.posts to stoa_member;
    commit;
  `);
  await client.query('vacuum (analyze) bench_feed.posts, forums.posts');
  const { rows } = await client.query<{ forum: string; me: string }>(
    "select id as forum, owner_id as me from forums.forums where slug = 'bench'",
  );
  const [row] = rows;
  if (!row) throw new Error('the forum was not made');
  return row;
}

async function idsOf(client: Client, query: string): Promise<string[]> {
  const { rows } = await client.query<{ id: string }>(`select page.id from (${query}) as page`);
  return rows.map(({ id }) => id);
}

const feed: Bench = {
  summary: 'A page of 25 of the hot feed: the first one, and the hundredth.',
  async run({ server, scale, rounds }) {
    const { url } = await server.community();
    const posts = Math.max(4_000, Math.round(300_000 * scale));
    return withClient(url, async (client) => {
      const { forum, me } = await fill(client, posts);
      const ours = (after?: string): string =>
        `select * from forums.feed(${literal(forum)}, p_after => ${after ? literal(after) : 'null'}, p_first => ${pageSize})`;
      const perRow = (age: string, offset: number): string => `
        select post.*
        from bench_feed.posts as post
        where post.forum_id = ${literal(forum)} and post.deleted_at is null
        order by post.score / power(2, ${age} / 43200) desc, post.id desc
        limit ${pageSize} offset ${offset}`;
      const exact = 'extract(epoch from now() - post.inserted_at)';
      const double = `${exact}::double precision`;
      const offset = (deepPage - 1) * pageSize;
      const { rows } = await client.query<{ place: string }>(
        `select hot_rank || ':' || id as place from forums.posts where forum_id = $1 and deleted_at is null
         order by hot_rank desc, id desc offset $2 limit 1`,
        [forum, offset - 1],
      );
      const place = rows[0]?.place;
      if (place === undefined) throw new Error('the forum has no hundredth page');

      await actAs(client, 'stoa_member', me);
      const isSame =
        String(await idsOf(client, ours())) === String(await idsOf(client, perRow(double, 0))) &&
        String(await idsOf(client, ours(place))) === String(await idsOf(client, perRow(double, offset)));
      /** The query inside of forums.feed. */
      const inner = (after?: string): string => `
        select * from forums.posts as post
        where post.forum_id = ${literal(forum)} and post.deleted_at is null
          ${after === undefined ? '' : `and (post.hot_rank, post.id) < (${after.slice(0, -37)}, ${literal(after.slice(-36))})`}
        order by post.hot_rank desc, post.id desc
        limit ${pageSize}`;
      const forms = (after: string | undefined, from: number) =>
        alternate(rounds, {
          ours: () => timeInServer(client, ours(after), 300),
          double: () => timeInServer(client, perRow(double, from), 5),
          exact: () => timeInServer(client, perRow(exact, from), 1),
          async limit() {
            await actAs(client, 'stoa_owner', me);
            const figure = await timeInServer(client, inner(after), 300);
            await actAs(client, 'stoa_member', me);
            return figure;
          },
        });
      const first = await forms(undefined, 0);
      const deep = await forms(place, offset);
      const comparison = (what: string, figures: typeof first) => ({
        what,
        unit: 'ms' as const,
        forms: [
          { form: 'stored key, keyset, RLS on', role: 'stoa' as const, figures: figures('ours') },
          { form: 'score / 2^(age/12h), float8', role: 'peer' as const, figures: figures('double') },
          { form: 'the same in numeric', role: 'peer' as const, figures: figures('exact') },
          { form: 'its index alone, no policies', role: 'limit' as const, figures: figures('limit') },
        ],
      });
      const plans = [
        {
          of: `page ${deepPage}, stored key`,
          text: await planOf(client, inner(place)),
        },
        { of: `page ${deepPage}, computed per row`, text: await planOf(client, perRow(double, offset)) },
      ];
      await client.query('reset role');
      await client.query('drop schema bench_feed cascade');
      return {
        comparisons: [comparison('first page', first), comparison(`page ${deepPage}`, deep)],
        plans,
        notes: [
          `Time in the server, of a forum of ${posts.toLocaleString('en')} posts; the peer has an index on (forum_id) and no row security.`,
          isSame
            ? 'Both forms gave the same posts in the same order on both pages.'
            : 'THE FORMS DIFFER: the pages do not hold the same posts.',
        ],
      };
    });
  },
};

export default feed;
