import { blocks } from './lock-modes.ts';
import type { Measurement, TakenLock } from './measure.ts';

/**
 * What a statement means for the people who use the database while it runs.
 *
 * - `instant`: nobody waits for it, and it is done at once.
 * - `waits`: it needs a lock for which others then wait, but only for a moment.
 * - `scans`: it reads a whole table while others wait.
 * - `rewrites`: it writes a whole table anew while others wait.
 * - `rows`: it changes rows and keeps them locked until the file is done.
 * - `online`: it takes its time, and nobody waits.
 */
export type StatementEffect = 'instant' | 'waits' | 'scans' | 'rewrites' | 'rows' | 'online';

/** `writesRows`: it is an INSERT, UPDATE, DELETE …; on a scratch database there may be no row for it to change. */
export function effectOf(
  { locks, scanned, written, changes }: Measurement,
  { writesRows = false }: { readonly writesRows?: boolean } = {},
): StatementEffect {
  const holdsUp = locks.filter(makesWait);
  if (changes.rewritten.length > 0) return 'rewrites';
  if (scanned.length > 0 && holdsUp.length > 0) return 'scans';
  if (changes.rebuiltIndexes.length > 0 && holdsUp.length > 0) return 'scans';
  if (holdsUp.length > 0) return 'waits';
  if (written.length > 0 || writesRows) return 'rows';
  return scanned.length > 0 || changes.rebuiltIndexes.length > 0 ? 'online' : 'instant';
}

/** Somebody who reads or writes waits for a holder of it. A materialized view has readers only. */
export function makesWait({ mode, kind }: TakenLock): boolean {
  return blocks(mode) === 'everybody' || (blocks(mode) === 'writers' && kind !== 'm');
}
