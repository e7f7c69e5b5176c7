import { join } from 'node:path';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { findArchive } from '../../src/archive/catalog.ts';
import { manifestKey, readManifest } from '../../src/archive/manifest.ts';
import { archivePartition } from '../../src/archive/partition.ts';
import { verifyArchive } from '../../src/archive/read.ts';
import { restoreArchive } from '../../src/archive/restore.ts';
import { scrubArchives } from '../../src/archive/scrub.ts';
import type { ArchiveSession } from '../../src/archive/session.ts';
import { defaultTransforms } from '../../src/archive/transform.ts';
import { verifyLog } from '../../src/audit/seals.ts';
import { connectOwner } from '../../src/postgres/owner.ts';
import { erasePeople } from '../../src/privacy/erasure.ts';
import { folderStorage } from '../../src/storage/folder.ts';
import { readObject } from '../../src/storage/read.ts';
import { afterFile } from '../harness/after-file.ts';
import { type Community, community, type Member } from '../privacy/community.ts';

let world: Community;
let session: ArchiveSession;
let gone: Member;
let other: Member;
interface Archived {
  readonly partition: string;
  readonly key: string;
}

/** The last of each table, which nothing else writes into. */
let announces: Archived;
let log: Archived;

async function count(text: string, ...values: unknown[]): Promise<number> {
  const { rows } = await world.db.query<{ amount: number }>(`select count(*)::int as amount ${text}`, values);
  return rows[0]?.amount ?? -1;
}

/** Archives the last partition once it holds what is inserted into its time, and drops it. */
async function archived(parent: string, fill: (from: string) => Promise<unknown>): Promise<Archived> {
  const { rows } = await world.db.query<{ partition: string; from: string }>(
    `select partition, (upper_bound - interval '1 hour')::text as from from ops.partition_bounds($1) order by upper_bound desc limit 1`,
    [parent],
  );
  const [{ partition, from } = { partition: '', from: '' }] = rows;
  await fill(from);
  await archivePartition(session, parent, partition);
  await session.client.query(`alter table ${parent} detach partition ${partition}`);
  await session.client.query(`drop table ${partition}`);
  return { partition, key: manifestKey(parent, partition) };
}

async function erase(member: Member): Promise<void> {
  const request = await world.request(member);
  const [outcome] = await world.asWorker((worker) => erasePeople(worker, world.places, [request]));
  expect(outcome?.certificate).toBeDefined();
}

beforeAll(async () => {
  world = await community({ people: 2, scale: 0.2 });
  const [first, second] = world.members;
  if (!first || !second) throw new Error('there are no two members');
  gone = first;
  other = second;
  const client = await connectOwner(world.db.url, 'test erased');
  afterFile(() => client.end());
  session = {
    client,
    storage: folderStorage(join(world.folder, 'archives')),
    transforms: defaultTransforms,
  };
  announces = await archived('tracker.announces', (from) =>
    world.db.query(
      `insert into tracker.announces
         (announced_at, user_id, torrent_id, peer_id, ip_address, port, uploaded, downloaded, left_bytes)
       select $2, person, core.uuidv7(), decode(repeat('00', 20), 'hex'), '198.51.100.7', 6881, 1, 1, 0
       from unnest($1::uuid[]) as person, generate_series(1, 3)`,
      [[gone.id, other.id], from],
    ),
  );
  log = await archived('audit.logs', async (from) => {
    await world.db.query(
      `insert into audit.logs
         (id, actor_id, actor_role, action, resource_type, resource_id, new_values, reason, ip_address, user_agent)
       select core.uuidv7_floor($1::timestamptz + make_interval(secs => place)), person.id, 'user', 'auth.change_email',
         'core.users', person.id, jsonb_build_object('email', person.email), 'I moved', person.address, 'Mozilla/5.0'
       from rows from (jsonb_to_recordset($2) as (id uuid, email text, address inet)) with ordinality
         as person (id, email, address, place)`,
      [from, JSON.stringify(world.members)],
    );
    await world.db.query('select audit.seal_log()');
  });
  await erase(gone);
});

describe('who was erased after an archive was made, and is in it,', () => {
  it('is not in the partition that comes back, and everybody else is', async () => {
    expect(await restoreArchive(session, announces.key)).toMatchObject({
      table: announces.partition,
      erased: 3,
    });
    expect(await count('from tracker.announces where user_id = $1', gone.id)).toBe(0);
    expect(await count('from tracker.announces where user_id = $1', other.id)).toBe(3);
  });

  it('is not in a table made of the archive', async () => {
    expect(await restoreArchive(session, announces.key, { into: 'tracker.old_announces' })).toMatchObject({
      erased: 3,
    });
    expect(await count('from tracker.old_announces where user_id = $1', gone.id)).toBe(0);
    expect(await count('from tracker.old_announces where user_id = $1', other.id)).toBe(3);
  });

  it('is not in entries of the log that come back, which the digests of the log still fit', async () => {
    const { erased } = await restoreArchive(session, log.key);
    expect(erased).toBeGreaterThan(0);
    const words = `from ${log.partition} as entry where entry::text ilike '%' || $1 || '%'`;
    expect(await count(words, gone.email)).toBe(0);
    expect(await count(words, `${gone.address}/`)).toBe(0);
    expect(await count(words, other.email)).toBeGreaterThan(0);
    expect(await count(`from ${log.partition} where actor_id = $1`, gone.id)).toBeGreaterThan(0);
    expect((await verifyLog(session.client)).faults).toEqual([]);
  });

  it('is not in a table made of entries of the log, whose digests stay as they were', async () => {
    const digests = 'from audit.digests where scrubbed_for is not null';
    const before = await count(digests);
    await restoreArchive(session, log.key, { into: 'audit.old_logs' });
    expect(
      await count("from audit.old_logs as entry where entry::text ilike '%' || $1 || '%'", gone.email),
    ).toBe(0);
    expect(await count(digests)).toBe(before);
  });
});

describe('an archive that is older than an erasure', () => {
  async function stored(parent: string): Promise<readonly { readonly key: string; readonly text: string }[]> {
    const found: { key: string; text: string }[] = [];
    for await (const { key } of session.storage.list(`archives/${parent}/`)) {
      const bytes = await readObject(session.storage, key);
      found.push({ key, text: (key.endsWith('.json') ? bytes : zstdDecompressSync(bytes)).toString('utf8') });
    }
    return found;
  }
  const rowsOf = async (parent: string): Promise<string> =>
    (await stored(parent)).flatMap(({ key, text }) => (key.endsWith('.json') ? [] : [text])).join('');
  const outcomes = async (): Promise<Record<string, unknown>> =>
    Object.fromEntries(
      (await scrubArchives(session)).map(({ parent, outcome, erased }) => [parent, [outcome, erased]]),
    );

  beforeAll(async () => {
    // What the tests before brought back goes again, as retirement would have it.
    await world.db.query('drop table tracker.old_announces, audit.old_logs');
    for (const [parent, { partition }] of [
      ['tracker.announces', announces],
      ['audit.logs', log],
    ] as const) {
      await session.client.query(`alter table ${parent} detach partition ${partition}`);
      await session.client.query(`drop table ${partition}`);
      await session.client.query(
        'update ops.archive_exports set dropped_at = now() where parent = $1 and partition = $2',
        [parent, partition],
      );
    }
  });

  it('stays as it is while a legal hold keeps rows of it', async () => {
    const { rows } = await world.db.query<{ id: string }>(
      "select ops.place_hold('user', $1, 'Case 7') as id",
      [other.id],
    );
    const before = await stored('tracker.announces');
    expect(await outcomes()).toMatchObject({ 'tracker.announces': ['held', 0] });
    expect(await stored('tracker.announces')).toEqual(before);
    await world.db.query("select ops.release_hold($1, 'Over')", [rows[0]?.id]);
  });

  it('is written anew without the person, and nothing is left of what it was', async () => {
    expect(await rowsOf('tracker.announces')).toContain(gone.id);
    expect(await outcomes()).toEqual({ 'tracker.announces': ['scrubbed', 3], 'audit.logs': ['scrubbed', 1] });
    const rows = await rowsOf('tracker.announces');
    expect(rows).not.toContain(gone.id);
    expect(rows).toContain(other.id);
    expect(await stored('tracker.announces')).toHaveLength(2);
    const manifest = await readManifest(session.storage, announces.key);
    await verifyArchive(session.storage, manifest, session.transforms);
    expect(await findArchive(session.client, 'tracker.announces', announces.partition)).toMatchObject({
      rows: 3,
      scrubbedAt: expect.any(Date),
    });
    expect(await restoreArchive(session, announces.key, { into: 'tracker.old_announces' })).toMatchObject({
      rows: 3,
      erased: 0,
    });
    await world.db.query('drop table tracker.old_announces');
  });

  it('of the log still fits its digests when it comes back', async () => {
    expect(await rowsOf('audit.logs')).not.toContain(gone.email);
    expect(await rowsOf('audit.logs')).toContain(other.email);
    expect(await restoreArchive(session, log.key)).toMatchObject({ erased: 0 });
    expect((await verifyLog(session.client)).faults).toEqual([]);
  });

  it('is not looked into again until somebody else is erased', async () => {
    expect(await scrubArchives(session)).toEqual([]);
    await erase(other);
    expect(await outcomes()).toEqual({ 'tracker.announces': ['scrubbed', 3], 'audit.logs': ['exported', 0] });
    expect(await rowsOf('audit.logs')).not.toContain(other.email);
    expect(await rowsOf('tracker.announces')).toBe('');
  });

  it('is finished by the next run where one was cut off after the rows were written', async () => {
    const parent = 'tracker.announces';
    // As it is when the manifest was replaced and nothing after that happened.
    await session.client.query(
      "update ops.archive_exports set scrubbed_at = null, row_count = 3, exported_at = '2026-01-01' where parent = $1",
      [parent],
    );
    await session.storage.put(
      `archives/${parent}/${announces.partition}/rows.copy`,
      zstdCompressSync(gone.id),
    );
    expect(await outcomes()).toMatchObject({ [parent]: ['clean', 0] });
    expect(await rowsOf(parent)).toBe('');
    expect(await findArchive(session.client, parent, announces.partition)).toMatchObject({ rows: 0 });
  });
});
