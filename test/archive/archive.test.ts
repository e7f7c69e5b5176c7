import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { beforeAll, describe, expect, it } from 'vitest';
import { findArchive } from '../../src/archive/catalog.ts';
import {
  type ArchiveManifest,
  manifestKey,
  readManifest,
  writeManifest,
} from '../../src/archive/manifest.ts';
import { archivePartition } from '../../src/archive/partition.ts';
import { verifyArchive } from '../../src/archive/read.ts';
import { restoreArchive } from '../../src/archive/restore.ts';
import { retirePartitions } from '../../src/archive/retire.ts';
import { type ArchiveTransform, zstd } from '../../src/archive/transform.ts';
import { type ArchiveScene, archiveScene, awkward, now } from './scene.ts';

let scene: ArchiveScene;
beforeAll(async () => {
  scene = await archiveScene();
});

const march = (parent: string): string => `parts.${parent.replace('.', '_')}_2026_03`;

/** Every byte turned around, as a stand-in for anything that only its own other half can read. */
const mirror = (): Transform =>
  new Transform({
    transform(chunk: Buffer, _encoding, done) {
      done(null, Buffer.from(chunk.map((byte) => byte ^ 0xff)));
    },
  });
const mirrored: ArchiveTransform = { name: 'mirrored', seal: mirror, open: mirror };

describe('an archive of a partition', () => {
  it('says what it holds, is read back before it counts, and is in the catalog', async () => {
    const parent = await scene.months('stones');
    const manifest = await archivePartition(scene.session, parent, march(parent));
    expect(manifest).toMatchObject({
      kind: 'partition',
      parent: 'core.stones',
      name: 'parts.core_stones_2026_03',
      bounds: "FOR VALUES FROM ('2026-03-01 00:00:00+00') TO ('2026-04-01 00:00:00+00')",
      rows: 10,
      file: { transforms: ['zstd'] },
    });
    expect(manifest.columns.map(({ name, type }) => `${name} ${type}`)).toEqual([
      'at timestamp with time zone',
      'number integer',
      'user_id uuid',
      'note text',
      'address inet',
    ]);
    expect(manifest.migration).toMatch(/^\d{14}_/);
    expect(await findArchive(scene.session.client, parent, march(parent))).toMatchObject({
      rows: 10,
      bytes: manifest.file.bytes,
      verifiedAt: expect.any(Date),
      droppedAt: null,
    });
    expect(Object.keys(await scene.stored('archives/core.stones/')).sort()).toEqual([
      'archives/core.stones/parts.core_stones_2026_03/manifest.json',
      'archives/core.stones/parts.core_stones_2026_03/rows.copy',
    ]);
  });

  it('is refused for what is no partition of the table', async () => {
    const parent = await scene.months('sticks');
    await expect(archivePartition(scene.session, parent, 'core.users')).rejects.toMatchObject({
      code: 'archive.partition_unknown',
    });
    await expect(archivePartition(scene.session, 'core.users', 'core.users')).rejects.toMatchObject({
      code: 'archive.parent_unknown',
    });
  });

  it('is damaged when a byte of its file, its length, or the number in its manifest differs', async () => {
    const parent = await scene.months('reeds');
    const manifest = await archivePartition(scene.session, parent, march(parent));
    const { storage, transforms } = scene.session;
    const damaged = { code: 'archive.damaged' };
    const verify = (what: ArchiveManifest = manifest) => verifyArchive(storage, what, transforms);
    await verify();
    await expect(verify({ ...manifest, rows: 11 })).rejects.toMatchObject(damaged);
    await expect(
      verify({ ...manifest, content: { ...manifest.content, sha256: '0'.repeat(64) } }),
    ).rejects.toMatchObject(damaged);

    const file = join(scene.folder, manifest.file.key);
    const whole = readFileSync(file);
    for (const place of [0, Math.floor(whole.length / 2), whole.length - 1]) {
      const broken = Buffer.from(whole);
      broken[place] = (broken[place] ?? 0) ^ 1;
      writeFileSync(file, broken);
      await expect(verify()).rejects.toMatchObject(damaged);
    }
    writeFileSync(file, whole.subarray(0, whole.length - 5));
    await expect(verify()).rejects.toMatchObject(damaged);
    writeFileSync(file, Buffer.concat([whole, whole]));
    await expect(verify()).rejects.toMatchObject(damaged);
    writeFileSync(file, whole);
    await verify();
    await storage.put(manifestKey(parent, march(parent)), Buffer.from('{}'));
    await expect(readManifest(storage, manifestKey(parent, march(parent)))).rejects.toMatchObject({
      code: 'archive.manifest_invalid',
    });
  });

  it('goes through every transform that it is given, and can only be read with them', async () => {
    const parent = await scene.months('shells');
    const session = { ...scene.session, transforms: [zstd, mirrored] };
    const manifest = await archivePartition(session, parent, march(parent));
    expect(manifest.file.transforms).toEqual(['zstd', 'mirrored']);
    await verifyArchive(session.storage, manifest, session.transforms);
    await expect(verifyArchive(session.storage, manifest, [zstd])).rejects.toMatchObject({
      code: 'archive.transform_unknown',
    });
  });
});

describe('restoring', () => {
  it('puts the partition back as it was, whatever its texts are, and retirement leaves it for a while', async () => {
    const parent = await scene.months('leaves');
    const before = await scene.rows(parent);
    expect(new Set(before.map((row) => (row as { note: string | null }).note))).toEqual(new Set(awkward));
    const retired = await retirePartitions(scene.session, { parents: [parent], now });
    expect(retired.map(({ outcome }) => outcome)).toEqual(['dropped', 'dropped']);
    expect(await scene.partitions(parent)).toHaveLength(2);

    for (const month of ['03', '04']) {
      const restored = await restoreArchive(
        scene.session,
        manifestKey(parent, `parts.core_leaves_2026_${month}`),
      );
      expect(restored).toMatchObject({ rows: 10, added: [], left: [], blanked: ['address'] });
    }
    expect(await scene.rows(parent)).toEqual(before);
    const { rows } = await scene.db.query(
      'select distinct host(address) as address from parts.core_leaves_2026_03',
    );
    expect(rows).toEqual([{ address: '0.0.0.0' }]);
    // Kept from now on, by the clock of the database, and so by the earlier one of this test.
    expect(await retirePartitions(scene.session, { parents: [parent], now })).toEqual([]);
    await scene.db.query("update ops.partition_retirements set keep_until = '2026-07-01' where parent = $1", [
      parent,
    ]);
    expect(await retirePartitions(scene.session, { parents: [parent], now })).toMatchObject([
      { outcome: 'dropped' },
      { outcome: 'dropped' },
    ]);
  });

  it('gives new columns their default and names those that are gone', async () => {
    const parent = await scene.months('twigs');
    const before = await scene.rows('parts.core_twigs_2026_03');
    await retirePartitions(scene.session, { parents: [parent], now });
    await scene.db.query(`
      alter table ${parent} add column colour text not null default 'green';
      alter table ${parent} drop column user_id;
      alter table ${parent} add column place integer generated always as (number * 2) stored;
    `);
    const restored = await restoreArchive(scene.session, manifestKey(parent, march(parent)));
    expect(restored).toMatchObject({ added: ['colour'], left: ['user_id'] });
    const { rows } = await scene.db.query(
      `select at, number, note, null as user_id from ${march(parent)} where colour = 'green' and place = number * 2 order by number`,
    );
    expect(rows).toEqual(before);
  });

  it('makes a table of its own where that is wanted, with the columns as they were', async () => {
    const parent = await scene.months('seeds');
    const before = await scene.rows(march(parent));
    await archivePartition(scene.session, parent, march(parent));
    const key = manifestKey(parent, march(parent));
    const restored = await restoreArchive(scene.session, key, { into: 'core.seeds_of_march' });
    expect(restored).toMatchObject({ table: 'core.seeds_of_march', rows: 10 });
    expect(await scene.rows('core.seeds_of_march')).toEqual(before);
    await expect(restoreArchive(scene.session, key, { into: 'core.seeds_of_march' })).rejects.toMatchObject({
      code: 'archive.table_present',
    });
    await expect(restoreArchive(scene.session, key, { into: 'seeds' })).rejects.toMatchObject({
      code: 'archive.table_unnamed',
    });
    await expect(restoreArchive(scene.session, key)).rejects.toMatchObject({
      code: 'archive.partition_present',
    });
  });

  it('leaves nothing behind when the archive turns out to be damaged', async () => {
    const parent = await scene.months('husks');
    await retirePartitions(scene.session, { parents: [parent], now });
    const key = manifestKey(parent, march(parent));
    const manifest = await readManifest(scene.session.storage, key);
    await writeManifest(scene.session.storage, key, {
      ...manifest,
      content: { ...manifest.content, sha256: '0'.repeat(64) },
    });
    await expect(restoreArchive(scene.session, key)).rejects.toMatchObject({ code: 'archive.damaged' });
    expect(await scene.partitions(parent)).toHaveLength(2);
    const { rows } = await scene.db.query('select to_regclass($1) as found', [march(parent)]);
    expect(rows).toEqual([{ found: null }]);
  });
});
