import { spawnSync } from 'node:child_process';
import { exitCodes, StoaError } from '../errors.ts';

/** The user that PostgreSQL runs as when Stoa itself was started by root, which PostgreSQL refuses to be. */
export interface RunAs {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

function lookUp(name: string): RunAs | undefined {
  const id = (flag: string): number => {
    const result = spawnSync('id', [flag, name], { encoding: 'utf8' });
    return result.status === 0 ? Number.parseInt(result.stdout, 10) : Number.NaN;
  };
  const uid = id('-u');
  const gid = id('-g');
  return uid > 0 && gid >= 0 ? { name, uid, gid } : undefined;
}

/**
 * Undefined for an ordinary user: PostgreSQL then runs as that user. For root: the system's `postgres`, else a
 * system user `stoa` (made when missing), else `nobody`.
 */
export function findRunAs(): RunAs | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const present = lookUp('postgres') ?? lookUp('stoa');
  if (present) return present;
  spawnSync('useradd', ['--system', '--no-create-home', '--shell', '/usr/sbin/nologin', 'stoa'], {
    stdio: 'ignore',
  });
  const found = lookUp('stoa') ?? lookUp('nobody');
  if (found) return found;
  throw new StoaError(
    'cluster.no_user',
    'PostgreSQL refuses to run as root, and there is no other user to run it as.',
    {
      cure: 'Start Stoa as an ordinary user, or create a user named "postgres".',
      exitCode: exitCodes.refused,
    },
  );
}

/** Whether that user can enter a folder; root can enter any, so root's own view says nothing. */
export function canEnter(user: RunAs, folder: string): boolean {
  const result = spawnSync('/bin/sh', ['-c', 'cd "$1"', 'sh', folder], {
    uid: user.uid,
    gid: user.gid,
    cwd: '/',
    stdio: 'ignore',
  });
  return result.status === 0;
}
