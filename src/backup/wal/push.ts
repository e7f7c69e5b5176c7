import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { exitCodes, StoaError } from '../../errors.ts';
import type { Vault } from '../vault.ts';
import { archiveWal, findWal, isWalName } from '../wal-archive.ts';
import { checkSegment } from './wal-file.ts';

export type Pushed = 'archived' | 'present' | 'not needed';

/** `system_identifier` is the first thing in pg_control. */
async function systemIdentifierOf(dataDirectory: string): Promise<string> {
  return (await readFile(join(dataDirectory, 'global', 'pg_control'))).readBigUInt64LE(0).toString();
}

/**
 * Brings one finished file of the log into the storage, as `archive_command` wants it: when this has answered the file
 * may be overwritten, so it is copied and never linked. The same file once more is no failure; another of its name is
 * refused with wal.different, for two servers write into one archive then.
 */
export async function pushWal(vault: Vault, path: string, dataDirectory: string): Promise<Pushed> {
  const name = basename(path);
  // Notes of backups, which the catalog of backups replaces; refusing one would hold up all that follow.
  if (/^[0-9A-F]{24}\.[0-9A-F]{8}\.backup$/.test(name)) return 'not needed';
  if (!isWalName(name)) {
    throw new StoaError('wal.not_wal', `${name} is no file of the log.`, {
      cure: `Set archive_command = 'stoa backup wal-push %p'.`,
      exitCode: exitCodes.input,
    });
  }
  const bytes = await readFile(path);
  const systemIdentifier = await systemIdentifierOf(dataDirectory);
  if (!name.endsWith('.history')) checkSegment(name, bytes, systemIdentifier);
  const present = await findWal(vault, name);
  if (present === undefined) {
    await archiveWal(vault, name, bytes, systemIdentifier);
    return 'archived';
  }
  const isSame = present.artifact.sha256 === createHash('sha256').update(bytes).digest('hex');
  if (isSame && present.systemIdentifier === systemIdentifier) return 'present';
  throw new StoaError('wal.different', `The storage has another ${name}.`, {
    cure: 'Two servers, or one that was put back to an older state, archive into the same storage: give one a place of its own.',
    exitCode: exitCodes.unexpected,
  });
}
