import { createHash, randomBytes } from 'node:crypto';
import {
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { exitCodes, StoaError } from '../errors.ts';
import { binariesIn, type PostgresBinaries } from './binaries.ts';
import { canEnter, type RunAs } from './run-as.ts';

/** Where root may keep what another user must be able to reach; each parent is open to everybody. */
const stagingRoot = '/var/lib/stoa';

/**
 * Binaries that `user` can start: those of the package where its folder is open to everybody, else a copy under
 * /var/lib/stoa (60 MB, made once a version). A clone below /root, which only root may enter, needs the copy.
 */
export function reachableBinaries(binaries: PostgresBinaries, user: RunAs | undefined): PostgresBinaries {
  if (!user || canEnter(user, join(binaries.root, 'bin'))) return binaries;
  const staged = join(stagingRoot, 'binaries', binaries.version);
  const marker = join(staged, '.complete');
  if (!existsSync(marker)) {
    mkdirSync(join(stagingRoot, 'binaries'), { recursive: true, mode: 0o755 });
    const unfinished = `${staged}.${process.pid}`;
    cpSync(binaries.root, unfinished, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
    writeFileSync(join(unfinished, '.complete'), '');
    rmSync(staged, { recursive: true, force: true });
    try {
      // Renamed into place whole, so that a copy that was interrupted is never taken for a server.
      renameSync(unfinished, staged);
    } catch (error) {
      rmSync(unfinished, { recursive: true, force: true });
      if (!existsSync(marker)) throw error; // another start was faster otherwise
    }
  }
  return binariesIn(staged, binaries.version);
}

/**
 * A folder for the cluster's data that `user` owns: `wanted` itself where the user can get there, else a new one under
 * /var/lib/stoa. Its name has a part of chance: whoever deletes the data folder means to start anew, and the passwords
 * of the cluster that stays behind are gone with it.
 */
export function reachableDataFolder(wanted: string, user: RunAs | undefined): string {
  mkdirSync(wanted, { recursive: true, mode: 0o700 });
  if (!user) return wanted;
  chownSync(wanted, user.uid, user.gid);
  if (canEnter(user, wanted)) return wanted;
  if (readdirSync(wanted).length > 0) {
    throw new StoaError(
      'cluster.unreachable',
      `${wanted} holds a database cluster, and ${user.name}, who runs the server, may not go there.`,
      {
        cure: 'Let everybody pass through the folders above it (chmod o+x), or move it away to begin with an empty database.',
        exitCode: exitCodes.database,
      },
    );
  }
  rmdirSync(wanted);
  const origin = createHash('sha256').update(wanted).digest('hex').slice(0, 16);
  const staged = join(stagingRoot, 'data', `${origin}-${randomBytes(4).toString('hex')}`);
  mkdirSync(staged, { recursive: true, mode: 0o755 });
  chownSync(staged, user.uid, user.gid);
  return staged;
}
