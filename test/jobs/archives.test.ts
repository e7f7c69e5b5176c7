import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseCronItems } from 'graphile-worker';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findArchive } from '../../src/archive/catalog.ts';
import { readManifest } from '../../src/archive/manifest.ts';
import { archivedRows } from '../../src/archive/read.ts';
import { restoreArchive } from '../../src/archive/restore.ts';
import { defaultTransforms } from '../../src/archive/transform.ts';
import { crontab } from '../../src/jobs/crontab.ts';
import { connect } from '../../src/postgres/connect.ts';
import { connectOwner } from '../../src/postgres/owner.ts';
import { erasePeople } from '../../src/privacy/erasure.ts';
import { folderStorage } from '../../src/storage/folder.ts';
import { diesAt } from '../archive/kill.ts';
import { type Group, type Person, type Scene, scene } from '../sql/groups/scene.ts';
import { configOf, runJob } from './queue.ts';

const root = mkdtempSync(join(tmpdir(), 'stoa-archives-'));
const storage = folderStorage(root);
let world: Scene;
let owner: Person;
beforeAll(async () => {
  world = await scene();
  owner = await world.person();
});
afterAll(() => rmSync(root, { recursive: true }));

/** Runs one job as the worker does and answers with what it wrote down. */
async function job(task: string, payload: object = {}): Promise<{ status: string; detail: unknown }> {
  await runJob(await configOf(world.db, { STOA_STORAGE: root }), task, payload);
  return world.one('select status, detail from ops.job_runs where task = $1 order by id desc limit 1', task);
}

/** A channel that keeps messages for 30 days, with six old ones and a young one. */
async function room(group: Group): Promise<string> {
  const { id } = await owner.call<{ id: string }>('create_channel', {
    group_id: group.id,
    type: 'text',
    name: 'room',
  });
  await owner.call('update_channel', { channel_id: id, patch: { retention_days: 30 } });
  for (const age of [45, 44, 43, 42, 41, 40, 5]) {
    await world.db.query(
      `insert into groups.channel_messages (channel_id, id, seq, content, sender_id)
       values ($1, core.uuidv7_floor(now() - make_interval(days => $2)), 100 - $2, 'message of ' || $2, $3)`,
      [id, age, owner.id],
    );
  }
  await world.db.query(
    `insert into groups.message_reactions (channel_id, message_id, user_id, emoji)
     select channel_id, min(id::text)::uuid, $2, '👍' from groups.channel_messages where channel_id = $1 group by channel_id`,
    [id, owner.id],
  );
  return id;
}

async function messages(channel: string): Promise<number> {
  const { amount } = await world.one<{ amount: number }>(
    'select count(*)::int as amount from groups.channel_messages where channel_id = $1',
    channel,
  );
  return amount;
}

async function archivesOf(channel: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { key } of storage.list(`archives/groups.channel_messages/channel-${channel}`))
    found.push(key);
  return found.filter((key) => key.endsWith('manifest.json'));
}

describe('old chat', () => {
  test('is exported with its reactions, read back, and only then deleted', async () => {
    const channel = await room(await world.group(owner));
    expect(await job('archive_chat')).toMatchObject({ status: 'ok' });
    expect(await messages(channel)).toBe(1);
    const [key = ''] = await archivesOf(channel);
    const manifest = await readManifest(storage, key);
    expect(manifest).toMatchObject({ kind: 'rows', rows: 6, scope: { channel } });
    const rows: (readonly string[])[] = [];
    for await (const row of archivedRows(storage, manifest, defaultTransforms)) rows.push(row);
    const at = manifest.columns.findIndex(({ name }) => name === 'reactions');
    expect(rows.map((row) => row[at]?.includes('👍'))).toEqual([true, false, false, false, false, false]);
    expect(await job('archive_chat')).toMatchObject({ status: 'ok', detail: { archives: [] } });

    const client = await connectOwner(world.db.url, 'test archive');
    const session = { client, storage, transforms: defaultTransforms };
    try {
      expect(await findArchive(client, 'groups.channel_messages', manifest.name)).toMatchObject({
        rows: 6,
        droppedAt: expect.any(Date),
      });
      await expect(restoreArchive(session, key)).rejects.toMatchObject({ code: 'archive.rows_need_a_table' });
      expect(await restoreArchive(session, key, { into: 'groups.old_room' })).toMatchObject({ rows: 6 });
      await world.db.query('drop table groups.old_room');
    } finally {
      await client.end();
    }
  });

  test('comes back without what somebody wrote who was erased since', async () => {
    const channel = await room(await world.group(owner));
    const leaver = await world.person();
    await world.db.query(
      'update groups.channel_messages set sender_id = $2 where channel_id = $1 and seq in (100 - 45, 100 - 44)',
      [channel, leaver.id],
    );
    await world.db.query(
      `with file as (
         insert into media.uploads (user_id, filename, content_type, size_bytes, storage_path, status)
         values ($2, 'me.png', 'image/png', 1, 'objects/me', 'ready') returning id
       )
       insert into groups.message_attachments (channel_id, message_id, upload_id, filename, content_type, size_bytes)
       select message.channel_id, message.id, file.id, 'me.png', 'image/png', 1
       from groups.channel_messages as message, file
       where message.channel_id = $1 and message.seq < 58`,
      [channel, owner.id],
    );
    await job('archive_chat');
    const { request } = await world.one<{ request: string }>(
      "select audit.operator_request($1, 'erase', 'asked for it') as request",
      leaver.id,
    );
    const places = { uploads: storage, ledger: storage };
    const worker = await connect(world.db.urlFor('stoa_worker'), 'test archive');
    const [outcome] = await erasePeople(worker, places, [request]).finally(() => worker.end());
    expect(outcome?.certificate).toBeDefined();

    const [key = ''] = await archivesOf(channel);
    const client = await connectOwner(world.db.url, 'test archive');
    const session = { client, storage, transforms: defaultTransforms };
    try {
      expect(await restoreArchive(session, key, { into: 'groups.old_room' })).toMatchObject({
        rows: 6,
        erased: 2,
      });
    } finally {
      await client.end();
    }
    const { rows } = await world.db.query(
      'select content, jsonb_array_length(attachments) as files from groups.old_room order by seq limit 4',
    );
    expect(rows).toEqual([
      { content: '', files: null },
      { content: '', files: null },
      { content: 'message of 43', files: 1 },
      { content: 'message of 42', files: null },
    ]);
    await world.db.query('drop table groups.old_room');
  });

  test('under a legal hold is neither exported nor deleted until it is released', async () => {
    const group = await world.group(owner);
    const channel = await room(group);
    const { id } = await world.one<{ id: string }>(
      "select ops.place_hold('group', $1, 'Case 3') as id",
      group.id,
    );
    expect(await job('archive_chat')).toMatchObject({ status: 'ok', detail: { archives: [] } });
    expect(await messages(channel)).toBe(7);
    await world.db.query("select ops.release_hold($1, 'Over')", [id]);
    await job('archive_chat');
    expect(await messages(channel)).toBe(1);
  });

  test('killed at any step loses no message that is not in an archive, and ends as if it had not been', async () => {
    const group = await world.group(owner);
    for (const step of [6, 10, 12, 14]) {
      const channel = await room(group);
      expect(await diesAt(step, 'chat', world.db, root)).toMatchObject({ signal: 'SIGKILL' });
      await job('archive_chat');
      expect(await messages(channel)).toBe(1);
      const keys = await archivesOf(channel);
      expect(keys).toHaveLength(1);
      expect(await readManifest(storage, keys[0] ?? '')).toMatchObject({ rows: 6 });
    }
    const { open } = await world.one<{ open: number }>(
      'select count(*)::int as open from ops.archive_exports where verified_at is null or dropped_at is null',
    );
    expect(open).toBe(0);
  }, 30_000);
});

describe('the jobs that retire partitions', () => {
  test('export announces without their address, sum the snapshots of peers up, and drop the months', async () => {
    const { db } = world;
    const person = await world.person();
    await db.query(`
      create table parts.tracker_announces_old (like tracker.announces including all);
      alter table parts.tracker_announces_old owner to stoa_owner, enable row level security;
      alter table tracker.announces attach partition parts.tracker_announces_old for values from ('2020-01-01T00:00:00Z') to ('2020-02-01T00:00:00Z');
      create table parts.tracker_peer_history_old (like tracker.peer_history including all);
      alter table parts.tracker_peer_history_old owner to stoa_owner, enable row level security;
      alter table tracker.peer_history attach partition parts.tracker_peer_history_old for values from ('2020-01-01T00:00:00Z') to ('2020-02-01T00:00:00Z');
    `);
    await db.query(
      `insert into tracker.announces (announced_at, user_id, torrent_id, peer_id, ip_address, port, uploaded, downloaded, left_bytes)
       values ('2020-01-05T00:00:00Z', $1, core.uuidv7(), '\\x2d5452', '198.51.100.7', 6881, 1, 2, 3)`,
      [person.id],
    );
    expect(await job('archive_monthly')).toMatchObject({
      status: 'ok',
      detail: {
        partitions: [
          { partition: 'parts.tracker_announces_old', outcome: 'dropped', archivedRows: 1 },
          { partition: 'parts.tracker_peer_history_old', outcome: 'dropped', archivedRows: null },
        ],
      },
    });
    const manifest = await readManifest(
      storage,
      'archives/tracker.announces/parts.tracker_announces_old/manifest.json',
    );
    for await (const row of archivedRows(storage, manifest, defaultTransforms)) {
      expect(row.join(' ')).not.toContain('198.51.100.7');
      expect(row).toContain('0.0.0.0');
    }
  });

  test('leave the audit log to the quarter, and what nobody exports to the night', async () => {
    expect(await job('archive_quarterly')).toMatchObject({ status: 'ok', detail: { partitions: [] } });
    expect(await job('partitions_retire')).toMatchObject({ status: 'ok', detail: { partitions: [] } });
    const tasks = crontab.map(({ task }) => task);
    for (const task of ['partitions_retire', 'archive_monthly', 'archive_quarterly', 'archive_chat']) {
      expect(tasks).toContain(task);
    }
    expect(parseCronItems([...crontab])).toHaveLength(crontab.length);
  });

  test('sum up the days of a month that were not summed up in their time', async () => {
    const { rows } = await world.db.query(
      "select tracker.sum_up_partition('parts.tracker_peer_history_' || to_char(now() at time zone 'UTC', 'YYYY_MM')) as written",
    );
    expect(rows).toEqual([{ written: 0 }]);
  });
});

describe('the hourly run of retention', () => {
  test('applies the rules of the hour and leaves the others to the night', async () => {
    const { detail } = await job('retention_run', { hourly: true });
    expect(Object.keys((detail as { affected: object }).affected).sort()).toEqual([
      'auth.pending_sign_ins',
      'auth.request_rates',
      'auth.wallet_challenges',
      'groups_slowmode_marks',
    ]);
    expect(
      Object.keys(((await job('retention_run')).detail as { affected: object }).affected).length,
    ).toBeGreaterThan(40);
  });
});
