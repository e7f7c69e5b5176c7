import type { ClosedGate } from '../../../migrate/gates.ts';
import { styled } from '../../output.ts';
import { labelled } from '../../paragraphs.ts';

const titles: Readonly<Record<ClosedGate['kind'], string>> = {
  backfill: 'a backfill is not finished',
  contract: 'what it takes away is in use',
};

/** Why `stoa migrate up` would refuse a migration now, in lines of 100 columns. */
export function gateLines(gates: readonly ClosedGate[]): readonly string[] {
  return gates.flatMap(({ kind, reasons, cure }) => [
    `  ${styled('red', 'refused now')}: ${titles[kind]}`,
    ...reasons.flatMap((reason) => labelled('    ', reason)),
    ...labelled('    cure  ', cure),
  ]);
}
