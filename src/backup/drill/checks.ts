import type { DrillCheck, DrillSubject } from './check.ts';
import { type CheckOutcome, reasonOf } from './check.ts';
import { archivedLog } from './checks/archived-log.ts';
import { constraints } from './checks/constraints.ts';
import { contents } from './checks/contents.ts';
import { freshness } from './checks/freshness.ts';
import { invariants } from './checks/invariants.ts';
import { pageChecksums } from './checks/page-checksums.ts';
import { heaps, indexes, visibility } from './checks/relations.ts';
import { release, securityPosture } from './checks/security-posture.ts';

/** What a restored server has to pass, the structure before what is written in it. */
export const drillChecks: readonly DrillCheck[] = [
  archivedLog,
  pageChecksums,
  // Before anything writes: an extension that a later check brings would be a difference.
  release,
  securityPosture,
  contents,
  heaps,
  indexes,
  visibility,
  constraints,
  freshness,
  invariants,
];

export interface CheckResult extends CheckOutcome {
  readonly name: string;
  readonly shows: string;
  readonly elapsedMs: number;
}

/** One after another. A check that cannot be carried out has failed: what nobody could look at is not proved. */
export async function runChecks(
  subject: DrillSubject,
  checks: readonly DrillCheck[] = drillChecks,
  onResult: (result: CheckResult) => void = () => {},
): Promise<readonly CheckResult[]> {
  const results: CheckResult[] = [];
  for (const { name, shows, run } of checks) {
    const begun = performance.now();
    const found = await run(subject).catch(
      (error: unknown): CheckOutcome => ({ state: 'failed', evidence: {}, findings: [reasonOf(error)] }),
    );
    const result = { name, shows, ...found, elapsedMs: Math.round(performance.now() - begun) };
    results.push(result);
    onResult(result);
  }
  return results;
}
