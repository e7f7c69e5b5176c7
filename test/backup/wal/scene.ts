import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import type { Vault } from '../../../src/backup/vault.ts';
import { openVault } from '../../../src/backup/vault.ts';
import { findWal, listWal } from '../../../src/backup/wal-archive.ts';
import { findBinaries } from '../../../src/postgres/binaries.ts';
import {
  dataDirectory,
  initialiseCluster,
  type RunningCluster,
  startCluster,
} from '../../../src/postgres/cluster.ts';
import { connect } from '../../../src/postgres/connect.ts';
import { findFreePort } from '../../../src/postgres/port.ts';
import { findRunAs } from '../../../src/postgres/run-as.ts';
import { reachableBinaries, reachableDataFolder } from '../../../src/postgres/staging.ts';
import { folderStorage } from '../../../src/storage/folder.ts';

/** The folder of one file of tests, removed by `remove`. */
export function newFolder(): { readonly folder: string; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'stoa-wal-'));
  // The server, who may be another user, takes files from here.
  chmodSync(folder, 0o755);
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }) };
}

export function openTestVault(folder: string): Vault {
  return openVault({ storage: folderStorage(folder), recipients: [], identities: [] });
}

/** Of one that has died: the server of a test that failed must not stay. */
const running = new Set<TestServer>();

/** A server of its own, whose data is lost and brought back in these tests. */
export class TestServer {
  readonly folder: string;
  readonly #binaries = reachableBinaries(findBinaries(), findRunAs());
  #cluster: RunningCluster | undefined;
  port = 0;

  constructor(parent: string, name: string) {
    this.folder = reachableDataFolder(mkdtempSync(join(tmpdir(), `stoa-wal-${name}-`)), findRunAs());
    mkdirSync(parent, { recursive: true });
  }

  get url(): string {
    return `postgres://postgres@127.0.0.1:${this.port}/postgres`;
  }

  get pid(): number {
    return this.#cluster?.pid ?? 0;
  }

  get data(): string {
    return dataDirectory(this);
  }

  #location() {
    return { folder: this.folder, binaries: this.#binaries, runAs: findRunAs() };
  }

  initialise(): void {
    initialiseCluster(this.#location(), { durable: false });
  }

  async start(settings: Readonly<Record<string, string>> = {}): Promise<void> {
    // Who connects to it goes on to find it after a restart.
    if (this.port === 0) this.port = await findFreePort();
    this.#cluster = await startCluster({
      ...this.#location(),
      port: this.port,
      logFile: join(this.folder, 'server.log'),
      // Killed processes leave what they wrote to the kernel, which lives on.
      settings: { fsync: 'off', jit: 'off', timezone: 'UTC', max_wal_size: '256MB', ...settings },
    });
    running.add(this);
  }

  async stop(mode: 'fast' | 'immediate' = 'fast'): Promise<void> {
    await this.#cluster?.stop(mode);
    running.delete(this);
  }

  /** As a machine dies: every process of the server at once, and then its files. */
  async die(): Promise<void> {
    const victims = [this.pid, ...childrenOf(this.pid)];
    for (const pid of victims) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has just ended by itself.
      }
    }
    await this.#cluster?.ended;
    running.delete(this);
    rmSync(this.data, { recursive: true, force: true, maxRetries: 5 });
  }

  /** Copies the data of a server that does not run. */
  copyTo(target: string): void {
    cpSync(this.data, target, { recursive: true, preserveTimestamps: true });
  }

  /** Takes a copy as its data and recovers it from plain files of the log up to their end. */
  prepareRecovery(copy: string, walFolder: string): void {
    cpSync(copy, this.data, { recursive: true, preserveTimestamps: true });
    rmSync(join(this.data, 'pg_wal'), { recursive: true });
    mkdirSync(join(this.data, 'pg_wal', 'archive_status'), { recursive: true });
    rmSync(join(this.data, 'pg_replslot'), { recursive: true });
    mkdirSync(join(this.data, 'pg_replslot'));
    writeFileSync(join(this.data, 'recovery.signal'), '');
    this.#own();
    if (findRunAs()) spawnSync('chmod', ['-R', 'a+rX', walFolder]);
  }

  /** Takes a copy as its data, to follow another server. */
  prepareStandby(copy: string): void {
    cpSync(copy, this.data, { recursive: true, preserveTimestamps: true });
    writeFileSync(join(this.data, 'standby.signal'), '');
    this.#own();
  }

  /** Puts the server back to an older state, as nobody should. */
  putBack(copy: string): void {
    rmSync(this.data, { recursive: true, force: true });
    cpSync(copy, this.data, { recursive: true, preserveTimestamps: true });
    this.#own();
  }

  #own(): void {
    chmodSync(this.data, 0o700);
    const runAs = findRunAs();
    if (runAs) spawnSync('chown', ['-R', `${runAs.uid}:${runAs.gid}`, this.data]);
  }

  async query<Row extends Record<string, unknown>>(text: string): Promise<Row[]> {
    const client = await connect(this.url, 'test');
    try {
      return (await client.query<Row>(text)).rows;
    } finally {
      await client.end();
    }
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

export async function stopAll(): Promise<void> {
  for (const server of [...running]) await server.stop('immediate');
}

function childrenOf(parent: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
        return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === parent;
      } catch {
        return false;
      }
    })
    .map(Number);
}

const segmentSize = 16 * 1024 ** 2;

/** Everything that is received, from the storage and from the spool, as plain files that a server takes. */
export async function plainLog(
  vault: Vault,
  spoolFolder: string,
  target: string,
): Promise<readonly string[]> {
  mkdirSync(target, { recursive: true });
  const keep = (name: string, bytes: Buffer): void => {
    const bare = name.replace(/\.partial$/, '');
    if (name !== bare && existsSync(join(target, bare))) return;
    // A beginning is taken by a server only when it has the size of the whole.
    const whole = name.endsWith('.history')
      ? bytes
      : Buffer.concat([bytes, Buffer.alloc(segmentSize - bytes.length)]);
    writeFileSync(join(target, bare), whole);
  };
  const archived = await listWal(vault);
  // Whole segments last, so that they take the place of beginnings.
  for (const name of archived.toSorted((a, b) => b.length - a.length)) {
    const found = await findWal(vault, name);
    if (found !== undefined) keep(name, await buffer(await vault.read(found.artifact)));
  }
  const local = existsSync(spoolFolder)
    ? readdirSync(spoolFolder).filter((name) => /^[0-9A-F]{24}/.test(name))
    : [];
  for (const name of local) {
    const bare = name.replace(/\.partial$/, '');
    const isWhole = archived.includes(bare);
    if (!isWhole) {
      rmSync(join(target, bare), { force: true });
      keep(name, readFileSync(join(spoolFolder, name)));
    }
  }
  return readdirSync(target).sort();
}
