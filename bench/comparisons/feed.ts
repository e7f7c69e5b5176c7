import type { Client } from 'pg';
import type { FreshBench } from '../harness/bench.ts';
import { literal, planOf, timeInServer } from '../harness/in-server.ts';
import type { Unit } from '../harness/report.ts';
import { alternate } from '../harness/rounds.ts';
import { withClient } from '../harness/server.ts';
import { actAs } from '../harness/viewer.ts';

const pageSize = 25;
const deepPage = 100;
/** A rank that falls with age must be computed again as time goes by: of the posts that still have one, so often. */
const rankedFor = '7 days';
const runsAnHour = 4;
const rankBatch = 1_000;

interface Scene {
  readonly forum: string;
  readonly me: string;
  /** Posts of a community that exists, whose words and scores the forum has; their times are moved into the 90 days. */
  readonly imported: number;
}

/** A forum of its own with so many posts of the last 90 days, and the same posts in a table with an index on the forum. */
async function fill(client: Client, posts: number): Promise<Scene> {
  const { rows: counted } = await client.query<{ imported: number }>(
    'select count(*)::integer as imported from forums.imported_posts',
  );
  const imported = counted[0]?.imported ?? 0;
  await client.query(`
    begin;
    set local session_replication_role = 'replica';
    set local synchronous_commit = off;
    create schema bench_feed;
    grant usage on schema bench_feed to stoa_member;
    create temporary table one on commit drop as
      select core.uuidv7() as forum, (select id from core.users where not is_system order by id limit 1) as me;
    create temporary table models on commit drop as
      select row_number() over (order by imported.post_id) - 1 as place, post.title, post.content, post.score
      from forums.imported_posts as imported
      join forums.posts as post on post.id = imported.post_id;
    insert into forums.forums (id, name, slug, owner_id, post_count) select forum, 'Bench', 'bench', me, ${posts} from one;
    insert into forums.subscriptions (user_id, forum_id) select me, forum from one;
    insert into forums.posts (id, forum_id, author_id, title, content, score, upvote_count, last_activity_at, inserted_at)
    select
      core.uuidv7(), one.forum, one.me, coalesce(model.title, 'Post ' || n),
      coalesce(model.content, repeat('What there is to say. ', 12)), coalesce(model.score, drawn.score),
      coalesce(model.score, drawn.score), drawn.at, drawn.at
    from one, generate_series(1, ${posts}) as n
    left join models as model on model.place = n % greatest(${imported}, 1),
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
    create function bench_feed.rank(score integer, at timestamptz) returns double precision language sql stable as
      $$ select log(greatest(1, score + 3)::double precision) * 10000
         / power(extract(epoch from now() - at)::double precision / 3600 + 2, 1.8) $$;
    create table bench_feed.ranked as
      select *, bench_feed.rank(score, inserted_at) as rank from bench_feed.posts where forum_id = (select forum from one);
    alter table bench_feed.ranked add primary key (id);
    create index on bench_feed.ranked (forum_id, rank desc, id desc);
    create index on bench_feed.ranked (inserted_at, id);
    commit;
  `);
  await client.query('vacuum (analyze) bench_feed.posts, bench_feed.ranked, forums.posts');
  const { rows } = await client.query<Omit<Scene, 'imported'>>(
    "select id as forum, owner_id as me from forums.forums where slug = 'bench'",
  );
  const [row] = rows;
  if (!row) throw new Error('the forum was not made');
  return { ...row, imported };
}

/** What was made: the next pass makes it anew, and other benches find the forums that there were. */
async function remove(client: Client, forum: string): Promise<void> {
  await client.query(`
    begin;
    set local session_replication_role = 'replica';
    delete from forums.posts where forum_id = ${literal(forum)};
    delete from forums.subscriptions where forum_id = ${literal(forum)};
    delete from forums.forums where id = ${literal(forum)};
    drop schema bench_feed cascade;
    commit;
  `);
  await client.query('vacuum (analyze) forums.posts, forums.subscriptions, forums.forums');
}

async function idsOf(client: Client, query: string): Promise<string[]> {
  const { rows } = await client.query<{ id: string }>(`select page.id from (${query}) as page`);
  return rows.map(({ id }) => id);
}

interface Upkeep {
  readonly ms: number;
  /** Of the log. */
  readonly megabytes: number;
  /** Whose rank was computed, in one of the runs. */
  readonly rows: number;
}

/** What a rank that falls with age costs in an hour. */
async function recompute(client: Client): Promise<Upkeep> {
  await client.query('checkpoint');
  const { rows: before } = await client.query<{ at: string }>('select pg_current_wal_insert_lsn() as at');
  const begun = performance.now();
  // The same each time but for the moment: one run is measured, and an hour has four.
  let place: { at: string; id: string } | undefined;
  let rows = 0;
  for (;;) {
    const { rows: done } = await client.query<{ at: string; id: string }>(
      `with due as (
         select id, inserted_at from bench_feed.ranked
         where inserted_at > now() - interval '${rankedFor}'
           and ($1::timestamptz is null or (inserted_at, id) > ($1::timestamptz, $2::uuid))
         order by inserted_at, id limit ${rankBatch}
       ),
       changed as (
         update bench_feed.ranked as post set rank = bench_feed.rank(post.score, post.inserted_at)
         from due where post.id = due.id
       )
       select inserted_at::text as at, id from due order by inserted_at, id`,
      [place?.at, place?.id],
    );
    rows += done.length;
    place = done.at(-1);
    if (done.length < rankBatch) break;
  }
  const ms = (performance.now() - begun) * runsAnHour;
  const { rows: after } = await client.query<{ bytes: string }>(
    'select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), $1) as bytes',
    [before[0]?.at],
  );
  // What a round leaves behind is not the next one's to read.
  await client.query('vacuum bench_feed.ranked');
  return { ms, megabytes: (Number(after[0]?.bytes) * runsAnHour) / 1e6, rows };
}

const feed: FreshBench = {
  summary: 'A page of 25 of the hot feed: the first one, and the hundredth.',
  async run({ server, scale, rounds }) {
    const { url } = await server.community();
    const posts = Math.max(4_000, Math.round(300_000 * scale));
    return withClient(url, async (client) => {
      const { forum, me, imported } = await fill(client, posts);
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
          ours: () => timeInServer(client, ours(after)),
          double: () => timeInServer(client, perRow(double, from)),
          // As slow at any depth.
          exact: from === 0 ? () => timeInServer(client, perRow(exact, from)) : undefined,
          async limit() {
            await actAs(client, 'stoa_owner', me);
            const figure = await timeInServer(client, inner(after));
            await actAs(client, 'stoa_member', me);
            return figure;
          },
        });
      const first = await forms(undefined, 0);
      const deep = await forms(place, offset);
      const size = `forum of ${posts.toLocaleString('en')} posts`;
      const comparison = (what: string, figures: typeof first) => ({
        what,
        size,
        unit: 'ms' as const,
        forms: [
          { form: 'stored key, keyset, RLS on', role: 'stoa' as const, figures: figures('ours') },
          { form: 'score / 2^(age/12h), float8', role: 'peer' as const, figures: figures('double') },
          ...(figures === first
            ? [{ form: 'the same in numeric', role: 'peer' as const, figures: figures('exact') }]
            : []),
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
      const upkeep = (await alternate(rounds, { ranked: () => recompute(client) }))('ranked');
      const ofAnHour = (what: string, unit: Unit, figure: 'ms' | 'megabytes') => ({
        what,
        size,
        unit,
        forms: [
          { form: 'stored key: nothing', role: 'stoa' as const, figures: upkeep.map(() => 0) },
          {
            form: 'rank that falls with age',
            role: 'peer' as const,
            figures: upkeep.map((each) => each[figure]),
          },
        ],
      });
      await actAs(client, 'stoa_member', me);
      const later = (moment: string): string => `
        select post.id from bench_feed.posts as post
        where post.forum_id = ${literal(forum)} and post.deleted_at is null
        order by post.score / power(2, extract(epoch from ${moment} - post.inserted_at)::double precision / 43200) desc, post.id desc
        limit ${deepPage * pageSize}`;
      const isLasting =
        String(await idsOf(client, later('now()'))) ===
        String(await idsOf(client, later("now() + interval '1 hour'")));
      await client.query('reset role');
      await remove(client, forum);
      return {
        comparisons: [
          comparison('first page', first),
          comparison(`page ${deepPage}`, deep),
          ofAnHour('upkeep of an hour', 'ms', 'ms'),
          ofAnHour('log of that', 'MB', 'megabytes'),
        ],
        plans,
        notes: [
          imported > 0
            ? `Titles, texts and scores of ${imported.toLocaleString('en')} posts that were imported, at times of the last 90 days.`
            : 'Made-up posts; --posts takes those of a community that exists.',
          `A rank that falls with age (as Lemmy's) is computed again ${runsAnHour} times an hour for the ${(upkeep[0]?.rows ?? 0).toLocaleString('en')} posts of the last ${rankedFor}, in sets of ${rankBatch.toLocaleString('en')}. ${
            isLasting
              ? `The order of ours is the same an hour later, as far as page ${deepPage}.`
              : 'THE ORDER OF OURS IS ANOTHER ONE AN HOUR LATER.'
          } What ours pays is an entry of the index with each vote: see the bench votes.`,
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
