import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { LogicalBackup } from '../../src/backup/catalog.ts';
import { createLogicalBackup } from '../../src/backup/logical/dump.ts';
import { restoreRows } from '../../src/backup/logical/rows.ts';
import { openVault } from '../../src/backup/vault.ts';
import { loadDemo } from '../../src/demo/index.ts';
import { folderStorage } from '../../src/storage/folder.ts';
import { testDatabase } from '../harness/index.ts';

const folder = mkdtempSync(join(tmpdir(), 'stoa-rows-'));
const vault = openVault({ storage: folderStorage(folder), recipients: [], identities: [] });
const argon2 = { memoryKiB: 64, passes: 2, parallelism: 1, concurrency: 2, queue: 32 };
const db = await testDatabase();
let backup: LogicalBackup;
let forum: { id: string; posts: string; comments: string };
let author: string;

async function one<Row extends object>(text: string, values: unknown[] = []): Promise<Row> {
  const { rows } = await db.query<Row & Record<string, unknown>>(text, values);
  const [row] = rows;
  if (row === undefined) throw new Error(`no row: ${text}`);
  return row;
}

beforeAll(async () => {
  await loadDemo({ databaseUrl: db.url, password: 'a password of the demo', argon2 });
  backup = await createLogicalBackup({ url: db.urlFor('stoa_backup'), vault });
  forum = await one(`
    select forum.id, count(distinct post.id)::text as posts, count(comment.id)::text as comments
    from forums.forums as forum
    join forums.posts as post on post.forum_id = forum.id
    join forums.comments as comment on comment.post_id = post.id
    group by forum.id order by count(*) desc limit 1`);
  ({ author } = await one<{ author: string }>(
    'select author_id as author from forums.posts where forum_id = $1 group by 1 order by count(*) desc, 1 limit 1',
    [forum.id],
  ));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('rows of a backup beside the live ones', () => {
  test('are those of the table, and what is missing among the living is counted', async () => {
    const { count } = await one<{ count: string }>('select count(*) from core.profiles');
    const restored = await restoreRows({
      databaseUrl: db.url,
      vault,
      backup,
      tables: ['core.profiles'],
      schema: 'one',
    });
    expect(restored).toEqual({
      schema: 'one',
      tables: [
        {
          name: 'core.profiles',
          restored: '"one"."core_profiles"',
          rows: Number(count),
          erased: 0,
          missing: 0,
        },
      ],
    });
    expect(
      await one(`select count(*)::int as differing from (
        (select user_id, bio from one.core_profiles except select user_id, bio from core.profiles)
        union all (select user_id, bio from core.profiles except select user_id, bio from one.core_profiles)) as each`),
    ).toEqual({ differing: 0 });
  });

  test('of a container are the whole of it and nothing else', async () => {
    const deleted = await one<{ id: string }>(
      `select id from forums.comments where post_id in (select id from forums.posts where forum_id = $1)
       and id not in (select parent_id from forums.comments where parent_id is not null) order by id limit 1`,
      [forum.id],
    );
    await db.query(
      'begin; set local session_replication_role = replica; ' +
        `delete from forums.comment_votes where comment_id = '${deleted.id}'; ` +
        `delete from forums.comments where id = '${deleted.id}'; commit`,
    );
    const { tables } = await restoreRows({
      databaseUrl: db.url,
      vault,
      backup,
      container: { table: 'forums.forums', id: forum.id },
      schema: 'two',
    });
    const counts = Object.fromEntries(tables.map(({ name, rows, missing }) => [name, [rows, missing]]));
    expect(counts).toMatchObject({
      'forums.forums': [1, 0],
      'forums.posts': [expect.any(Number), 0],
      'forums.comments': [expect.any(Number), 1],
    });
    const inBackup = await one<{ posts: string; strangers: string }>(
      `select (select count(*) from two.forums_posts) as posts,
         (select count(*) from two.forums_posts where forum_id <> $1) as strangers`,
      [forum.id],
    );
    const { posts } = await one<{ posts: string }>(
      'select count(*) as posts from forums.posts where forum_id = $1',
      [forum.id],
    );
    expect(inBackup).toEqual({ posts, strangers: '0' });
    expect(
      await one(`select
        (select count(*)::int from two.forums_comments c where not exists (select from two.forums_posts p where p.id = c.post_id)) as homeless,
        (select count(*)::int from two.forums_comments where id = '${deleted.id}') as found`),
    ).toEqual({ homeless: 0, found: 1 });
    // People do not hang on a forum, and so do not come with it.
    expect(Object.keys(counts)).not.toContain('core.users');
  });

  test('do not bring back who has been erased since', async () => {
    await db.query(
      `begin; set local session_replication_role = replica;
       update core.users set username = null, display_name = null, avatar_url = null, banner_url = null, erased_at = now()
       where id = '${author}'; commit`,
    );
    const { tables } = await restoreRows({
      databaseUrl: db.url,
      vault,
      backup,
      tables: ['core.users', 'forums.posts', 'core.profiles'],
      schema: 'three',
    });
    expect(tables.map(({ name, erased }) => [name, erased > 0])).toEqual([
      ['core.users', true],
      ['forums.posts', true],
      ['core.profiles', true],
    ]);
    expect(
      await one(`select
        (select count(*)::int from three.core_users where id = '${author}')
        + (select count(*)::int from three.forums_posts where author_id = '${author}')
        + (select count(*)::int from three.core_profiles where user_id = '${author}') as left`),
    ).toEqual({ left: 0 });
  });

  test('can be read by nobody of the API', async () => {
    await restoreRows({ databaseUrl: db.url, vault, backup, tables: ['auth.accounts'], schema: 'four' });
    for (const role of ['stoa_anonymous', 'stoa_member', 'stoa_moderator', 'stoa_admin'] as const) {
      await expect(
        db.as({ role, userId: author }, (client) => client.query('select from four.auth_accounts')),
      ).rejects.toMatchObject({ code: '42501' });
    }
  });

  test('are refused with a sentence, and then leave nothing behind', async () => {
    const ask = (options: Partial<Parameters<typeof restoreRows>[0]>) =>
      restoreRows({ databaseUrl: db.url, vault, backup, schema: 'five', ...options });
    await expect(ask({ tables: ['forums.nothing'] })).rejects.toMatchObject({
      code: 'restore.unknown_table',
    });
    await expect(ask({ tables: ['auth.sessions'] })).rejects.toMatchObject({ code: 'restore.unknown_table' });
    await expect(ask({ tables: ['core.profiles'], schema: 'one' })).rejects.toMatchObject({
      code: 'restore.schema_exists',
    });
    await expect(ask({ container: { table: 'forums.forums', id: author } })).rejects.toMatchObject({
      code: 'restore.unknown_row',
    });
    expect(await one("select to_regnamespace('five') as schema")).toEqual({ schema: null });
  });
});
