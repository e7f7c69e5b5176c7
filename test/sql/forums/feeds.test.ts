import { beforeAll, describe, expect, it } from 'vitest';
import { reasonOf } from '../refusal.ts';
import { type Forum, type Person, type Post, type Scene, scene } from './scene.ts';

let world: Scene;
let owner: Person;
let reader: Person;
let forum: Forum;
let small: Forum;
let hidden: Forum;

/** A version 7 identifier of a moment in the past, in SQL. */
const idOf = (moment: string): string =>
  `(left(core.uuidv7_floor(${moment})::text, 19) || right(gen_random_uuid()::text, 17))::uuid`;

/** Posts of every score and age, with exact ties among them, written as an import would. */
async function fill(target: Forum, amount: number, seed: number): Promise<void> {
  await world.db.query(
    `insert into forums.posts (id, forum_id, title, upvote_count, downvote_count, score, inserted_at, last_activity_at)
     select ${idOf('moment')}, $1, 'Post ' || n, up, down, up - down, moment, moment + n % 7 * interval '5 hours'
     from (
       select n,
         timestamptz '2026-03-01 00:00+00' - n * interval '37 minutes' as moment,
         case n % 10 when 0 then 0 when 1 then 3 else (n * 7919 + $3) % 400 end as up,
         case n % 10 when 0 then 0 when 1 then 40 else (n * 104729 + $3) % 90 end as down
       from generate_series(1, $2::integer) as n
     ) as made`,
    [target.id, amount, seed],
  );
  // Twice the score half a day earlier: the same rank, exactly.
  await world.db.query(
    `insert into forums.posts (id, forum_id, title, upvote_count, score, inserted_at)
     select ${idOf("moment - n * interval '12 hours'")}, $1, 'Tie ' || n, 64 << n, 64 << n, moment - n * interval '12 hours'
     from generate_series(0, 5) as n, lateral (select timestamptz '2026-02-20 12:00+00' as moment) as start`,
    [target.id],
  );
}

beforeAll(async () => {
  world = await scene();
  [owner, reader] = [await world.person('admin'), await world.person()];
  forum = await world.forum(owner, 'feeding');
  small = await world.forum(owner, 'feeding-small');
  hidden = await world.forum(owner, 'feeding-hidden', { is_public: false });
  await fill(forum, 400, 0);
  await fill(small, 60, 17);
  await fill(hidden, 30, 5);
  await reader.call('subscribe', { forum_id: forum.id });
  await reader.call('subscribe', { forum_id: small.id });
  await world.db.query(`update forums.posts set deleted_at = now() where forum_id = $1 and title like '%9'`, [
    forum.id,
  ]);
});

type Sort = 'hot' | 'new' | 'top' | 'active';
const place: Record<Sort, (post: Post) => string> = {
  hot: (post) => `${post.hot_rank}:${post.id}`,
  new: (post) => post.id,
  top: (post) => `${post.score}:${post.id}`,
  active: (post) => `${post.last_activity_at.toISOString()}:${post.id}`,
};

/** Every page of a feed, one after the other. */
async function walk(
  person: Person,
  feed: string,
  sort: Sort,
  args: Record<string, unknown>,
  between: () => Promise<void> = async () => {},
): Promise<Post[]> {
  const all: Post[] = [];
  for (;;) {
    const last = all.at(-1);
    const page = await person.list<Post>(feed, {
      sort,
      first: 30,
      ...args,
      ...(last ? { after: place[sort](last) } : {}),
    });
    all.push(...page);
    if (page.length < 30) return all;
    await between();
  }
}

async function expected(condition: string, order: string): Promise<string[]> {
  const { rows } = await world.db.query<{ id: string }>(
    `select id from forums.posts where deleted_at is null and ${condition} order by ${order}, id desc`,
  );
  return rows.map((row) => row.id);
}

/** The formula of the hot feed, in exact arithmetic, as of a moment; only positive scores decay to it. */
const formula = `score / power(2::numeric, extract(epoch from timestamptz '2026-03-02' - inserted_at) / 43200) desc`;

describe('the hot feed', () => {
  it('has the order of score / 2^(age / 12 h), ties and all', async () => {
    const feed = await walk(reader, 'feed', 'hot', { forum_id: forum.id });
    const { rows } = await world.db.query<{ id: string }>(
      `select id from forums.posts where forum_id = $1 and deleted_at is null and score > 0
       order by round(score / power(2::numeric, extract(epoch from timestamptz '2026-03-02' - inserted_at)::numeric / 43200), 20) desc, id desc`,
      [forum.id],
    );
    const positive = feed.filter((post) => post.score > 0);
    expect(positive.map((post) => post.id)).toEqual(rows.map((row) => row.id));
    expect(feed.slice(0, positive.length)).toEqual(positive);
  });

  it('has the order of the formula for negative scores too, below all that score nothing', async () => {
    const feed = await walk(reader, 'feed', 'hot', { forum_id: forum.id });
    const signs = feed.map((post) => Math.sign(post.score));
    expect(signs).toEqual([...signs].sort((a, b) => b - a));
    expect(new Set(signs)).toEqual(new Set([1, 0, -1]));
    expect(feed.filter((post) => post.score < 0).map((post) => post.id)).toEqual(
      await expected(`forum_id = '${forum.id}' and score < 0`, formula),
    );
  });

  it('keeps that order whatever the time', async () => {
    const { rows } = await world.db.query<{ moved: number }>(
      `select count(*)::integer as moved
       from (
         select row_number() over (order by hot_rank desc, id desc) as place,
                row_number() over (order by score * power(2::float8, -extract(epoch from inserted_at - timestamptz '2026-01-01')::float8 / -43200) desc, id desc) as later
         from forums.posts
         where forum_id = $1 and score > 0 and title like 'Post%'
       ) as ranked
       where place <> later`,
      [forum.id],
    );
    expect(rows).toEqual([{ moved: 0 }]);
  });
});

describe('a feed', () => {
  it.each<[Sort, string]>([
    ['new', 'id desc'],
    ['top', 'score desc'],
    ['active', 'last_activity_at desc'],
  ])('sorted by %s comes page by page, each post once', async (sort, order) => {
    const feed = await walk(reader, 'feed', sort, { forum_id: forum.id });
    expect(feed.map((post) => post.id)).toEqual(await expected(`forum_id = '${forum.id}'`, order));
  });

  it('stays in place while posts are added in front', async () => {
    const before = await expected(`forum_id = '${small.id}'`, 'hot_rank desc');
    const feed = await walk(reader, 'feed', 'hot', { forum_id: small.id }, async () => {
      await world.post(owner, small, 'In front');
    });
    expect(feed.map((post) => post.id)).toEqual(before);
  });

  it('of the top posts can be limited to a window', async () => {
    const fresh = await world.post(owner, forum, 'Fresh');
    expect(await walk(reader, 'feed', 'top', { forum_id: forum.id, window: '1 day' })).toMatchObject([
      { id: fresh.id },
    ]);
    expect(await reasonOf(reader.list('feed', { forum_id: forum.id, sort: 'hot', window: '1 day' }))).toBe(
      'feed.sort_unknown',
    );
  });

  it('is empty where the caller may not read', async () => {
    expect(await reader.list('feed', { forum_id: hidden.id })).toEqual([]);
    expect(await world.visitor().list('feed', { forum_id: hidden.id })).toEqual([]);
    expect((await owner.list('feed', { forum_id: hidden.id })).length).toBe(25);
  });

  it('has between 1 and 50 posts a page', async () => {
    for (const [first, length] of [
      [0, 1],
      [1, 1],
      [50, 50],
      [500, 50],
      [null, 25],
    ]) {
      expect(await reader.list('feed', { forum_id: forum.id, first })).toHaveLength(length ?? 0);
    }
  });

  it('refuses orders and places that it does not know', async () => {
    const id = forum.id;
    expect(await reasonOf(reader.list('feed', { forum_id: id, sort: 'random' }))).toBe('feed.sort_unknown');
    expect(await reasonOf(reader.list('feed', { forum_id: id, sort: null }))).toBe('feed.sort_unknown');
    for (const [sort, after] of [
      ['hot', 'page-2'],
      ['hot', id],
      ['hot', `:${id}`],
      ['hot', `NaN:${id}`],
      ['hot', `1; drop table x:${id}`],
      ['top', `1.5:${id}`],
      ['top', `99999999999:${id}`],
      ['active', `yesterday:${id}`],
      ['new', `${id}x`],
    ]) {
      expect(await reasonOf(reader.list('feed', { forum_id: id, sort, after })), `${sort} ${after}`).toBe(
        'feed.cursor_malformed',
      );
    }
  });
});

describe('the feed of all forums', () => {
  it('holds what the caller may read', async () => {
    const readable = `forum_id <> '${hidden.id}'`;
    expect((await walk(reader, 'all_feed', 'hot', {})).map((post) => post.id)).toEqual(
      await expected(readable, 'hot_rank desc'),
    );
    expect((await walk(world.visitor(), 'all_feed', 'new', {})).map((post) => post.id)).toEqual(
      await expected(readable, 'id desc'),
    );
    expect((await walk(owner, 'all_feed', 'hot', {})).length).toBe(
      (await expected('true', 'id desc')).length,
    );
  });

  it('has a top of at most 31 days, and no order of activity', async () => {
    const top = await walk(reader, 'all_feed', 'top', { window: '31 days' });
    expect(top.length).toBeGreaterThan(0);
    expect(await reasonOf(reader.list('all_feed', { sort: 'top' }))).toBe('feed.sort_unknown');
    expect(await reasonOf(reader.list('all_feed', { sort: 'top', window: '32 days' }))).toBe(
      'feed.sort_unknown',
    );
    expect(await reasonOf(reader.list('all_feed', { sort: 'active' }))).toBe('feed.sort_unknown');
    expect(await reasonOf(reader.list('all_feed', { sort: 'hot', window: '1 day' }))).toBe(
      'feed.sort_unknown',
    );
  });
});

describe('the home feed', () => {
  it.each<[Sort, string]>([
    ['hot', 'hot_rank desc'],
    ['new', 'id desc'],
    ['top', 'score desc'],
    ['active', 'last_activity_at desc'],
  ])('merges the forums that the caller follows, sorted by %s', async (sort, order) => {
    const feed = await walk(reader, 'home_feed', sort, {});
    expect(feed.map((post) => post.id)).toEqual(
      await expected(`forum_id in ('${forum.id}', '${small.id}')`, order),
    );
  });

  it('is empty for who follows nothing, and not for visitors', async () => {
    expect(await (await world.person()).list('home_feed')).toEqual([]);
    await expect(world.visitor().list('home_feed')).rejects.toThrow('permission denied');
    expect(await reasonOf(reader.list('home_feed', { sort: 'best' }))).toBe('feed.sort_unknown');
  });
});

describe('searching', () => {
  let place: Forum;
  let found: Post;
  beforeAll(async () => {
    place = await world.forum(owner, 'library');
    found = await world.post(reader, place, 'Growing tomatoes', { content: 'On a balcony, in buckets.' });
    await world.post(owner, place, 'Buckets', { content: 'Tomatoes are mentioned.' });
    await world.post(owner, hidden, 'Secret tomatoes');
    const gone = await world.post(owner, place, 'Deleted tomatoes');
    await owner.call('delete_post', { post_id: gone.id });
    await world.comment(reader, found, undefined, 'Mine were eaten by slugs');
  });
  const titles = async (person: Person, args: Record<string, unknown>): Promise<string[]> =>
    (await person.list<Post>('search', args)).map((post) => post.title);

  it('finds words in title and body, the title weighing more, where the caller may read', async () => {
    expect(await titles(reader, { query: 'tomato' })).toEqual(['Growing tomatoes', 'Buckets']);
    expect(await titles(world.visitor(), { query: 'tomato' })).toHaveLength(2);
    expect(await titles(owner, { query: 'tomato' })).toContain('Secret tomatoes');
    expect(await titles(reader, { query: '"growing tomatoes" -bucket' })).toEqual([]);
    expect(await titles(reader, { query: 'slugs or balcony' })).toEqual(['Growing tomatoes']);
  });

  it('is narrowed to a forum, an author and a time', async () => {
    expect(await titles(reader, { query: 'tomato', author_id: reader.id })).toEqual(['Growing tomatoes']);
    expect(await titles(reader, { query: 'tomato', forum_id: forum.id })).toEqual([]);
    expect(await titles(reader, { query: 'tomato', since: new Date(Date.now() + 60_000) })).toEqual([]);
    expect(await titles(reader, { query: 'tomato', forum_id: place.id, first: 1 })).toHaveLength(1);
    expect(await reasonOf(titles(reader, { query: 'tomato', forum_id: hidden.id }))).toBe('forum.unknown');
  });

  it('finds comments too', async () => {
    const comments = await world
      .visitor()
      .list('search_comments', { query: 'slug', forum_id: place.id, author_id: reader.id });
    expect(comments).toMatchObject([{ post_id: found.id }]);
  });

  it('copes with words that mean nothing, and refuses none and too many', async () => {
    expect(await titles(reader, { query: 'the of and' })).toEqual([]);
    expect(await titles(reader, { query: `'); drop table x; & | ! (` })).toEqual([]);
    expect(await reasonOf(titles(reader, { query: '  ' }))).toBe('input.empty');
    expect(await reasonOf(titles(reader, { query: 'x'.repeat(501) }))).toBe('input.too_long');
    expect(await reader.list('search_comments', { query: 'the' })).toEqual([]);
  });
});
