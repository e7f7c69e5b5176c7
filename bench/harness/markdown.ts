import { type Claim, claims } from '../claims.ts';
import type { Machine } from './machine.ts';
import { type Ratio, ratioToOurs } from './ratio.ts';
import { amount, type Comparison, spread, times } from './report.ts';
import type { RunResult } from './results.ts';
import { summarise } from './statistics.ts';
import { mergeYardsticks, yardstickLine } from './yardstick.ts';

interface Found {
  readonly claim: Claim;
  readonly comparison: Comparison;
}

function find(run: RunResult, claim: Claim): Found | undefined {
  const bench = run.benches.find(({ name }) => name === claim.bench);
  const comparison = bench?.report?.comparisons.find(({ what }) => what === claim.what);
  return comparison && { claim, comparison };
}

const medianOf = (comparison: Comparison, figures: readonly number[]): string =>
  amount(comparison.unit, summarise(figures).median);

function row(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`;
}

/** With the spread of the rounds, where it has one. */
const ratioCell = (ratio: Ratio | undefined): string =>
  ratio?.isPaired ? `${times(ratio)} (${spread(ratio)})` : times(ratio);

function linesOf({ claim, comparison }: Found, lead: readonly string[]): string[] {
  const [ours] = comparison.forms;
  const others = comparison.forms.filter(({ role }) => role !== 'stoa');
  const label = [claim.label, comparison.size].filter((part) => part !== undefined).join(', ');
  const value = ours === undefined ? '' : medianOf(comparison, ours.figures);
  if (others.length === 0) return [row([...lead, label, value, '', '', ''])];
  return others.map((other, index) => {
    return row([
      ...(index === 0 ? [...lead, label, value] : [...lead.map(() => ''), '', '']),
      other.role === 'limit' ? `${other.form} (limit)` : other.form,
      medianOf(comparison, other.figures),
      ratioCell(ratioToOurs(comparison, other)),
    ]);
  });
}

/** How a busy machine reads: whoever sees the figures must know what else it did. */
function loadOf(machines: readonly Machine[]): string {
  const loads = machines.map(({ load }) => load[0] ?? 0);
  const [low, high] = [Math.min(...loads), Math.max(...loads)];
  return `load average ${low.toFixed(1)}${high > low ? ` to ${high.toFixed(1)}` : ''}`;
}

function machineSays(run: RunResult): string {
  const yardsticks = mergeYardsticks(run.benches.map(({ yardsticks: each }) => each));
  return yardsticks.length === 0 ? '' : ` Fixed work: ${yardstickLine(yardsticks)}.`;
}

export interface Markdown {
  readonly text: string;
  /** Claims for which the run has no figure, as `bench: what`. */
  readonly missing: readonly string[];
}

/** The tables of README.md and of docs/benchmarks.md, as the figures of a run have them. */
export function markdownOf(run: RunResult): Markdown {
  const found = claims.flatMap((claim) => find(run, claim) ?? []);
  const machines = run.benches.map(({ machine }) => machine);
  const [machine] = machines;
  const head = machine
    ? `${machine.cpu}, ${machine.cores} cores, ${machine.memoryGB} GB, PostgreSQL ${machine.postgres}, Node ${machine.node}, on ${run.at.slice(0, 10)}, ${loadOf(machines)}: medians of ${run.rounds} rounds in ${run.passes} ${run.passes === 1 ? 'pass' : 'passes'}, scale ${run.scale}.${machineSays(run)}`
    : '';
  const full = found.flatMap((each) => linesOf(each, [`\`${each.claim.bench}\``]));
  const chosen = found
    .filter(({ claim }) => claim.inReadme)
    .flatMap(({ claim, comparison }) => {
      // One line each: the first peer, or the limit where there is no peer.
      const beside =
        comparison.forms.find(({ role }) => role === 'peer') ??
        comparison.forms.find(({ role }) => role === 'limit');
      const ours = comparison.forms.filter(({ role }) => role === 'stoa');
      return linesOf({ claim, comparison: { ...comparison, forms: beside ? [...ours, beside] : ours } }, [
        `\`${claim.bench}\``,
      ]);
    });
  const header = ['| bench | what | ours | compared with | | ours is |', '|---|---|---|---|---|---|'];
  return {
    text: [
      '<!-- README.md, section Figures -->',
      head,
      '',
      ...header.map((line) => line.replace('| bench |', '| `NAME` |')),
      ...chosen,
      '',
      '<!-- docs/benchmarks.md, section Figures -->',
      head,
      '',
      ...header,
      ...full,
    ].join('\n'),
    missing: claims
      .filter((claim) => !found.some((each) => each.claim === claim))
      .map(({ bench, what }) => `${bench}: ${what}`),
  };
}
