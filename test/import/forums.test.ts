import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { beforeEach, describe, expect, test } from 'vitest';
import { checkInvariants } from '../../src/doctor/invariants.ts';
import { importForums } from '../../src/import/forums.ts';
import type { RejectedRow } from '../../src/import/rejected.ts';

import { testDatabase } from '../harness/index.ts';

const db = await testDatabase();
const fixture = new URL('./fixtures/lampmakers.csv', import.meta.url).pathname;
const realFolder = new URL('../../../shared/data/reddit-top/', import.meta.url).pathname;

beforeEach(async () => {
  await db.query('truncate forums.forums cascade');
});

function load(files: readonly string[], more: Partial<Parameters<typeof importForums>[0]> = {}) {
  return importForums({ databaseUrl: db.url, files, format: 'reddit-csv', ...more });
}

/** Everything that an import writes, in a form that two runs can be compared by. */
async function contents(): Promise<unknown> {
  const { rows } = await db.query(
    `select forum.slug, forum.post_count, forum.last_post_id, post.id, post.title, post.content, post.link_url,
            post.score, post.upvote_count, post.downvote_count, post.hot_rank, post.inserted_at,
            flair.name as flair, origin.external_id, origin.reported_score
     from forums.posts post
     join forums.forums forum on forum.id = post.forum_id
     join forums.imported_posts origin on origin.post_id = post.id
     left join forums.flairs flair on flair.id = post.flair_id
     order by post.id`,
  );
  return rows;
}

test('posts arrive with their times, votes, flairs and origin; bad rows are told with line and reason', async () => {
  const rejected: RejectedRow[] = [];
  const [result] = await load([fixture], { onRejected: (row) => rejected.push(row) });
  expect(result).toMatchObject({ forum: 'lampmakers', rows: 22, added: 13, alreadyThere: 1, rejected: 8 });
  expect(rejected).toHaveLength(8);

  const { rows } = await db.query(
    `select post.score, post.upvote_count, post.downvote_count, post.inserted_at, flair.name as flair,
            core.uuidv7_time(post.id) as id_time, origin.reported_upvote_count, origin.reported_comment_count,
            post.comment_count
     from forums.posts post
     join forums.imported_posts origin on origin.post_id = post.id
     left join forums.flairs flair on flair.id = post.flair_id
     where origin.external_id = 't3_b1'`,
  );
  const at = new Date(1_300_010_800_000);
  expect(rows).toEqual([
    {
      score: 64,
      upvote_count: 70,
      downvote_count: 6,
      inserted_at: at,
      id_time: at,
      flair: 'How-to',
      reported_upvote_count: 70,
      reported_comment_count: 3,
      comment_count: 0,
    },
  ]);
  const forum = await db.query(`select post_count, name from forums.forums where slug = 'lampmakers'`);
  expect(forum.rows).toEqual([{ post_count: 13, name: 'LampMakers' }]);
});

test('what arrives keeps every invariant: counters are the origin and what was added here', async () => {
  await load([fixture]);
  const results = await checkInvariants({ databaseUrl: db.url });
  expect(results.filter(({ state }) => state !== 'holds')).toEqual([]);
});

test('running it again adds nothing and changes nothing', async () => {
  await load([fixture]);
  const before = await contents();
  const [again] = await load([fixture]);
  expect(again).toMatchObject({ added: 0, alreadyThere: 14, rejected: 8 });
  expect(await contents()).toEqual(before);
});

test('a dry run counts and leaves the database as it was', async () => {
  const [result] = await load([fixture], { dryRun: true });
  expect(result).toMatchObject({ added: 13 });
  expect(await contents()).toEqual([]);
});

test('a vote that was cast here survives another import', async () => {
  await load([fixture]);
  await db.query(
    `update forums.posts set score = score + 1, upvote_count = upvote_count + 1
     where id = (select post_id from forums.imported_posts where external_id = 't3_a4')`,
  );
  await load([fixture]);
  const { rows } = await db.query(
    `select score from forums.posts join forums.imported_posts on post_id = id where external_id = 't3_a4'`,
  );
  expect(rows).toEqual([{ score: 2 }]);
});

test('two imports of the same file at once add every post once', async () => {
  const results = await Promise.all([load([fixture]), load([fixture]), load([fixture])]);
  expect(results.flat().reduce((sum, result) => sum + result.added, 0)).toBe(13);
  expect(await contents()).toHaveLength(13);
});

test('an owner that does not exist is refused before anything is loaded', async () => {
  await expect(load([fixture], { owner: 'nobody_here' })).rejects.toMatchObject({ code: 'import.owner' });
  expect(await contents()).toEqual([]);
});

/**
 * The order that the ranking was taken from: score × 2^(−age / 12 h), in numeric arithmetic. All rows share the factor
 * of the moment at which one looks, so it is taken at the oldest post: numeric has no room for 2^−9,700.
 */
const decayedOrder = `
  select post.id
  from forums.posts post,
    lateral (
      select extract(epoch from post.inserted_at - (select min(inserted_at) from forums.posts where forum_id = $1)) / 43200
    ) since (half_lives)
  where post.forum_id = $1
  order by
    -- Whole and broken part apart: the same number, in a fiftieth of the time.
    post.score * power(2::numeric, trunc(half_lives)) * power(2::numeric, half_lives - trunc(half_lives)) desc,
    post.id desc
  limit 1000`;

const hotOrder = `
  select id from forums.posts
  where forum_id = $1 and deleted_at is null
  order by hot_rank desc, id desc
  limit 1000`;

async function expectHotOrder(): Promise<number> {
  const forums = await db.query<{ id: string; slug: string }>(
    'select id, slug from forums.forums order by slug',
  );
  for (const { id, slug } of forums.rows) {
    const hot = await db.query(hotOrder, [id]);
    const decayed = await db.query(decayedOrder, [id]);
    expect(hot.rows, slug).toEqual(decayed.rows);
  }
  return forums.rows.length;
}

test('the hot order is that of score × 2^(−age / 12 h), with negative scores, zeros and exact ties', async () => {
  await load([fixture]);
  expect(await expectHotOrder()).toBe(1);
});

describe.skipIf(!existsSync(realFolder))('twenty real forums', () => {
  const files = existsSync(realFolder)
    ? readdirSync(realFolder)
        .filter((name) => name.endsWith('.csv'))
        .map((name) => realFolder + name)
    : [];

  test('load whole, and their hot order is that of the decay formula', async () => {
    const results = await load(files);
    expect(results).toHaveLength(20);
    expect(results.reduce((sum, { added }) => sum + added, 0)).toBe(19_993);
    expect(results.reduce((sum, { rejected }) => sum + rejected, 0)).toBe(2);
    expect(await expectHotOrder()).toBe(20);
  });

  test('a run that is killed leaves whole files only, and the next run completes it', async () => {
    await load(files);
    const whole = await contents();
    await db.query('truncate forums.forums cascade');

    const program = new URL('../../src/cli/main.ts', import.meta.url).href;
    const child = spawn(
      process.execPath,
      [
        '--input-type=module',
        '-e',
        `const { main } = await import(${JSON.stringify(program)});
         await main(['import', 'forums', ...process.argv.slice(1), '--format', 'reddit-csv']);`,
        ...files,
      ],
      { env: { ...process.env, STOA_DATABASE_URL: db.url, DATABASE_URL: db.url }, stdio: 'ignore' },
    );
    const exited = new Promise((resolve) => child.on('exit', resolve));
    for (;;) {
      const { rows } = await db.query<{ forums: number }>(
        'select count(*)::int as forums from forums.forums',
      );
      if ((rows[0]?.forums ?? 0) >= 3 || child.exitCode !== null) break;
    }
    child.kill('SIGKILL');
    await exited;

    const partial = await db.query<{ post_count: number; posts: number }>(
      `select post_count, (select count(*)::int from forums.posts where forum_id = forum.id) as posts
       from forums.forums forum`,
    );
    expect(partial.rows.length).toBeGreaterThanOrEqual(3);
    for (const forum of partial.rows) {
      expect(forum.posts).toBe(forum.post_count);
      expect(forum.posts).toBeGreaterThan(900);
    }

    await load(files);
    expect(await contents()).toEqual(whole);
  });
});
