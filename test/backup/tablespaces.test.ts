import { execFileSync } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { type AddressInfo, connect as connectTo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { setImmediate as turn } from 'node:timers/promises';
import type { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createBaseBackup, createIncrement } from '../../src/backup/base/create.ts';
import { compareFiles, parseManifest } from '../../src/backup/base/manifest.ts';
import { TarReader } from '../../src/backup/base/tar.ts';
import { listBackups, listUnfinished, type PhysicalBackup, writeEntry } from '../../src/backup/catalog.ts';
import { chooseDrill } from '../../src/backup/drill/choose.ts';
import { runDrill } from '../../src/backup/drill/drill.ts';
import { restoreInto } from '../../src/backup/drill/restorer.ts';
import { entriesOf } from '../../src/backup/increment/entries.ts';
import { BlockIndex } from '../../src/backup/increment/index-object.ts';
import { type BackupArchive, startBaseBackup } from '../../src/backup/replication/base-backup.ts';
import { connectReplication } from '../../src/backup/replication/connection.ts';
import { restore } from '../../src/backup/restore/restore.ts';
import { parseTablespaceMapping, planTablespaces } from '../../src/backup/restore/tablespaces.ts';
import { nameTarget, type RecoveryTarget } from '../../src/backup/restore/target.ts';
import { openVault } from '../../src/backup/vault.ts';
import { verifyBackup } from '../../src/backup/verify.ts';
import { findBinaries } from '../../src/postgres/binaries.ts';
import { connect } from '../../src/postgres/connect.ts';
import { findRunAs } from '../../src/postgres/run-as.ts';
import { reachableBinaries } from '../../src/postgres/staging.ts';
import { folderStorage } from '../../src/storage/folder.ts';
import {
  archiveFinished,
  contentAfterRecovery,
  contentOf,
  contentThrough,
  parentNow,
  startSource,
  systemIdentifierOf,
} from './source.ts';

const root = mkdtempSync(join(tmpdir(), 'stoa-tablespaces-'));
// Whoever runs the servers has to pass through.
chmodSync(root, 0o755);
const source = await startSource(18, { wal_keep_size: '1GB' });
afterAll(async () => {
  await source.remove();
  rmSync(root, { recursive: true, force: true });
});
const runAs = findRunAs();
const newFolder = (): string => join(root, randomUUID());

function folderForServer(name: string): string {
  const path = join(root, name);
  mkdirSync(path);
  if (runAs) chownSync(path, runAs.uid, runAs.gid);
  return path;
}

const fast = folderForServer('fast');
const slow = folderForServer('slow = large');
const brief = folderForServer('brief');
const storageFolder = newFolder();
const vault = openVault({ storage: folderStorage(storageFolder), recipients: [], identities: [] });

/** What the files in a folder hold, each by its path. */
function filesBelow(folder: string, way = ''): Record<string, string> {
  const found: Record<string, string> = {};
  for (const entry of readdirSync(join(folder, way), { withFileTypes: true })) {
    const path = join(way, entry.name);
    if (entry.isDirectory()) Object.assign(found, filesBelow(folder, path));
    else found[path] = readFileSync(join(folder, path)).toString('base64');
  }
  return found;
}

/** Of both databases. */
async function contentNow(): Promise<Record<string, Record<string, string>>> {
  const other = new URL(source.url);
  other.pathname = '/other';
  return { postgres: await contentOf(source.url), other: await contentOf(other.href) };
}

interface RestoredWith {
  readonly backup?: PhysicalBackup;
  readonly target?: RecoveryTarget;
  readonly mappings?: readonly string[];
}

async function restored({ backup, target = { kind: 'backup' }, mappings = [] }: RestoredWith) {
  const into = newFolder();
  const content: Record<string, Record<string, string>> = {};
  const locations: Record<string, string> = {};
  const result = await restore({
    vault,
    into,
    target,
    ...(backup === undefined ? {} : { backup: backup.id }),
    tablespaces: { kind: 'mapped', mappings: mappings.map(parseTablespaceMapping) },
    postgresPort: 1,
    durable: false,
    afterRecovery: [
      {
        name: 'look',
        async run(client: Client) {
          const { rows } = await client.query<{ name: string }>('select current_database() as name');
          content[rows[0]?.name ?? ''] = await contentThrough(client);
          const places = await client.query<{ name: string; location: string }>(
            `select spcname as name, pg_tablespace_location(oid) as location from pg_tablespace
             where spcname !~ '^pg_'`,
          );
          for (const { name, location } of places.rows) locations[name] = location;
        },
      },
    ],
  });
  return { result, content, locations, into };
}

const escaped = (path: string): string => path.replaceAll('=', '\\=');

const refusalOf = (mappings: readonly string[], into: string) =>
  restore({
    vault,
    into,
    backup: base.id,
    target: { kind: 'backup' },
    tablespaces: { kind: 'mapped', mappings: mappings.map(parseTablespaceMapping) },
    postgresPort: 1,
    afterRecovery: [],
    durable: false,
  });

let base: PhysicalBackup;
let atBase: Record<string, Record<string, string>>;
const progress: number[] = [];

beforeAll(async () => {
  await source.sql(`create tablespace fast location '${fast}'`);
  await source.sql(`create tablespace slow location '${slow}'`);
  await source.sql(`create tablespace brief location '${brief}'`);
  await source.sql('set allow_in_place_tablespaces = on');
  await source.sql(`create tablespace inside location ''`);
  const ledger = 'create schema ops; create table ops.schema_migrations (version text, name text)';
  await source.sql(ledger);
  await source.sql('create database other tablespace slow');
  await source.sql(`
    create table accounts (id int, note text) tablespace fast;
    insert into accounts select n, repeat(md5(n::text), 4) from generate_series(1, 20000) as n;
    create index accounts_id on accounts (id) tablespace slow;
    create table within tablespace inside as select n from generate_series(1, 5000) as n;
    create table short_lived tablespace brief as select n from generate_series(1, 5000) as n`);
  const other = new URL(source.url);
  other.pathname = '/other';
  const client = await connect(other.href, 'test');
  await client.query(`${ledger}; create table here as select n from generate_series(1, 7000) as n`);
  await client.end();
  base = await createBaseBackup({
    url: source.url,
    vault,
    hasIndex: true,
    onProgress: (bytes) => progress.push(bytes),
  });
  atBase = await contentNow();
});

const oidOf = (location: string): string =>
  base.tablespaces?.find((one) => one.location === location)?.oid ?? 'none';

describe('a cluster with tablespaces', () => {
  test('has an archive for each beside that of the data directory', async () => {
    const tablespaces = base.tablespaces ?? [];
    expect(tablespaces.map(({ location }) => location.replace(/\d+$/, 'OID')).sort()).toEqual(
      [brief, fast, 'pg_tblspc/OID', slow].sort(),
    );
    expect(tablespaces.find(({ location }) => location === fast)?.size).toBeGreaterThan(1_000_000);
    const archives = Object.entries(base.artifacts).filter(([name]) => name.endsWith('.tar'));
    expect(archives.map(([name]) => name).sort()).toEqual(
      ['base.tar', ...tablespaces.map(({ oid }) => `${oid}.tar`)].sort(),
    );
    expect(progress.at(-1)).toBe(archives.reduce((sum, [, { size }]) => sum + size, 0));
    expect(progress.every((bytes, index) => bytes >= (progress[index - 1] ?? 0))).toBe(true);
    expect(await verifyBackup({ vault, id: base.id, isDeep: true })).toMatchObject({ faults: [] });
    const index = base.artifacts['blocks.index'];
    if (index === undefined) throw new Error('there is no index');
    const { paths } = BlockIndex.decode(await buffer(await vault.read(index)));
    expect(paths).toContain('PG_VERSION');
    for (const { oid, size } of tablespaces.filter((one) => one.size > 0)) {
      expect(size).toBeGreaterThan(8_000);
      expect(paths.some((path) => path.startsWith(`pg_tblspc/${oid}/PG_18_`))).toBe(true);
    }
  });

  test('is restored into the folders that were named, and the source keeps its own', async () => {
    const living = { fast: filesBelow(fast), slow: filesBelow(slow) };
    const [newFast, newSlow, newBrief] = [newFolder(), join(newFolder(), 'below'), newFolder()];
    mkdirSync(newBrief);
    const { content, locations, result } = await restored({
      backup: base,
      mappings: [`${fast}/=${newFast}`, `${escaped(slow)}=${newSlow}`, `${brief}=${newBrief}`],
    });
    expect(content).toEqual(atBase);
    const inside = locations['inside'];
    expect(inside).toMatch(/^pg_tblspc\/\d+$/);
    expect(locations).toEqual({ fast: newFast, slow: newSlow, brief: newBrief, inside });
    expect(result.tablespaces).toContainEqual({ oid: oidOf(fast), location: fast, folder: newFast });
    for (const folder of [newFast, newSlow, newBrief]) expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(statSync(join(result.cluster, inside ?? '')).isDirectory()).toBe(true);
    expect({ fast: filesBelow(fast), slow: filesBelow(slow) }).toEqual(living);
  });

  test('is never restored over tables that are there, and nothing is written', async () => {
    const into = newFolder();
    await expect(refusalOf([], into)).rejects.toMatchObject({
      code: 'restore.tablespace_not_empty',
      cure: expect.stringContaining(`--tablespace-mapping ${brief}=`),
    });
    expect(existsSync(into)).toBe(false);
  });

  test('is restored to where it was, once that is free', () => {
    const entry = { id: base.id, tablespaces: [{ oid: '1', location: newFolder(), size: 1 }] };
    const [planned] = planTablespaces(entry, {
      wish: { kind: 'mapped', mappings: [] },
      cluster: newFolder(),
      runAs,
    });
    expect(planned?.folder).toBe(entry.tablespaces[0]?.location);
  });

  test.each<[string, () => readonly string[], string]>([
    ['of a location that it does not have', () => [`/nowhere=${newFolder()}`], `It has: ${brief}`],
    ['that is made twice', () => [`${fast}=${newFolder()}`, `${fast}=${newFolder()}`], 'mapped twice'],
    ['of two into one', () => [`${fast}=${root}/one`, `${brief}=${root}/one`], 'in one another'],
    ['of one into another', () => [`${fast}=${root}/one`, `${brief}=${root}/one/b`], 'in one another'],
    ['into the data directory', () => [`${fast}=${root}/target/postgres/data/pg_tblspc/x`], 'data directory'],
    ['around the data directory', () => [`${fast}=${root}/target`], 'data directory'],
    ['into a folder with files', () => [`${fast}=${storageFolder}`, `${brief}=${root}/b`], 'is not empty'],
  ])('refuses a mapping %s', async (_name, mappings, words) => {
    const into = join(root, 'target');
    const rest = `${escaped(slow)}=${newFolder()}`;
    const given = mappings();
    const others = given.some((text) => text.startsWith(brief)) ? [] : [`${brief}=${newFolder()}`];
    const refusal = await refusalOf([...given, ...others, rest], into).catch((error: unknown) => error);
    expect(refusal).toMatchObject({ code: expect.stringMatching(/^restore\.tablespace_/) });
    expect(`${String(refusal)} ${JSON.stringify(refusal)}`).toContain(words);
    expect(existsSync(into)).toBe(false);
    expect(existsSync(join(root, 'one'))).toBe(false);
  });

  test.each(['relative=/x', '/x=relative', '/x', '/x=/y=/z'])('takes %s for no mapping', (text) => {
    expect(() => parseTablespaceMapping(text)).toThrow(
      expect.objectContaining({ code: 'restore.tablespace_mapping' }),
    );
  });

  test('whose restore fails leaves the folders as they were', async () => {
    const [kept, made] = [newFolder(), newFolder()];
    mkdirSync(kept);
    const failing = restore({
      vault,
      into: newFolder(),
      backup: base.id,
      target: { kind: 'backup' },
      tablespaces: {
        kind: 'mapped',
        mappings: [
          { from: fast, to: kept },
          { from: slow, to: made },
          { from: brief, to: newFolder() },
        ],
      },
      postgresPort: 1,
      durable: false,
      afterRecovery: [
        {
          name: 'fail',
          async run() {
            expect(readdirSync(kept)).not.toEqual([]);
            throw new Error('it went wrong');
          },
        },
      ],
    });
    await expect(failing).rejects.toMatchObject({ code: 'restore.hook_failed' });
    expect(readdirSync(kept)).toEqual([]);
    expect(existsSync(made)).toBe(false);
  });

  test.each([
    ['the first archive', 200_000],
    ['the last archive', 6_000_000],
  ])('leaves nothing when it is stopped in %s', async (_name, after) => {
    const folder = newFolder();
    const elsewhere = openVault({ storage: folderStorage(folder), recipients: [], identities: [] });
    const controller = new AbortController();
    const stopped = createBaseBackup({
      url: source.url,
      vault: elsewhere,
      signal: controller.signal,
      onProgress: (bytes) => bytes > after && controller.abort(),
    });
    await expect(stopped).rejects.toMatchObject({ code: 'backup.interrupted' });
    expect(await listBackups(elsewhere.storage)).toEqual([]);
    expect(await listUnfinished(elsewhere.storage)).toEqual([]);
  });
});

describe('archives that arrive one after the other', () => {
  /** What the server sends, with a pause behind each message that begins an archive. */
  async function startHesitating() {
    const server = createServer(async (near) => {
      const far = connectTo(Number(new URL(source.url).port), '127.0.0.1');
      near.pipe(far);
      near.on('error', () => far.destroy());
      let rest = Buffer.alloc(0);
      for await (const bytes of far) {
        rest = Buffer.concat([rest, bytes]);
        for (let size = 0; rest.length >= 5; rest = rest.subarray(size)) {
          size = rest.readUInt32BE(1) + 1;
          if (rest.length < size) break;
          const isGoneOn = near.write(rest.subarray(0, size));
          if (!isGoneOn && !near.destroyed) await once(near, 'drain');
          const isBeginning = rest.toString('latin1', 0, 1) === 'd' && rest.toString('latin1', 5, 6) === 'n';
          for (let n = 0; isBeginning && n < 500; n += 1) await turn();
        }
      }
      near.end();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = new URL(source.url);
    url.port = String((server.address() as AddressInfo).port);
    return { url: url.href, close: () => void server.close() };
  }

  test('are all read by whoever takes its time, also when one is told of and does not come yet', async () => {
    // As many blocks as stop the connection with the last of them.
    expect(Math.ceil((base.artifacts[`${oidOf(fast)}.tar`]?.size ?? 0) / 1024 ** 2)).toBe(4);
    const hesitating = await startHesitating();
    const client = await connectReplication(hesitating.url, 'test');
    const backup = startBaseBackup(client, { label: 'slow', hasTablespaceMap: true });
    const files = new Map<string, { size: number; sha256: string }>();
    let hash = createHash('sha256');
    for await (const { within, body } of backup.archives as AsyncIterable<BackupArchive>) {
      // Until then the connection stands still, with the next archive behind this one.
      for (let n = 0; n < 200; n += 1) await turn();
      for await (const event of entriesOf(body, new TarReader(within))) {
        if (event.kind === 'begin') hash = createHash('sha256');
        else if (event.kind === 'data') hash.update(event.bytes);
        else if (event.entry.kind === 'file') {
          files.set(event.entry.path, { size: event.entry.size, sha256: hash.digest('hex') });
        }
      }
    }
    expect(compareFiles(parseManifest((await backup.ended).manifest), files)).toEqual([]);
    await client.end();
    hesitating.close();
  });

  test('open with tar alone, and start where a map says that they are now', async () => {
    const folder = newFolder();
    const plain = openVault({ storage: folderStorage(folder), recipients: [], identities: [] });
    const entry = await createBaseBackup({ url: source.url, vault: plain, compression: { method: 'none' } });
    const location = { folder: newFolder(), binaries: reachableBinaries(findBinaries(), runAs), runAs };
    const data = join(location.folder, 'data');
    const stored = join(folder, 'backups', entry.id);
    const map = (entry.tablespaces ?? []).map(({ oid, location: was }) => {
      const to = was.startsWith('/') ? join(location.folder, `tablespace-${oid}`) : join(data, was);
      return { oid, to, isOutside: was.startsWith('/') };
    });
    const script = [
      `mkdir -p ${data}`,
      `tar -x -C ${data} -f ${stored}/base.tar`,
      ...map.map(({ oid, to }) => `mkdir -p ${to} && tar -x -C ${to} -f ${stored}/${oid}.tar`),
      `: > ${data}/tablespace_map`,
      ...map
        .filter((one) => one.isOutside)
        .map(({ oid, to }) => `echo '${oid} ${to}' >> ${data}/tablespace_map`),
      `chmod 700 ${data} && touch ${data}/recovery.signal`,
      ...(runAs ? [`chown -R ${runAs.uid}:${runAs.gid} ${location.folder}`] : []),
    ].join(' && ');
    execFileSync('sh', ['-c', script]);
    expect(await contentAfterRecovery(location, { allow_in_place_tablespaces: 'on' })).toEqual(
      atBase['postgres'],
    );
  });
});

describe('an archive of a tablespace', () => {
  /** The base again, with another archive in place of one of its own, which its entry vouches for. */
  async function forged(change: (archive: Buffer) => Buffer): Promise<PhysicalBackup> {
    const name = `${oidOf(fast)}.tar`;
    const artifact = base.artifacts[name];
    if (artifact === undefined) throw new Error('there is no archive');
    const bytes = change(await buffer(await vault.read(artifact)));
    const id = base.id.replace(/[0-9a-f]{6}$/, randomUUID().slice(0, 6));
    const written = await vault.write(`backups/${id}/${name}`, bytes);
    const entry = { ...base, id, artifacts: { ...base.artifacts, [name]: written } };
    await writeEntry(vault.storage, entry);
    return entry;
  }

  const deepFaults = async (entry: PhysicalBackup): Promise<readonly string[]> => {
    const { faults } = await verifyBackup({ vault, id: entry.id, isDeep: true });
    rmSync(join(storageFolder, 'backups', entry.id), { recursive: true });
    return faults;
  };

  test('with a byte that is another is found, and the file is named', async () => {
    const entry = await forged((archive) => {
      // Behind the folders and the header of the first file, which is a large one.
      const at = archive.indexOf('ustar', 1024) + 100_000;
      archive.writeUInt8(archive.readUInt8(at) ^ 1, at);
      return archive;
    });
    expect((await deepFaults(entry)).join()).toMatch(
      new RegExp(`pg_tblspc/${oidOf(fast)}/PG_18_\\d+/5/\\d+ is not what the server read`),
    );
  });

  test('without one of its files is found, and the file is named', async () => {
    // Two folders, and the end of an archive.
    const entry = await forged((archive) => Buffer.concat([archive.subarray(0, 1024), Buffer.alloc(1024)]));
    expect((await deepFaults(entry)).join()).toMatch(
      new RegExp(`pg_tblspc/${oidOf(fast)}/PG_18_\\d+/5/\\d+ is missing`),
    );
  });

  test.each([
    ['a file beside its folder', '../../PG_VERSION', '0', 'lies outside'],
    ['a file from the root on', '/PG_VERSION', '0', 'lies outside'],
    ['a link', 'PG_VERSION', '2', 'there is a link'],
  ])('with %s is refused', async (_name, path, type, words) => {
    const entry = await forged((archive) => {
      // The header of the first file, behind those of two folders.
      const header = archive.subarray(1024, 1536);
      header.fill(0, 0, 100).write(path);
      header.write(type, 156);
      header.fill(' ', 148, 156);
      const sum = header.reduce((total, byte) => total + byte, 0);
      header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
      return archive;
    });
    expect((await deepFaults(entry)).join()).toContain(words);
  });

  test('that is damaged in the storage is found without a key', async () => {
    const key = base.artifacts[`${oidOf(fast)}.tar`]?.key ?? '';
    const path = join(storageFolder, key);
    const bytes = readFileSync(path);
    const other = Buffer.from(bytes);
    other.writeUInt8(other.readUInt8(1000) ^ 1, 1000);
    writeFileSync(path, other);
    try {
      const { faults } = await verifyBackup({ vault, id: base.id });
      expect(faults).toEqual([expect.stringContaining(`${key} is damaged`)]);
    } finally {
      writeFileSync(path, bytes);
      await verifyBackup({ vault, id: base.id });
    }
  });
});

describe('after the backup', () => {
  let increment: PhysicalBackup;
  let atIncrement: Record<string, Record<string, string>>;
  const added = folderForServer('added');
  const late = folderForServer('late');

  beforeAll(async () => {
    await source.sql('drop table short_lived');
    await source.sql('drop tablespace brief');
    await source.sql(`create tablespace added location '${added}'`);
    await source.sql('create table more tablespace added as select n from generate_series(1, 3000) as n');
    await source.sql(`update accounts set note = 'changed' where id % 1000 = 0`);
    increment = await createIncrement({ url: source.url, vault }, await parentNow(source, vault));
    atIncrement = await contentNow();
  });

  test('an increment is laid over its base, with tablespaces that have come and gone', async () => {
    expect(increment.tablespaces?.map(({ location }) => location)).not.toContain(brief);
    expect(Object.keys(increment.artifacts).filter((name) => name.endsWith('.tar'))).toEqual([]);
    expect(await verifyBackup({ vault, id: increment.id, isDeep: true })).toMatchObject({ faults: [] });
    const folders = [newFolder(), newFolder(), newFolder()];
    const { content, locations, result } = await restored({
      backup: increment,
      mappings: [`${fast}=${folders[0]}`, `${escaped(slow)}=${folders[1]}`, `${added}=${folders[2]}`],
    });
    expect(content).toEqual(atIncrement);
    expect(locations).toMatchObject({ fast: folders[0], slow: folders[1], added: folders[2] });
    expect(readdirSync(join(result.cluster, 'pg_tblspc')).sort()).toEqual(
      (increment.tablespaces ?? []).map(({ oid }) => oid).sort(),
    );
  });

  test('a tablespace that was made is replayed beside the data, and not into the folder of the living server', async () => {
    await source.sql(`create tablespace late location '${late}'`);
    await source.sql(
      `create table fresh tablespace late as select n, repeat('x', 100) from generate_series(1, 3000) as n`,
    );
    await source.sql(`select pg_create_restore_point('here')`);
    const before = await contentNow();
    // What the living server does afterwards would be overwritten with what was.
    await source.sql('update fresh set n = n + 1000000');
    await source.sql('checkpoint');
    const identifier = await systemIdentifierOf(source);
    await archiveFinished(source, vault, identifier);
    const living = filesBelow(late);
    const newBrief = newFolder();
    const { content, locations, result } = await restored({
      backup: base,
      target: nameTarget('here'),
      mappings: [`${fast}=${newFolder()}`, `${escaped(slow)}=${newFolder()}`, `${brief}=${newBrief}`],
    });
    expect(content).toEqual(before);
    expect(filesBelow(late)).toEqual(living);
    // The log has dropped it meanwhile.
    expect(result.tablespaces.map(({ location }) => location)).not.toContain(brief);
    expect(existsSync(newBrief)).toBe(false);
    expect(locations['late']).toMatch(/^pg_tblspc\/\d+$/);
    const moved = result.tablespaces.find(({ location }) => location === late);
    expect(moved?.folder).toBe(join(result.folder, 'postgres', 'tablespaces', moved?.oid ?? ''));
    expect(readlinkSync(join(result.cluster, 'pg_tblspc', moved?.oid ?? ''))).toBe(moved?.folder);
    expect(result.warnings).toContainEqual(expect.stringContaining(`${late} was not touched`));
  });

  test('one that the backup has, and whose making is in its log as well, stays where it was mapped to', async () => {
    const [row] = await source.sql<{ oid: string }>(
      `select oid::text from pg_tablespace where spcname = 'late'`,
    );
    const oid = row?.oid ?? '';
    const id = base.id.replace(/[0-9a-f]{6}$/, randomUUID().slice(0, 6));
    // What a server says that makes one while a backup begins: it lists it, and nothing was written into it yet.
    const empty = await vault.write(`backups/${id}/${oid}.tar`, Buffer.alloc(1024));
    await writeEntry(vault.storage, {
      ...base,
      id,
      tablespaces: [...(base.tablespaces ?? []), { oid, location: late, size: 0 }],
      artifacts: { ...base.artifacts, [`${oid}.tar`]: empty },
    });
    const living = filesBelow(late);
    const [newFast, newLate] = [newFolder(), newFolder()];
    const { locations } = await restored({
      backup: { ...base, id },
      target: nameTarget('here'),
      mappings: [
        `${fast}=${newFast}`,
        `${escaped(slow)}=${newFolder()}`,
        `${brief}=${newFolder()}`,
        `${late}=${newLate}`,
      ],
    });
    expect(locations).toMatchObject({ fast: newFast, late: newLate });
    expect(Object.keys(filesBelow(newLate)).length).toBeGreaterThan(0);
    expect(filesBelow(late)).toEqual(living);
    rmSync(join(storageFolder, 'backups', id), { recursive: true });
  });

  test('a drill passes, touches no folder of the living server and leaves none', async () => {
    const living = [fast, slow, added, late].map((folder) => filesBelow(folder));
    const parentFolder = folderForServer('drills');
    const choice = await chooseDrill(vault, {
      backup: increment.id,
      to: 'latest',
      now: new Date(),
      chance: 0,
    });
    const report = await runDrill({
      vault,
      choice,
      restoreInto,
      database: 'postgres',
      stoaVersion: '0.1.0',
      freshnessSeconds: 600,
      isDeep: true,
      parentFolder,
    });
    expect(report.failure).toBeNull();
    expect(report.checks.filter(({ state }) => state === 'failed')).toEqual([]);
    expect([fast, slow, added, late].map((folder) => filesBelow(folder))).toEqual(living);
    expect(readdirSync(parentFolder)).toEqual([]);
  });
});
