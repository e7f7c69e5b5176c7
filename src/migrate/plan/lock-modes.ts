/** The lock modes of tables, weakest first (manual, "Explicit Locking"). */
export const lockModes = [
  'AccessShare',
  'RowShare',
  'RowExclusive',
  'ShareUpdateExclusive',
  'Share',
  'ShareRowExclusive',
  'Exclusive',
  'AccessExclusive',
] as const;

export type LockMode = (typeof lockModes)[number];

export function strengthOf(mode: LockMode): number {
  return lockModes.indexOf(mode);
}

export function strongest(modes: readonly LockMode[]): LockMode | undefined {
  return [...modes].sort((a, b) => strengthOf(b) - strengthOf(a))[0];
}

/** Whom a holder of the lock keeps waiting, as far as readers and writers of rows go. */
export function blocks(mode: LockMode): 'nobody' | 'writers' | 'everybody' {
  if (mode === 'AccessExclusive') return 'everybody';
  return strengthOf(mode) >= strengthOf('Share') ? 'writers' : 'nobody';
}

/** `ACCESS EXCLUSIVE`, as LOCK TABLE takes it and the manual writes it. */
export function spelledMode(mode: LockMode): string {
  return mode.replaceAll(/(?!^)[A-Z]/g, ' $&').toUpperCase();
}

export function parseMode(text: string): LockMode | undefined {
  return lockModes.find((mode) => `${mode}Lock` === text);
}
