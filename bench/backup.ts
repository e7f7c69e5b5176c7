/**
 * What a base backup costs. Starts a server of its own with some hundred megabytes of text, and prints megabytes a second
 *
 * - of reading alone: every file taken and compared with the server's manifest, and thrown away;
 * - of a whole backup into a folder: not encrypted, encrypted (always compressed: there is no other form);
 * - of a restore of each, without the recovery;
 * - of `pg_basebackup` into a tar file and into nothing, where one of the same major or a newer one is installed, as a ratio.
 *
 * In turns, so that a busy machine is busy for all of them.
 *
 * node_modules/.bin/node bench/backup.ts [megabytes, default 500] [rounds, default 3] [major, default 18]
 */
import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createBaseBackup } from '../src/backup/base/create.ts';
import { TarInspector } from '../src/backup/base/inspect.ts';
import { compareFiles, parseManifest } from '../src/backup/base/manifest.ts';
import { newKeyPair } from '../src/backup/keys/pair.ts';
import { startBaseBackup } from '../src/backup/replication/base-backup.ts';
import { connectReplication } from '../src/backup/replication/connection.ts';
import { checkBase } from '../src/backup/restore/unpack.ts';
import { openVault } from '../src/backup/vault.ts';
import { folderStorage } from '../src/storage/folder.ts';
import { startSource } from '../test/backup/source.ts';

const megabytes = Number(process.argv[2] ?? 500);
const rounds = Number(process.argv[3] ?? 3);
const major = process.argv[4] === '15' ? 15 : 18;

const root = mkdtempSync(join(tmpdir(), 'stoa-bench-backup-'));
const source = await startSource(major);
const pair = await newKeyPair();

/** Rows as a community has them: words, numbers, identifiers; a row has about 400 bytes. */
await source.sql(`
  create table posts as
  select gen_random_uuid() as id, n % 5000 as author_id, now() - n * interval '1 second' as at,
         (select string_agg((array['the','people','of','this','place','speak','about','music','films','and','books'])[1 + (hashint8(n * 60 + m) & 7)], ' ') from generate_series(1, 60) as m) as body
  from generate_series(1, ${Math.round(megabytes * 2200)}) as n
`);
await source.sql('checkpoint');

async function readOnly(): Promise<number> {
  const client = await connectReplication(source.url, 'bench');
  const backup = startBaseBackup(client, { label: 'bench' });
  let bytes = 0;
  const inspector = new TarInspector(async (files) => {
    const faults = compareFiles(parseManifest((await backup.ended).manifest), files);
    if (faults.length > 0) throw new Error(faults[0]);
  });
  for await (const block of backup.archive.pipe(inspector)) bytes += block.length;
  await client.end();
  return bytes;
}

async function withFolder(recipients: readonly string[], name: string): Promise<number> {
  const folder = join(root, randomUUID());
  const vault = openVault({ storage: folderStorage(folder), recipients, identities: [pair.identity] });
  const entry = await createBaseBackup({ url: source.url, vault });
  const archive = entry.artifacts['base.tar'];
  const begun = performance.now();
  await checkBase({ vault, entry, owner: undefined });
  note(`restore, ${name}`, archive?.size ?? 0, performance.now() - begun);
  sizes.set(name, (archive?.size ?? 0) / (archive?.storedSize ?? 1));
  rmSync(folder, { recursive: true });
  return archive?.size ?? 0;
}

/** False where none is installed that talks to this server. */
function pgBaseBackup(target: string): boolean {
  const url = new URL(source.url);
  const args = ['-h', '127.0.0.1', '-p', url.port, '-U', 'postgres', '-c', 'fast', '-F', 'tar', '-D', target];
  const kind =
    target === '-' ? ['-X', 'none', '--no-manifest'] : ['-X', 'fetch', '--manifest-checksums=SHA256'];
  const result = spawnSync('pg_basebackup', [...args, ...kind], { stdio: 'ignore' });
  if (target !== '-') rmSync(target, { recursive: true, force: true });
  return result.status === 0;
}

const rates = new Map<string, number[]>();
const sizes = new Map<string, number>();
function note(name: string, bytes: number, elapsedMs: number): void {
  rates.set(name, [...(rates.get(name) ?? []), bytes / 1e3 / elapsedMs]);
}
async function measure(name: string, work: () => Promise<number>): Promise<number> {
  const begun = performance.now();
  const bytes = await work();
  // A restore that is measured within is not part of the backup.
  const inner = name.startsWith('backup')
    ? (rates.get(`restore, ${name.slice('backup, '.length)}`)?.at(-1) ?? 0)
    : 0;
  const restoreMs = inner === 0 ? 0 : bytes / 1e3 / inner;
  note(name, bytes, performance.now() - begun - restoreMs);
  return bytes;
}

try {
  for (let round = 0; round < rounds; round += 1) {
    const bytes = await measure('read and compare, no storage', readOnly);
    await measure('backup, zstd', () => withFolder([], 'zstd'));
    await measure('backup, zstd and age', () => withFolder([pair.recipient], 'zstd and age'));
    for (const [name, target] of [
      ['pg_basebackup to /dev/null', '-'],
      ['pg_basebackup to a tar file', join(root, 'tar')],
    ] as const) {
      const begun = performance.now();
      if (pgBaseBackup(target)) note(name, bytes, performance.now() - begun);
    }
  }
  const median = (values: readonly number[]): number =>
    [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;
  const reference = rates.get('pg_basebackup to a tar file');
  console.log(`PostgreSQL ${major}, ${megabytes} MB of rows, ${rounds} rounds, median of MB/s:`);
  for (const [name, values] of rates) {
    const ratio = reference
      ? `  ${(median(values) / median(reference)).toFixed(2)} of pg_basebackup to a tar file`
      : '';
    console.log(`  ${name.padEnd(32)}${median(values).toFixed(0).padStart(5)}${ratio}`);
  }
  for (const [name, ratio] of sizes) console.log(`  stored, ${name}: 1/${ratio.toFixed(1)} of the size`);
  if (!reference) console.log('  no pg_basebackup that talks to this server is installed');
} finally {
  await source.remove();
  rmSync(root, { recursive: true, force: true });
}
