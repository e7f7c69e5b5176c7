/**
 * What a base backup costs. Starts a server of its own with some hundred megabytes of text, and prints for each form
 * megabytes a second (median, lowest, highest), that as a ratio to `pg_basebackup` into a tar file, and the seconds of processor
 * that a gigabyte takes, of whoever reads and of the server:
 *
 * - `pg_basebackup` into a tar file, with the digests that Stoa asks the server for, with its own, and compressed by the
 *   client and by the server, where one of the same major or a newer one is installed;
 * - reading alone: every file compared with the server's manifest, and thrown away;
 * - a backup into a folder: with and without compression, encryption, and the hashes that increments need;
 * - reading each of these back as a restore does, every file compared, without writing them.
 *
 * In turns, each round begun with another form, so that a busy machine is busy for all of them.
 *
 * node_modules/.bin/node bench/backup.ts [megabytes, default 500] [rounds, default 3] [major, default the newest with a client]
 */
import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createBaseBackup } from '../src/backup/base/create.ts';
import { Inspecting } from '../src/backup/base/inspecting.ts';
import { compareFiles, parseManifest } from '../src/backup/base/manifest.ts';
import type { PhysicalBackup } from '../src/backup/catalog.ts';
import { type Compression, usualCompression } from '../src/backup/compression.ts';
import { newKeyPair } from '../src/backup/keys/pair.ts';
import { startBaseBackup } from '../src/backup/replication/base-backup.ts';
import { connectReplication } from '../src/backup/replication/connection.ts';
import { checkBase } from '../src/backup/restore/unpack.ts';
import { openVault, type Vault } from '../src/backup/vault.ts';
import { table } from '../src/cli/output.ts';
import { folderStorage } from '../src/storage/folder.ts';
import { onlyArchive, startSource } from '../test/backup/source.ts';
import { versionOf } from './harness/installed.ts';
import { askedRounds, handOver } from './harness/program.ts';
import type { Comparison, Measured } from './harness/report.ts';
import { alternate, type Rounds } from './harness/rounds.ts';
import { summarise } from './harness/statistics.ts';

const megabytes = Number(process.argv[2] ?? 500);
const rounds = Number(process.argv[3] ?? 3);

interface Figures {
  readonly rate: number;
  /** Seconds a gigabyte; not a number where the system does not tell. */
  readonly cpu: number;
  readonly serverCpu: number;
}
/** Answers with the bytes of the archive; undefined: this cannot be measured here. */
type Work = () => Promise<number | undefined>;

interface Client {
  readonly path: string;
  readonly major: number;
}

/** In the usual places of packages, and on the path. */
function findClients(): readonly Client[] {
  const folders = ['/usr/lib/postgresql', '/usr/local/opt', '/opt/homebrew/opt'].flatMap((folder) => {
    try {
      return readdirSync(folder).map((name) => join(folder, name, 'bin', 'pg_basebackup'));
    } catch {
      return [];
    }
  });
  return [...folders, 'pg_basebackup'].flatMap((path) => {
    const version = versionOf(path);
    return version === undefined ? [] : [{ path, major: Number.parseInt(version, 10) }];
  });
}

/** Of a process and of those of its children that have ended, in seconds, as Linux counts it. */
function processorOf(pid: number | 'self'): { readonly own: number; readonly children: number } {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text
      .slice(text.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number);
    const ticks = (at: number): number => ((fields[at] ?? Number.NaN) + (fields[at + 1] ?? Number.NaN)) / 100;
    return { own: ticks(11), children: ticks(13) };
  } catch {
    return { own: Number.NaN, children: Number.NaN };
  }
}

const root = mkdtempSync(join(tmpdir(), 'stoa-bench-backup-'));
const clients = findClients();
const hasClient = (of: number): boolean => clients.some((each) => each.major >= of);
const asked = process.argv[4];
const major = asked === '15' || (asked === undefined && !hasClient(18) && hasClient(15)) ? 15 : 18;
const client = clients.find((each) => each.major >= major);
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
  const connection = await connectReplication(source.url, 'bench');
  const backup = startBaseBackup(connection, { label: 'bench' });
  const inspecting = new Inspecting({
    hasIndex: false,
    async approve({ files }) {
      const faults = compareFiles(parseManifest((await backup.ended).manifest), files);
      if (faults.length > 0) throw new Error(faults[0]);
    },
  });
  let bytes = 0;
  for await (const block of inspecting.pass(await onlyArchive(backup))) {
    bytes += block.length;
    backup.recycle(block);
  }
  await inspecting.close();
  await connection.end();
  return bytes;
}

interface Kind {
  readonly compression: Compression;
  readonly isEncrypted?: boolean;
  readonly hasIndex?: boolean;
}

const kinds: Readonly<Record<string, Kind>> = {
  'not compressed': { compression: { method: 'none' } },
  'not compressed, index': { compression: { method: 'none' }, hasIndex: true },
  'not compressed, age': { compression: { method: 'none' }, isEncrypted: true },
  zstd: { compression: usualCompression },
  'zstd, index': { compression: usualCompression, hasIndex: true },
  'zstd, age': { compression: usualCompression, isEncrypted: true },
  'zstd, age, index': { compression: usualCompression, isEncrypted: true, hasIndex: true },
};

/** What the last backup of each kind left, for reading it back. */
const left = new Map<
  string,
  { readonly folder: string; readonly vault: Vault; readonly entry: PhysicalBackup }
>();

async function backUp(name: string, { compression, isEncrypted, hasIndex = false }: Kind): Promise<number> {
  const folder = join(root, randomUUID());
  const recipients = isEncrypted ? [pair.recipient] : [];
  const vault = openVault({ storage: folderStorage(folder), recipients, identities: [pair.identity] });
  const entry = await createBaseBackup({ url: source.url, vault, compression, hasIndex });
  left.set(name, { folder, vault, entry });
  return entry.artifacts['base.tar']?.size ?? 0;
}

function forget(name: string): void {
  const remains = left.get(name);
  if (remains) rmSync(remains.folder, { recursive: true });
  left.delete(name);
}

async function readBack(name: string): Promise<number | undefined> {
  const found = left.get(name);
  if (found === undefined) return undefined;
  const archive = found.entry.artifacts['base.tar'];
  await checkBase({ vault: found.vault, entry: found.entry, owner: undefined });
  sizes.set(name, (archive?.size ?? 0) / (archive?.storedSize ?? 1));
  return archive?.size ?? 0;
}

/** The archive is a little smaller or larger than ours by the log it holds; its size is taken as ours. */
async function pgBaseBackup(...options: readonly string[]): Promise<number | undefined> {
  if (client === undefined) return undefined;
  const target = join(root, randomUUID());
  const login = ['-h', '127.0.0.1', '-p', new URL(source.url).port, '-U', 'postgres'];
  const fixed = ['-c', 'fast', '-F', 'tar', '-X', 'fetch', '-D', target];
  const result = spawnSync(client.path, [...login, ...fixed, ...options], { stdio: 'ignore' });
  rmSync(target, { recursive: true, force: true });
  return result.status === 0 ? archiveBytes : undefined;
}

const digests = '--manifest-checksums=SHA256';
const reference = 'pg_basebackup';
const works: Readonly<Record<string, Work>> = {
  [reference]: () => pgBaseBackup(digests),
  'pg_basebackup, CRC32C': () => pgBaseBackup(),
  'pg_basebackup, client-zstd:1': () => pgBaseBackup(digests, '--compress=client-zstd:1'),
  'pg_basebackup, server-zstd:1': () => pgBaseBackup(digests, '--compress=server-zstd:1'),
  'read and compare': readOnly,
  ...Object.fromEntries(Object.entries(kinds).map(([name, kind]) => [name, () => backUp(name, kind)])),
};

type Seen = ReadonlyMap<string, readonly Figures[]>;

/** Those of all passes, for the table at the end. */
const gathered = new Map<string, readonly Figures[]>();
const sizes = new Map<string, number>();
let archiveBytes = 0;

async function measure(work: Work): Promise<Figures | undefined> {
  const before = { self: processorOf('self'), server: processorOf(source.cluster.pid) };
  const begun = performance.now();
  const bytes = await work();
  const seconds = (performance.now() - begun) / 1000;
  if (bytes === undefined) return undefined;
  // The process of the server that sent it is counted once it has ended.
  await new Promise((resolve) => setTimeout(resolve, 50));
  const after = { self: processorOf('self'), server: processorOf(source.cluster.pid) };
  const gigabytes = bytes / 1e9;
  const own = after.self.own - before.self.own + after.self.children - before.self.children;
  return {
    rate: bytes / 1e6 / seconds,
    cpu: own / gigabytes,
    serverCpu: (after.server.children - before.server.children) / gigabytes,
  };
}

/** One pass, each backup followed by reading it back. */
async function measureAll(rounds: Rounds): Promise<Seen> {
  const turn = (name: string, work: Work) => async () => {
    const made = await measure(work);
    const readBackIs = left.has(name) ? await measure(() => readBack(name)) : undefined;
    forget(name);
    return { made, readBackIs };
  };
  const names = Object.keys(works);
  const told = await alternate(
    rounds,
    Object.fromEntries(Object.entries(works).map(([name, work]) => [name, turn(name, work)])),
  );
  const figuresOf = (of: (name: string) => readonly (Figures | undefined)[], prefix: string) =>
    names.map((name) => [`${prefix}${name}`, of(name).filter((each) => each !== undefined)] as const);
  return new Map(
    [
      ...figuresOf((name) => told(name).map(({ made }) => made), ''),
      ...figuresOf((name) => told(name).map(({ readBackIs }) => readBackIs), 'read back: '),
    ].filter(([, all]) => all.length > 0),
  );
}

/** Beside what does as much: both compressed, or neither. */
function comparisonsOf(seen: Seen): readonly Comparison[] {
  const line = (role: Measured['role'], name: string, form = name): Measured[] => {
    const all = seen.get(name);
    return all ? [{ form, role, figures: all.map(({ rate }) => rate) }] : [];
  };
  const size = `${Math.round(archiveBytes / 1e6)} MB, PostgreSQL ${major}`;
  const unit = 'MB/s';
  return [
    {
      what: 'backup, not compressed',
      size,
      unit,
      forms: [
        ...line('stoa', 'not compressed', 'verified, not compressed'),
        ...line('peer', reference, 'pg_basebackup to a tar file'),
        ...line('limit', 'read and compare', 'read and compared, not kept'),
      ],
    },
    {
      what: 'backup',
      size,
      unit,
      forms: [
        ...line('stoa', 'zstd', 'verified, zstd'),
        ...line('stoa', 'zstd, age', 'verified, zstd, encrypted'),
        ...line('peer', 'pg_basebackup, client-zstd:1', 'pg_basebackup, zstd'),
        ...line('limit', reference, 'pg_basebackup, not compressed'),
      ],
    },
    {
      what: 'restore',
      size,
      unit,
      forms: [
        ...line('stoa', 'read back: zstd', 'read back and compared, zstd'),
        ...line('stoa', 'read back: zstd, age', 'read back and compared, zstd, encrypted'),
        ...line('limit', 'read back: not compressed', 'read back and compared, not compressed'),
      ],
    },
  ];
}

/** Of every form, also of those that are beside no other; of all passes so far. */
function describeAll(): string {
  const rateOf = (name: string): number =>
    summarise((gathered.get(name) ?? []).map(({ rate }) => rate)).median;
  const names = Object.keys(works);
  const order = [...names, ...names.map((name) => `read back: ${name}`)].filter((name) => gathered.has(name));
  const rows = order.map((name) => {
    const all = gathered.get(name) ?? [];
    const rate = summarise(all.map((each) => each.rate));
    const median = (of: (each: Figures) => number): string => summarise(all.map(of)).median.toFixed(2);
    const isRead = name.startsWith('read back');
    return [
      name,
      rate.median.toFixed(0),
      `${rate.low.toFixed(0)}–${rate.high.toFixed(0)}`,
      gathered.has(reference) && !isRead ? (rate.median / rateOf(reference)).toFixed(2) : '',
      median((each) => each.cpu),
      isRead ? '' : median((each) => each.serverCpu),
    ];
  });
  const lines = [
    `PostgreSQL ${major}, ${Math.round(archiveBytes / 1e6)} MB:`,
    table(['form', 'MB/s', 'min–max', 'of pg_basebackup', 'CPU s/GB', 'server s/GB'], rows, {
      right: [1, 3, 4, 5],
    }),
    ...[...sizes].map(([name, ratio]) => `stored, ${name}: 1/${ratio.toFixed(1)} of the size`),
  ];
  if (client === undefined) {
    const found = [...new Set(clients.map((each) => each.major))].join(', ');
    lines.push(
      `No pg_basebackup of major ${major} or newer is installed${found === '' ? '' : ` (there is ${found})`}: no ratio.`,
    );
  } else {
    lines.push(
      `pg_basebackup is that of ${client.major}; both ask for SHA-256 of each file unless CRC32C is said.`,
      ...names
        .filter((each) => each.startsWith(reference) && !gathered.has(each))
        .map((name) => `${name}: this client or this server cannot do it.`),
    );
  }
  return lines.join('\n');
}

try {
  for await (const { few } of askedRounds(rounds)) {
    // The files of the server are in memory for all forms, and this process has written and hashed some.
    archiveBytes ||= await readOnly();
    await measure(() => backUp('not compressed', { compression: { method: 'none' } }));
    forget('not compressed');
    const seen = await measureAll(few);
    for (const [name, figures] of seen) gathered.set(name, [...(gathered.get(name) ?? []), ...figures]);
    await handOver({ comparisons: comparisonsOf(seen), output: describeAll() });
  }
} finally {
  await source.remove();
  rmSync(root, { recursive: true, force: true });
}
