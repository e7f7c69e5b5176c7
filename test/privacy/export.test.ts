import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { beforeAll, describe, expect, it } from 'vitest';
import { exportPerson } from '../../src/privacy/export.ts';
import { zipOf } from '../../src/privacy/zip.ts';
import { configOf, runJob } from '../jobs/queue.ts';
import { filesOf } from './archive.ts';
import { type Community, community, type Member } from './community.ts';

let world: Community;
let ada: Member;
let other: Member;
let files: ReadonlyMap<string, Buffer>;

beforeAll(async () => {
  world = await community({ people: 3 });
  const [first, second] = world.members;
  if (!first || !second) throw new Error('nobody is there');
  [ada, other] = [first, second];
  files = filesOf(
    await world.asWorker((client) => buffer(exportPerson(client, world.places.uploads, ada.id).archive)),
  );
});

function rowsOf(table: string): Record<string, unknown>[] {
  const text = files.get(`data/${table}.jsonl`)?.toString() ?? '';
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}

describe('an export', () => {
  it('holds every row of the person, of every table that a rule names', async () => {
    for (const [table, column] of [
      ['forums.posts', 'author_id'],
      ['forums.comments', 'author_id'],
      ['forums.post_votes', 'user_id'],
      ['messaging.messages', 'sender_id'],
      ['groups.group_members', 'user_id'],
      ['tracker.user_torrents', 'user_id'],
      ['auth.sessions', 'user_id'],
      ['media.uploads', 'user_id'],
    ] as const) {
      const { rows } = await world.db.query<{ amount: number }>(
        `select count(*)::int as amount from ${table} where ${column} = $1`,
        [ada.id],
      );
      const exported = rowsOf(table).filter((row) => row[column] === ada.id);
      expect({ table, amount: exported.length }).toEqual({ table, amount: rows[0]?.amount });
    }
    expect(rowsOf('auth.accounts')).toMatchObject([{ email: ada.email }]);
    expect(rowsOf('core.users')).toMatchObject([{ username: ada.username, display_name: ada.displayName }]);
  });

  it('holds no secret, and nothing that is somebody else’s', () => {
    const everything = [...files.values()].map((content) => content.toString()).join('\n');
    const held = ['$argon2id$', other.email, other.wallet, other.address].filter((word) =>
      everything.includes(word),
    );
    expect(held).toEqual([]);
    const keys = [...new Set(everything.match(/"[a-z_]+":/g))];
    expect(keys.filter((key) => /(hash|ciphertext|passkey|secret|search)":$/.test(key))).toEqual([]);
    expect(rowsOf('messaging.messages').every((row) => row['sender_id'] === ada.id)).toBe(true);
    expect(rowsOf('forums.comments').every((row) => row['author_id'] === ada.id)).toBe(true);
    expect(rowsOf('moderation.reports').every((row) => row['reporter_id'] === ada.id)).toBe(true);
  });

  it('holds the bytes of uploads, and a page that says what each file is', async () => {
    const picture = [...files].find(([name]) => name.startsWith('files/'));
    expect(picture?.[1].toString()).toBe(`the picture of ${ada.id}`);
    const page = files.get('index.html')?.toString() ?? '';
    const manifest = JSON.parse(files.get('manifest.json')?.toString() ?? '{}');
    expect(manifest.tables.length).toBeGreaterThan(10);
    for (const { file, table, rows } of manifest.tables) {
      expect(page).toContain(`<a href="${file}">${table}</a>`);
      expect(rowsOf(table)).toHaveLength(rows);
    }
  });

  it('is one snapshot, read a piece at a time', async () => {
    await world.asWorker(async (client) => {
      const running = exportPerson(client, world.places.uploads, ada.id, { withFiles: false });
      const reader = running.archive[Symbol.asyncIterator]();
      const { value } = await reader.next();
      // The rest is not made before it is asked for: what is written now is not in it.
      await world.db.query(`update core.profiles set bio = 'written meanwhile' where user_id = $1`, [ada.id]);
      const rest: Buffer[] = [value];
      for (let next = await reader.next(); !next.done; next = await reader.next()) rest.push(next.value);
      expect(filesOf(Buffer.concat(rest)).get('data/core.profiles.jsonl')?.toString()).not.toContain(
        'meanwhile',
      );
    });
  });
});

describe('the archive', () => {
  it('is a ZIP of any names and contents, none at all included', async () => {
    async function* entries() {
      yield { name: 'empty.txt', content: Buffer.alloc(0) };
      yield { name: 'ümläut/日本.txt', content: Buffer.from('x'.repeat(100_000)) };
      yield {
        name: 'stored.bin',
        content: Readable.from([Buffer.from([1]), Buffer.from([2, 3])]),
        isCompressed: false,
      };
    }
    const archive = Buffer.concat(await Array.fromAsync(zipOf(entries())));
    expect(archive.length).toBeLessThan(2_000);
    expect([...filesOf(archive)].map(([name, content]) => [name, content.length])).toEqual([
      ['empty.txt', 0],
      ['ümläut/日本.txt', 100_000],
      ['stored.bin', 3],
    ]);
  });
});

describe('the jobs', () => {
  async function run(task: string): Promise<unknown> {
    await runJob(await configOf(world.db, { STOA_STORAGE: join(world.folder, 'uploads') }), task);
    const { rows } = await world.db.query(
      'select status, rows_affected::int, detail from ops.job_runs where task = $1 order by id desc limit 1',
      [task],
    );
    return rows[0];
  }

  it('deliver an export as an upload that only the person can fetch and that the sweep removes, and say so', async () => {
    await world.db.as(
      { role: 'stoa_member', userId: ada.id },
      (client) => client.query('select audit.request_export()'),
      { commit: true },
    );
    expect(await run('export_run')).toMatchObject({ status: 'ok', rows_affected: 1 });
    const own = await world.db.as({ role: 'stoa_member', userId: ada.id }, (client) =>
      client.query(
        `select upload.id, upload.status, upload.content_type, request.status as request,
           (select count(*)::int from notifications.notifications where type = 'privacy' and data ->> 'upload_id' = upload.id::text) as told
         from audit.privacy_requests as request
         join media.uploads as upload on upload.id = (request.result ->> 'upload_id')::uuid
         where request.kind = 'export'`,
      ),
    );
    expect(own.rows).toMatchObject([
      { status: 'ready', content_type: 'application/zip', request: 'done', told: 1 },
    ]);
    const { rows } = await world.db.query<{ storage_path: string }>(
      'select storage_path from media.uploads where id = $1',
      [own.rows[0].id],
    );
    const bytes = await buffer((await world.places.uploads.get(rows[0]?.storage_path ?? '')).body);
    expect(filesOf(bytes).get('data/core.users.jsonl')?.toString()).toContain(ada.username);
    const expired = await world.db.query(
      `select id from media.expired_uploads(now() + interval '25 hours') where id = $1`,
      [own.rows[0].id],
    );
    expect(expired.rows).toHaveLength(1);
  });

  it('erase whose time has come, the export that waits for them included, and leave the others', async () => {
    for (const member of [ada, other]) {
      await world.db.as(
        { role: 'stoa_member', userId: member.id },
        (client) => client.query('select audit.request_erasure()'),
        { commit: true },
      );
    }
    expect(await run('erasure_run')).toMatchObject({ status: 'ok', rows_affected: 0 });
    await world.db.query('update audit.privacy_requests set not_before = now() where user_id = $1', [ada.id]);
    expect(await run('erasure_run')).toMatchObject({
      status: 'ok',
      rows_affected: 1,
      detail: { open: 0, refused: 0 },
    });
    const { rows } = await world.db.query(
      'select id = $1 as is_ada, erased_at is not null as is_gone from core.users where id = any ($2) order by 1',
      [ada.id, [ada.id, other.id]],
    );
    expect(rows).toEqual([
      { is_ada: false, is_gone: false },
      { is_ada: true, is_gone: true },
    ]);
    expect(await Array.fromAsync(world.places.uploads.list('exports/'))).toEqual([]);
  });
});
