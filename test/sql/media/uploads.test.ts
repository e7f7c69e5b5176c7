import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { connect } from '../../../src/postgres/connect.ts';
import { createUser, type TestDatabase, testDatabase } from '../../harness/index.ts';
import { reasonOf } from '../refusal.ts';

interface Upload {
  readonly id: string;
  readonly filename: string;
  readonly content_type: string;
  readonly storage_path: string;
  readonly status: string;
}

let db: TestDatabase;
let me: string;
beforeAll(async () => {
  db = await testDatabase();
  me = await createUser(db, { username: 'uploader' });
});

async function call(expression: string, values: readonly unknown[], userId = me): Promise<Upload> {
  return db.as(
    { role: 'stoa_member', userId },
    async (client) => {
      const { rows } = await client.query<Upload>(
        `select id, filename, content_type, storage_path, status from ${expression}`,
        [...values],
      );
      const [row] = rows;
      if (row === undefined) throw new Error('no row');
      return row;
    },
    { commit: true },
  );
}

const create = (filename: string, type: string, size: number, userId = me): Promise<Upload> =>
  call('media.create_upload($1, $2, $3)', [filename, type, size], userId);

/** As the process that has read the bytes; what became of the upload. */
async function confirm(
  id: string,
  size: number,
  type = 'image/png',
  sha256 = 'cd'.repeat(32),
): Promise<string> {
  const client = await connect(db.urlFor('stoa_media'), 'test');
  try {
    const { rows } = await client.query<{ outcome: string }>(
      "select media.confirm_upload($1, $2, $3, $4, decode($5, 'hex'), 640, 480) as outcome",
      [id, me, type, size, sha256],
    );
    return rows[0]?.outcome ?? '';
  } finally {
    await client.end();
  }
}

describe('an upload', () => {
  it('gets a place in storage that tells nothing of its name, which is kept without its folders', async () => {
    const upload = await create('C:\\Users\\me\\Cat\u0007.png', 'Image/PNG', 100);
    expect(upload).toMatchObject({ filename: 'Cat.png', content_type: 'image/png', status: 'pending' });
    expect(upload.storage_path).toMatch(new RegExp(`^uploads/\\d{4}/\\d{2}/${upload.id}$`));
  });

  it('is ready once its bytes are there, and only once', async () => {
    const { id } = await create('a.png', 'image/png', 100);
    expect(await confirm(id, 100)).toBe('ready');
    expect(await reasonOf(confirm(id, 100))).toBe('upload.not_pending');
  });

  it('is refused when other bytes arrive than were announced', async () => {
    const { id } = await create('a.png', 'image/png', 100);
    expect(await reasonOf(confirm(id, 101))).toBe('upload.mismatch');
    expect(await reasonOf(confirm(id, 100, 'text/html'))).toBe('upload.mismatch');
    expect(await reasonOf(confirm(randomUUID(), 100))).toBe('upload.unknown');
  });

  it('is quarantined when the same bytes were before', async () => {
    const digest = 'ab'.repeat(32);
    const bad = await create('bad.png', 'image/png', 5);
    await confirm(bad.id, 5, 'image/png', digest);
    await db.query("update media.uploads set status = 'quarantined' where id = $1", [bad.id]);
    const again = await create('innocent.png', 'image/png', 5);
    expect(await confirm(again.id, 5, 'image/png', digest)).toBe('quarantined');
  });

  it('is as large as the premium tier allows, while that is paid for', async () => {
    const rich = await createUser(db, { username: 'patron' });
    const size = 50 * 1024 * 1024;
    expect(await reasonOf(create('a.png', 'image/png', size, rich))).toBe('upload.too_large');

    const pay = (tier: number, until: string): Promise<unknown> =>
      db.query(`update core.users set premium_tier = $2, premium_until = ${until} where id = $1`, [
        rich,
        tier,
      ]);
    await pay(1, "now() + interval '1 day'");
    await create('a.png', 'image/png', size, rich);
    await pay(9, "now() + interval '1 day'");
    await create('a.png', 'image/png', 2 * size, rich);
    await pay(9, "now() - interval '1 day'");
    expect(await reasonOf(create('a.png', 'image/png', size, rich))).toBe('upload.too_large');
  });

  it.each([
    ['a.exe', 'application/x-msdownload', 1, 'upload.type_refused'],
    ['a.png', 'image/png', 0, 'input.malformed'],
    ['/', 'image/png', 1, 'input.empty'],
  ])('is refused as %s of type %s with %i bytes', async (filename, type, size, reason) => {
    expect(await reasonOf(create(filename, type, size))).toBe(reason);
  });

  it('is refused while too many others are begun and not finished', async () => {
    const hoarder = await createUser(db, { username: 'hoarder' });
    for (let number = 0; number < 20; number += 1) await create('a.png', 'image/png', 1, hoarder);
    expect(await reasonOf(create('a.png', 'image/png', 1, hoarder))).toBe('upload.too_many_pending');
  });

  it('belongs to its uploader alone', async () => {
    const stranger = await createUser(db, { username: 'stranger' });
    const { id } = await create('mine.png', 'image/png', 1);
    expect(await reasonOf(call('media.delete_upload($1)', [id], stranger))).toBe('upload.unknown');
    await call('media.delete_upload($1)', [id]);
    expect(await reasonOf(call('media.delete_upload($1)', [id]))).toBe('upload.unknown');
  });
});

describe('expired uploads', () => {
  it('are orphans of a day and what was deleted 30 days ago, but nothing attached or quarantined', async () => {
    await db.query('delete from media.uploads');
    await db.query(`
      insert into media.uploads (filename, content_type, size_bytes, storage_path, status, inserted_at, attached_at, deleted_at)
      values
        ('orphan', 'image/png', 1, '1', 'ready', '2026-06-01', null, null),
        ('fresh', 'image/png', 1, '2', 'pending', '2026-07-01', null, null),
        ('attached', 'image/png', 1, '3', 'ready', '2026-06-01', '2026-06-01', null),
        ('evidence', 'image/png', 1, '4', 'quarantined', '2026-06-01', null, null),
        ('deleted', 'image/png', 1, '5', 'ready', '2026-05-01', '2026-05-01', '2026-05-30'),
        ('deleted lately', 'image/png', 1, '6', 'ready', '2026-05-01', '2026-05-01', '2026-06-20')
    `);
    const { rows } = await db.query(
      "select storage_path from media.expired_uploads('2026-07-01T12:00:00Z') order by storage_path",
    );
    expect(rows).toEqual([{ storage_path: '1' }, { storage_path: '5' }]);
  });
});
