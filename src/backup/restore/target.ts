import { exitCodes, StoaError } from '../../errors.ts';
import type { PhysicalBackup } from '../catalog.ts';
import { newestFirst } from '../chain.ts';
import { parseLsn } from '../wal/position.ts';

/** The moment that is restored. There is always one: without it a server that finds a hole in the log just begins there. */
export type RecoveryTarget =
  /** The last thing that is archived. */
  | { readonly kind: 'latest' }
  /** The end of the backup itself. */
  | { readonly kind: 'backup' }
  /** With its offset from UTC. */
  | { readonly kind: 'time'; readonly time: string }
  | { readonly kind: 'lsn'; readonly lsn: string }
  /** As pg_create_restore_point named it. */
  | { readonly kind: 'name'; readonly name: string };

function refuse(message: string, cure: string): StoaError {
  return new StoaError('restore.bad_target', message, { cure, exitCode: exitCodes.input });
}

/** A moment as people write it: `2026-11-21T14:05:00Z`, `2026-11-21 14:05:00.5+02:00`; without an offset it is UTC. */
export function timeTarget(text: string): RecoveryTarget {
  const form =
    /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?)\s?(Z|[+-]\d{2}(?::?\d{2})?)?)?$/.exec(
      text.trim(),
    );
  const time =
    form &&
    `${form[1]} ${form[2] ?? '00:00:00'}${form[3] === undefined || form[3] === 'Z' ? '+00' : form[3]}`;
  if (!time || Number.isNaN(instantOf(time))) {
    throw refuse(`${JSON.stringify(text)} is no time.`, 'Write it as 2026-11-21T14:05:00Z.');
  }
  return { kind: 'time', time };
}

/** In milliseconds since 1970, of a time as `timeTarget` writes it. */
export function instantOf(time: string): number {
  const [, date, clock, sign, hours, minutes] = /^(\S+) (\S+?)([+-])(\d{2}):?(\d{2})?$/.exec(time) ?? [];
  return Date.parse(`${date}T${clock}${sign}${hours}:${minutes ?? '00'}`);
}

export function lsnTarget(text: string): RecoveryTarget {
  if (!/^[0-9A-Fa-f]{1,8}\/[0-9A-Fa-f]{1,8}$/.test(text)) {
    throw refuse(`${JSON.stringify(text)} is no position in the log.`, 'Write it as 0/1A2B3C4D.');
  }
  return { kind: 'lsn', lsn: text.toUpperCase() };
}

export function nameTarget(name: string): RecoveryTarget {
  if (name === '' || Buffer.byteLength(name) > 63 || /\p{Cc}/u.test(name)) {
    throw refuse(`${JSON.stringify(name)} is no name of a restore point.`, 'Give the name as it was made.');
  }
  return { kind: 'name', name };
}

/** For people. */
export function describeTarget(target: RecoveryTarget): string {
  if (target.kind === 'time') return `the state at ${target.time}`;
  if (target.kind === 'lsn') return `the position ${target.lsn}`;
  if (target.kind === 'name') return `the restore point ${target.name}`;
  return target.kind === 'latest' ? 'the last thing archived' : 'the end of the backup';
}

/** The newest backup from which a target can be reached. Refuses backup.none, restore.before_backups. */
export function chooseBackup(backups: readonly PhysicalBackup[], target: RecoveryTarget): PhysicalBackup {
  const isBefore = (backup: PhysicalBackup): boolean => {
    if (target.kind === 'time') return Date.parse(backup.finishedAt) <= instantOf(target.time);
    if (target.kind === 'lsn') return parseLsn(backup.endLsn) <= parseLsn(target.lsn);
    return true;
  };
  const newest = backups.filter(isBefore).sort(newestFirst)[0];
  if (newest) return newest;
  if (backups.length === 0) {
    throw new StoaError('backup.none', 'There is no backup to restore from.', {
      cure: 'Check STOA_BACKUP_STORAGE; "stoa backup list" shows what is there.',
      exitCode: exitCodes.input,
    });
  }
  throw new StoaError('restore.before_backups', `${describeTarget(target)} lies before every backup.`, {
    cure: 'Choose a later one; "stoa backup status" tells from when on it is possible.',
    exitCode: exitCodes.input,
  });
}
