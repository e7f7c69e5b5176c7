import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { folderStorage } from '../../src/storage/folder.ts';
import { messagingScene, send } from '../sql/messaging/scene.ts';
import { configOf, runJob } from './queue.ts';

const scene = await messagingScene();
const { db } = scene;
const root = mkdtempSync(join(tmpdir(), 'stoa-sweep-'));
const storage = folderStorage(root);
afterAll(() => rmSync(root, { recursive: true }));
const config = await configOf(db, { STOA_STORAGE: root });

async function sweep(): Promise<unknown> {
  await runJob(config, 'uploads_sweep');
  const { rows } = await db.query(
    "select status, rows_affected::int, detail from ops.job_runs where task = 'uploads_sweep' order by id desc limit 1",
  );
  return rows[0];
}

/** What is left of an upload: its row, its bytes. */
async function left(id: string): Promise<{ row: boolean; bytes: boolean }> {
  const { rowCount } = await db.query('select from media.uploads where id = $1', [id]);
  return { row: rowCount === 1, bytes: (await storage.head(`objects/${id}`)) !== undefined };
}

async function stored(id: string): Promise<string> {
  await storage.put(`objects/${id}`, Buffer.from('bytes'));
  await db.query(`update media.uploads set storage_path = 'objects/' || id where id = $1`, [id]);
  return id;
}

describe('the sweep of uploads', () => {
  test('removes rows with their bytes, and what rows still point at keeps its row', async () => {
    const [ada, , conversation] = await scene.pair();
    const [orphan, fresh, attached, deleted, dropped] = [
      await stored(await scene.upload(ada)),
      await stored(await scene.upload(ada)),
      await stored(await scene.upload(ada)),
      await stored(await scene.upload(ada)),
      await stored(await scene.upload(ada)),
    ];
    await send(ada, conversation, 'Look', { type: 'image', upload_ids: [attached, deleted, dropped] });
    await db.query("update media.uploads set inserted_at = now() - interval '2 days' where id = $1", [
      orphan,
    ]);
    await db.query("update media.uploads set deleted_at = now() - interval '31 days' where id = $1", [
      deleted,
    ]);
    // As a partition that is dropped takes its rows with it: no trigger, no procedure.
    await db.query('delete from messaging.message_attachments where upload_id = $1', [dropped]);
    await db.query(
      "update media.uploads set attached_at = now() - interval '2 days' where attached_at is not null",
    );

    expect(await sweep()).toEqual({ status: 'ok', rows_affected: 2, detail: { released: 1 } });
    expect(await left(orphan)).toEqual({ row: false, bytes: false });
    expect(await left(fresh)).toEqual({ row: true, bytes: true });
    expect(await left(attached)).toEqual({ row: true, bytes: true });
    expect(await left(deleted)).toEqual({ row: true, bytes: false });
    // Only marked: it goes 30 days later.
    expect(await left(dropped)).toEqual({ row: true, bytes: true });
    expect(await sweep()).toEqual({ status: 'ok', rows_affected: 0, detail: { released: 0 } });

    await db.query("update media.uploads set deleted_at = now() - interval '31 days' where id = $1", [
      dropped,
    ]);
    await db.query('delete from messaging.message_attachments where upload_id = $1', [deleted]);
    expect(await sweep()).toEqual({ status: 'ok', rows_affected: 2, detail: { released: 1 } });
    expect(await left(dropped)).toEqual({ row: false, bytes: false });
    expect(await left(deleted)).toEqual({ row: false, bytes: false });
  });
});
