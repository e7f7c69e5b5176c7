import { beforeAll, describe, expect, it } from 'vitest';
import { createUser, type TestDatabase, testDatabase } from '../harness/index.ts';
import { type RecordedStatement, recordStatements, startTestApi, type TestApi } from './api.ts';
import { createForum, type TestForum } from './community.ts';

let db: TestDatabase;
let api: TestApi;
let ownerId: string;
let memberId: string;
let forum: TestForum;

beforeAll(async () => {
  db = await testDatabase();
  ownerId = await createUser(db, { username: 'owner' });
  memberId = await createUser(db, { username: 'reader' });
  forum = await createForum(db, { slug: 'big', ownerId, posts: 3000 });
  await createForum(db, { slug: 'other', ownerId, posts: 1000 });
  await db.query('vacuum analyze');
  // Without rates, whose leases are statements of their own now and then.
  api = await startTestApi(db, { STOA_RATE_ADDRESS: '0', STOA_RATE_ACCOUNT: '0' });
});

const page = `
  query ($slug: String!, $order: PostOrderBy!, $after: Cursor, $first: Int) {
    forumBySlug(slug: $slug) {
      posts(orderBy: $order, first: $first, after: $after) {
        pageInfo { hasNextPage endCursor }
        nodes { id }
      }
    }
  }`;

interface Page {
  readonly ids: string[];
  readonly after: string | null;
}

async function readPage(slug: string, order: string, after: string | null, first = 100): Promise<Page> {
  const { data, errors } = await api.ask(page, { variables: { slug, order, after, first } });
  expect(errors).toEqual([]);
  const { nodes, pageInfo } = data.forumBySlug.posts;
  return {
    ids: nodes.map((node: { id: string }) => node.id),
    after: pageInfo.hasNextPage ? pageInfo.endCursor : null,
  };
}

async function readAll(slug: string, order: string): Promise<string[]> {
  const ids: string[] = [];
  let after: string | null = null;
  do {
    const next: Page = await readPage(slug, order, after);
    ids.push(...next.ids);
    after = next.after;
  } while (after !== null);
  return ids;
}

const sortKeys = {
  HOT: 'hot_rank desc, id desc',
  NEW: 'id desc',
  TOP: 'score desc, id desc',
  ACTIVE: 'last_activity_at desc, id desc',
};

describe('the feeds of a forum', () => {
  it.each(Object.entries(sortKeys))(
    '%s, read page by page, is the whole forum in its order',
    async (order, keys) => {
      const { rows } = await db.query<{ id: string }>(
        `select id from forums.posts where forum_id = $1 and deleted_at is null order by ${keys}`,
        [forum.id],
      );
      expect(await readAll(forum.slug, order)).toEqual(rows.map((row) => row.id));
    },
  );

  it('HOT is the order of score / 2^(age / 12 hours)', async () => {
    const { rows } = await db.query<{ id: string }>(
      `select id
       from forums.posts
       where forum_id = $1 and score > 0
       order by score / power(2::numeric, extract(epoch from now() - inserted_at) / 43200) desc, id desc
       limit 1000`,
      [forum.id],
    );
    const ids = await readAll(forum.slug, 'HOT');
    expect(ids.slice(0, rows.length)).toEqual(rows.map((row) => row.id));
  });

  it('can be walked backwards to the same rows', async () => {
    const { data } = await api.ask(
      `{ forumBySlug(slug: "big") { posts(orderBy: HOT, last: 50) { pageInfo { startCursor } nodes { id } } } }`,
    );
    const all = await readAll(forum.slug, 'HOT');
    const ids = data.forumBySlug.posts.nodes.map((node: { id: string }) => node.id);
    expect(ids).toEqual(all.slice(-50));
    const before = await api.ask(
      `query ($before: Cursor) { forumBySlug(slug: "big") { posts(orderBy: HOT, last: 50, before: $before) { nodes { id } } } }`,
      { variables: { before: data.forumBySlug.posts.pageInfo.startCursor } },
    );
    expect(before.data.forumBySlug.posts.nodes.map((node: { id: string }) => node.id)).toEqual(
      all.slice(-100, -50),
    );
  });

  it('neither repeat nor skip a row when posts and votes arrive between two pages', async () => {
    const busy = await createForum(db, { slug: 'busy', ownerId, posts: 300 });
    const seenAtFirst = new Set(await readAll(busy.slug, 'NEW'));
    const seen: string[] = [];
    let after: string | null = null;
    do {
      const next: Page = await readPage(busy.slug, 'NEW', after, 20);
      seen.push(...next.ids);
      after = next.after;
      await db.query(
        `insert into forums.posts (forum_id, author_id, title) select $1, $2, 'late' from generate_series(1, 7)`,
        [busy.id, ownerId],
      );
      await db.query(
        `insert into forums.post_votes (post_id, user_id, direction)
         select id, $2, 1 from forums.posts where forum_id = $1 order by random() limit 5
         on conflict do nothing`,
        [busy.id, memberId],
      );
    } while (after !== null);
    expect(new Set(seen).size).toBe(seen.length);
    expect(new Set(seen)).toEqual(seenAtFirst);
  });

  it('keep the place of a cursor in HOT when better posts arrive above it', async () => {
    const rising = await createForum(db, { slug: 'rising', ownerId, posts: 200 });
    const all = await readAll(rising.slug, 'HOT');
    const first = await readPage(rising.slug, 'HOT', null, 50);
    await db.query(
      `insert into forums.posts (forum_id, author_id, title, score, upvote_count)
       select $1, $2, 'hot', 1000 + n, 1000 + n from generate_series(1, 30) as n`,
      [rising.id, ownerId],
    );
    const second = await readPage(rising.slug, 'HOT', first.after, 50);
    expect([...first.ids, ...second.ids]).toEqual(all.slice(0, 100));
  });

  it('leave out deleted posts, for moderators too', async () => {
    const cut = await createForum(db, { slug: 'cut', ownerId, posts: 30 });
    await db.query(
      `update forums.posts set deleted_at = now() where id in
         (select id from forums.posts where forum_id = $1 order by hot_rank desc limit 10)`,
      [cut.id],
    );
    const moderator = await api.signIn(await createUser(db, { username: 'keeper', role: 'moderator' }));
    for (const order of Object.keys(sortKeys)) {
      const { data } = await api.ask(page, {
        variables: { slug: cut.slug, order, first: 100 },
        token: moderator,
      });
      expect(data.forumBySlug.posts.nodes).toHaveLength(20);
    }
  });

  it('refuse an order that no index serves at that place, and say which are served', async () => {
    const { errors } = await api.ask('{ posts(orderBy: TOP) { nodes { id } } }');
    expect(errors[0]?.extensions).toMatchObject({
      code: 'INVALID',
      reason: 'order.not_served',
      cure: expect.stringContaining('HOT'),
    });
  });

  it('refuse a cursor of another order', async () => {
    const { after } = await readPage(forum.slug, 'HOT', null, 5);
    const { errors } = await api.ask(page, { variables: { slug: forum.slug, order: 'TOP', after } });
    expect(errors[0]?.extensions['code']).toBe('INVALID');
  });
});

describe('the tree of comments', () => {
  it('comes in reading order, the best answers first, or the newest first', async () => {
    const place = await createForum(db, { slug: 'talk', ownerId, posts: 1 });
    const { rows } = await db.query<{ id: string }>('select id from forums.posts where forum_id = $1', [
      place.id,
    ]);
    const postId = rows[0]?.id;
    await db.query(
      `with top as (
         insert into forums.comments (id, post_id, author_id, path, content, score, upvote_count)
         select id, $1, $2, array[id], 'top', n, n
         from (select core.uuidv7() as id, n from generate_series(1, 40) as n) as made
         returning id
       )
       insert into forums.comments (id, post_id, author_id, parent_id, depth, path, content)
       select reply, $1, $2, top.id, 1, array[top.id, reply], 'reply'
       from top, lateral (select core.uuidv7() as reply from generate_series(1, 3) where top.id is not null) as made`,
      [postId, ownerId],
    );
    const ids = async (text: string): Promise<string[]> =>
      (await db.query<{ id: string }>(text, [postId])).rows.map((row) => row.id);
    const { data, errors } = await api.ask(
      `query ($id: UUID!) {
        post(id: $id) {
          tree: comments(orderBy: TREE, first: 100) { nodes { id } }
          best: comments(orderBy: BEST, first: 100) { nodes { id replies(orderBy: BEST) { nodes { id } } } }
          new: comments(orderBy: NEW, first: 100) { nodes { id } }
        }
      }`,
      { variables: { id: postId } },
    );
    expect(errors).toEqual([]);
    const found = (key: string): string[] => data.post[key].nodes.map((node: { id: string }) => node.id);
    expect(found('tree')).toEqual(
      await ids('select id from forums.comments where post_id = $1 order by path limit 100'),
    );
    expect(found('best')).toEqual(
      await ids(
        'select id from forums.comments where post_id = $1 and parent_id is null order by score desc, id limit 100',
      ),
    );
    expect(data.post.best.nodes[0].replies.nodes).toHaveLength(3);
    expect(found('new')).toEqual(
      await ids('select id from forums.comments where post_id = $1 order by id desc limit 100'),
    );
  });
});

/** The statement again, as a member, with its plan instead of its rows. */
async function planOf({ text, values }: RecordedStatement): Promise<string> {
  return db.as({ role: 'stoa_member', userId: memberId }, async (client) => {
    const { rows } = await client.query({ text: `explain (costs off) ${text}`, values });
    return rows.map((row) => row['QUERY PLAN']).join('\n');
  });
}

describe('the SQL of a page', () => {
  it.each(Object.keys(sortKeys))(
    'of %s reads an index from the cursor on: no sort, no scan of the table',
    async (order) => {
      const token = await api.signIn(memberId);
      let { after } = await readPage(forum.slug, order, null);
      for (let n = 0; n < 5; n += 1) ({ after } = await readPage(forum.slug, order, after));
      const statements = await recordStatements(() =>
        api.ask(page, { variables: { slug: forum.slug, order, after, first: 25 }, token }),
      );
      const feed = statements.filter(({ text }) => text.includes('"posts"'));
      expect(feed).toHaveLength(1);
      const plan = await planOf(feed[0] as RecordedStatement);
      expect(plan).not.toMatch(/Sort|Seq Scan on posts/);
      expect(plan).toMatch(/Index Cond: .*(ROW\(.*<|id <)/);
    },
  );

  it('is one statement, however much of each post is asked for', async () => {
    const statements = await recordStatements(() =>
      api.ask(`{
        forums(first: 2) {
          nodes {
            name
            posts(orderBy: HOT, first: 20) {
              nodes { title author { username class { name } } forum { slug } flair { name } comments(first: 5) { nodes { content author { username } } } }
            }
          }
        }
      }`),
    );
    expect(statements).toHaveLength(1);
  });

  it('grows by one statement for a count, not by one for each row', async () => {
    const query = (size: number): string =>
      `{ forums { totalCount nodes { posts(orderBy: NEW, first: ${size}) { totalCount nodes { author { username } } } } } }`;
    const few = await recordStatements(() => api.ask(query(1)));
    const many = await recordStatements(() => api.ask(query(50)));
    expect(many.length).toBe(few.length);
    expect(many.length).toBeLessThanOrEqual(3);
  });
});
