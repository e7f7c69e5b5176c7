import { existsSync, statSync } from 'node:fs';
import { dirname, isAbsolute } from 'node:path';
import { StoaError } from '../errors.ts';
import { type BackupEntry, listBackups, listUnfinished, readEntry } from './catalog.ts';
import { isPhysical } from './retention.ts';
import type { Vault } from './vault.ts';
import { readVerification } from './verify.ts';
import { findWal, listWal } from './wal-archive.ts';
import { describeGap, readCoverage } from './wal-coverage.ts';

/** What `stoa backup status --json` prints. Fields are added, never renamed. */
export interface BackupStatus {
  readonly storage: string;
  readonly isGood: boolean;
  readonly backups: number;
  readonly storedBytes: number;
  readonly newest: {
    readonly id: string;
    readonly kind: BackupEntry['kind'];
    readonly finishedAt: string;
    readonly ageSeconds: number;
    /** When somebody last looked at all of it and found nothing wrong. */
    readonly verifiedAt: string | null;
  } | null;
  readonly log: {
    readonly files: number;
    readonly newest: string;
    readonly archivedAt: string;
    /** A file that is missing behind the newest base. */
    readonly gap: string | null;
  } | null;
  /** Every moment in it can be restored. Null: only the ends of the backups. */
  readonly window: { readonly from: string; readonly to: string } | null;
  readonly unfinished: readonly string[];
  readonly recipients: readonly string[];
  readonly isOnSameDisk: boolean;
  /** Something is wrong. */
  readonly problems: readonly string[];
  /** It works, and could be better. */
  readonly warnings: readonly string[];
}

export interface StatusOptions {
  readonly vault: Vault;
  /** The setting of where backups go. */
  readonly place: string;
  readonly dataDir: string;
  readonly now?: Date;
}

/** Older than this, the newest backup is a problem: one is made each day. */
const tooOldMs = 26 * 3_600_000;

function nearest(path: string): string {
  return existsSync(path) || dirname(path) === path ? path : nearest(dirname(path));
}

/** Whether one broken disk takes both. */
export function isOnSameDisk(place: string, dataDir: string): boolean {
  return isAbsolute(place) && statSync(nearest(place)).dev === statSync(nearest(dataDir)).dev;
}

function hours(milliseconds: number): string {
  return `${Math.round(milliseconds / 3_600_000)} hours`;
}

/** Looks at the storage alone: without a key, and without the database. */
export async function readBackupStatus(options: StatusOptions): Promise<BackupStatus> {
  const { vault, place, dataDir } = options;
  const { storage } = vault;
  const now = options.now ?? new Date();
  const problems: string[] = [];
  const warnings: string[] = [];
  const entries: BackupEntry[] = [];
  for (const id of await listBackups(storage)) {
    try {
      entries.push(await readEntry(storage, id));
    } catch (error) {
      if (!(error instanceof StoaError && /^backup\.(damaged|unknown)$/.test(error.code))) throw error;
      problems.push(error.message);
    }
  }

  const faulty = new Set<string>();
  const verifiedAt = new Map<string, string>();
  for (const { id } of entries) {
    const verification = await readVerification(storage, id);
    if (verification === undefined) continue;
    if (verification.faults.length === 0) verifiedAt.set(id, verification.at);
    else {
      faulty.add(id);
      problems.push(`${id} is not whole: ${verification.faults[0]}`);
    }
  }
  const good = entries.filter(({ id }) => !faulty.has(id));
  const newest = good.filter(({ kind }) => kind !== 'logical').at(-1) ?? good.at(-1);
  const ageMs = newest ? now.getTime() - Date.parse(newest.finishedAt) : 0;
  if (!newest) problems.push('There is no backup. Make one: stoa backup create');
  else if (ageMs > tooOldMs) problems.push(`The newest backup is ${hours(ageMs)} old.`);

  const listed = await listWal(vault);
  const segments = listed.filter((name) => !name.endsWith('.history'));
  let log: BackupStatus['log'] = null;
  let window: BackupStatus['window'] = null;
  const bases = good.filter(isPhysical).filter(({ kind }) => kind === 'base');
  const newestBase = bases.at(-1);
  if (segments.length > 0 && newestBase) {
    const coverage = await readCoverage(vault, newestBase, { isGuess: true, listed });
    const last = coverage.files.at(-1);
    const wal = last === undefined ? undefined : await findWal(vault, last);
    log = {
      files: segments.length,
      newest: last ?? '',
      archivedAt: wal?.archivedAt ?? newestBase.finishedAt,
      gap: coverage.gap ?? null,
    };
    if (coverage.gap !== undefined) {
      problems.push(`After the newest base there is a hole in the log: ${describeGap(coverage)}.`);
    }
    if (coverage.unlisted.length > 0) {
      warnings.push(`The storage does not list ${coverage.unlisted.join(', ')}, which is there.`);
    }
    if (wal && wal.systemIdentifier !== newestBase.systemIdentifier) {
      problems.push('The log is that of another cluster than the newest base.');
    }
    if (last !== undefined) {
      let first = newestBase;
      for (const base of bases.toReversed()) {
        if (base.systemIdentifier !== newestBase.systemIdentifier) break;
        const covered = await readCoverage(vault, base, { isGuess: true, listed });
        if (covered.until < coverage.until) break;
        first = base;
      }
      window = { from: first.finishedAt, to: log.archivedAt };
    }
  } else if (newest) {
    warnings.push('No log is archived: only the ends of the backups can be restored.');
  }

  const unfinished: string[] = [...(await listUnfinished(storage))];
  for await (const { name } of storage.leftovers?.() ?? []) unfinished.push(name);
  if (unfinished.length > 0) {
    warnings.push(
      `${unfinished.length} unfinished: under way, or left over and removed by "stoa backup prune" after a day.`,
    );
  }
  if (vault.recipients.length === 0) {
    warnings.push('Backups are not encrypted: set STOA_BACKUP_RECIPIENTS ("stoa keys new" makes a key).');
  }
  const isSameDisk = isOnSameDisk(place, dataDir);
  if (isSameDisk) {
    warnings.push(
      'Backups lie on the disk of the database: set STOA_BACKUP_STORAGE to another, or to a bucket.',
    );
  }
  return {
    storage: storage.description,
    isGood: problems.length === 0,
    backups: entries.length,
    storedBytes: entries
      .flatMap(({ artifacts }) => Object.values(artifacts))
      .reduce((sum, { storedSize }) => sum + storedSize, 0),
    newest: newest
      ? {
          id: newest.id,
          kind: newest.kind,
          finishedAt: newest.finishedAt,
          ageSeconds: Math.round(ageMs / 1000),
          verifiedAt: verifiedAt.get(newest.id) ?? null,
        }
      : null,
    log,
    window,
    unfinished,
    recipients: vault.recipients,
    isOnSameDisk: isSameDisk,
    problems,
    warnings,
  };
}
