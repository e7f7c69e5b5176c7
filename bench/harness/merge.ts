import { isDeepStrictEqual } from 'node:util';
import type { BenchReport, Comparison } from './report.ts';

/** All of a comparison but its figures. */
const outline = ({ what, size, unit, forms }: Comparison) => ({
  what,
  size,
  unit,
  forms: forms.map(({ form, role }) => ({ form, role })),
});

function assertAlike(first: BenchReport, other: BenchReport, pass: number): void {
  const [before, now] = [first.comparisons.map(outline), other.comparisons.map(outline)];
  for (let index = 0; index < Math.max(before.length, now.length); index += 1) {
    if (isDeepStrictEqual(before[index], now[index])) continue;
    throw new Error(
      `Pass ${pass} measured something else than the first: ` +
        `${JSON.stringify(now[index]) ?? 'nothing'} in the place of ${JSON.stringify(before[index]) ?? 'nothing'}`,
    );
  }
}

/** One of those lines that differ in figures alone, that of the last pass. */
function distinctNotes(reports: readonly BenchReport[]): string[] {
  const notes = new Map<string, string>();
  for (const { notes: lines } of reports) {
    for (const line of lines ?? []) notes.set(line.replaceAll(/\d[\d.,:]*/g, '#'), line);
  }
  return [...notes.values()];
}

/**
 * The reports of the passes of one bench as one: the figures of a form are those of the passes, one after the other.
 * Plans are those of the first pass, the output of a program that of the last. Refuses reports of different forms.
 */
export function mergeReports(reports: readonly BenchReport[]): BenchReport {
  const [first] = reports;
  const last = reports.at(-1);
  if (first === undefined || last === undefined) throw new Error('there is no report');
  reports.forEach((report, index) => {
    assertAlike(first, report, index + 1);
  });
  const notes = distinctNotes(reports);
  return {
    comparisons: first.comparisons.map((comparison, which) => ({
      ...comparison,
      forms: comparison.forms.map((measured, index) => ({
        ...measured,
        figures: reports.flatMap(({ comparisons }) => comparisons[which]?.forms[index]?.figures ?? []),
      })),
    })),
    ...(first.plans && { plans: first.plans }),
    ...(notes.length > 0 && { notes }),
    ...(last.output !== undefined && { output: last.output }),
  };
}
