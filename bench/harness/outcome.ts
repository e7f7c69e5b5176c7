import { duration, note, print, printJson, type Row, table } from '../../src/cli/output.ts';
import { compareRuns } from './agreement.ts';
import { describeAgreement } from './agreement-tables.ts';
import { markdownOf } from './markdown.ts';
import type { BenchOptions } from './options.ts';
import { ratioToOurs } from './ratio.ts';
import { amount, times } from './report.ts';
import { forMachines, type RunResult, readResult, saveResult } from './results.ts';
import { summarise } from './statistics.ts';
import { mergeYardsticks, yardstickLine } from './yardstick.ts';

/** The machine, then one line a bench: what it compares first, and how long it took in all passes. */
export function describeRun({ benches, elapsedMs, rounds, passes }: RunResult): string {
  const rows = benches.map(({ name, report, elapsedMs: tookMs }): Row => {
    const took = duration(tookMs);
    if (!report) return [name, took, 'failed', '', '', '', ''];
    const [comparison] = report.comparisons;
    const ours = comparison?.forms.find(({ role }) => role === 'stoa');
    if (!comparison || !ours) return [name, took, 'its own table, above', '', '', '', ''];
    const beside = comparison.forms.find(({ role }) => role !== 'stoa');
    return [
      name,
      took,
      comparison.what,
      amount(comparison.unit, summarise(ours.figures).median),
      beside?.form,
      beside && amount(comparison.unit, summarise(beside.figures).median),
      times(beside && ratioToOurs(comparison, beside)),
    ];
  });
  const figures = benches.flatMap(
    ({ report }) => report?.comparisons.flatMap(({ forms }) => forms) ?? [],
  ).length;
  const failed = benches.filter((bench) => bench.failed !== undefined).map(({ name }) => name);
  const yardsticks = mergeYardsticks(benches.map((bench) => bench.yardsticks));
  return [
    ...(yardsticks.length > 0 ? [`Fixed work: ${yardstickLine(yardsticks)}`] : []),
    table(['bench', 'took', 'what it compares first', 'ours', 'beside', '', 'ours is'], rows, {
      right: [1, 3, 5, 6],
    }),
    `${benches.length} benches, ${figures} figures of ${rounds} rounds in ${passes} ${passes === 1 ? 'pass' : 'passes'}, ${duration(elapsedMs)}${failed.length > 0 ? `; failed: ${failed.join(', ')}` : ''}`,
  ].join('\n\n');
}

/** What the command prints of a whole run, measured now or taken from a file. False where something is missing. */
export function tellOutcome(run: RunResult, options: BenchOptions): boolean {
  if (options.save !== undefined) {
    saveResult(options.save, run);
    note(`Saved in ${options.save}`);
  }
  const agreement = options.compare === undefined ? undefined : compareRuns(run, readResult(options.compare));
  const failed = run.benches.filter((bench) => bench.failed !== undefined);
  if (options.json) {
    printJson({ ...forMachines(run), ...(agreement && { agreement }) });
    return failed.length === 0;
  }
  if (options.markdown) {
    const { text, missing } = markdownOf(run);
    print(text);
    for (const claim of missing) note(`No figure for ${claim}`);
    return missing.length === 0 && failed.length === 0;
  }
  if (options.from === undefined) print(`\nAll of them:\n\n${describeRun(run)}`);
  if (agreement) print(`\nBeside ${options.compare}:\n\n${describeAgreement(agreement)}`);
  return failed.length === 0;
}
