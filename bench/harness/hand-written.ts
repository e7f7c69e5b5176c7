/**
 * The nested feed as somebody writes it who needs nothing else: node:http, one SQL statement, no GraphQL. The rest is
 * the same as in the API: a transaction of a visitor under row security, a pool of ten connections. At /deeper it answers with
 * the forum of each post and its newest comments, too.
 *
 * DATABASE_URL=… node bench/harness/hand-written.ts SLUG      prints its port
 */
import { createServer } from 'node:http';
import pg from 'pg';

const pool = new pg.Pool({ connectionString: process.env['DATABASE_URL'], max: 10 });
const slug = process.argv[2] ?? '';

const feed = `
  select json_build_object('data', json_build_object('forumBySlug', json_build_object(
    'name', forum.name,
    'posts', json_build_object('nodes', coalesce(page.nodes, '[]'))
  )))::text as body
  from forums.forums as forum
  cross join lateral (
    select json_agg(json_build_object(
      'title', post.title, 'score', post.score, 'commentCount', post.comment_count,
      'author', json_build_object('username', post.username)
    ) order by post.hot_rank desc, post.id desc) as nodes
    from (
      select shown.id, shown.hot_rank, shown.title, shown.score, shown.comment_count, author.username
      from (
        select * from forums.posts
        where forum_id = forum.id and deleted_at is null
        order by hot_rank desc, id desc limit 25
      ) as shown
      left join core.users as author on author.id = shown.author_id
    ) as post
  ) as page
  where forum.slug = $1`;

const deeper = feed
  .replace(
    "'author', json_build_object('username', post.username)",
    `'forum', json_build_object('slug', forum.slug),
      'author', json_build_object('username', post.username),
      'comments', json_build_object('nodes', coalesce(post.comments, '[]'))`,
  )
  .replace('shown.comment_count, author.username', 'shown.comment_count, author.username, recent.comments')
  .replace(
    'left join core.users as author on author.id = shown.author_id',
    `left join core.users as author on author.id = shown.author_id
      cross join lateral (
        select json_agg(json_build_object(
          'content', comment.content, 'author', json_build_object('username', writer.username)
        ) order by comment.id desc) as comments
        from (
          select id, content, author_id from forums.comments where post_id = shown.id order by id desc limit 3
        ) as comment
        left join core.users as writer on writer.id = comment.author_id
      ) as recent`,
  );

async function answer(isDeeper: boolean): Promise<string> {
  const client = await pool.connect();
  try {
    await client.query("begin; set local role stoa_anonymous; set local stoa.user_id = ''");
    const { rows } = await client.query<{ body: string }>(
      isDeeper
        ? { name: 'deeper', text: deeper, values: [slug] }
        : { name: 'feed', text: feed, values: [slug] },
    );
    await client.query('commit');
    return rows[0]?.body ?? '{"data":{"forumBySlug":null}}';
  } finally {
    client.release();
  }
}

const server = createServer((request, response) => {
  // The body is read as the API reads it, though nothing here depends on it.
  request.resume().on('end', () => {
    answer(request.url === '/deeper').then(
      (body) => response.writeHead(200, { 'content-type': 'application/json' }).end(body),
      (error: Error) => response.writeHead(500).end(error.message),
    );
  });
});
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  console.log(typeof address === 'object' ? address?.port : address);
});
