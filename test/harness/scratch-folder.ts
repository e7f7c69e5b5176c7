import { chmodSync, mkdirSync, readdirSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readPostmasterFile } from '../../src/postgres/cluster.ts';
import { isAlive } from '../../src/postgres/process-identity.ts';

const prefix = 'stoa-test-run-';
const memory = '/dev/shm';

/** Each of the two servers fills half a gigabyte, its log included. A container is often given 64 MB here. */
const roomNeeded = 4 * 1024 ** 3;

/**
 * Memory where there is enough of it. A clone of the template is a thousand small files: made and removed in 70 ms
 * there, in 150 to 800 ms on a disk.
 */
function parent(): string {
  try {
    const { bavail, bsize } = statfsSync(memory);
    return bavail * bsize > roomNeeded ? memory : tmpdir();
  } catch {
    return tmpdir();
  }
}

/** None where another run has removed it in the same moment. */
function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** With the servers in it that a run left, because it was killed or interrupted. */
function remove(folder: string): void {
  for (const cluster of namesIn(folder)) {
    const postmaster = readPostmasterFile(join(folder, cluster));
    if (postmaster && isAlive(postmaster.pid)) process.kill(postmaster.pid, 'SIGQUIT');
  }
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}

function removeAbandoned(where: string): void {
  for (const name of readdirSync(where)) {
    const owner = new RegExp(`^${prefix}(\\d+)$`).exec(name)?.[1];
    if (owner !== undefined && !isAlive(Number(owner))) remove(join(where, name));
  }
}

/**
 * Gives this run a folder for all that is temporary: servers, installations, backups. What it starts inherits TMPDIR.
 * Programs of the command line that it starts share what Node has compiled: half of the 1.1 s of CPU of a start.
 */
export function openScratchFolder(): void {
  if (process.env['STOA_TEST_RUN'] === String(process.pid)) return;
  const where = parent();
  for (const each of new Set([where, tmpdir()])) removeAbandoned(each);
  const folder = join(where, `${prefix}${process.pid}`);
  mkdirSync(folder, { recursive: true });
  // The user that runs PostgreSQL has to get through.
  chmodSync(folder, 0o755);
  Object.assign(process.env, {
    STOA_TEST_RUN: String(process.pid),
    TMPDIR: folder,
    NODE_COMPILE_CACHE: join(folder, 'compile-cache'),
  });
  process.once('exit', () => remove(folder));
}
