import type { Comparison, Measured, Unit } from './report.ts';
import { type Summary, summarise } from './statistics.ts';

/** How many times better ours is than another form: above 1 we are ahead, below 1 behind. */
export interface Ratio extends Summary {
  /**
   * Whether it is that of each round, in which both were measured one soon after the other. Else it is the ratio of the
   * two medians, and has no spread.
   */
  readonly isPaired: boolean;
}

const moreIsBetter: readonly Unit[] = ['per second', 'MB/s'];

/** The ratio of ours to a form. Undefined for ours, and where there is nothing to do: that is not so many times less. */
export function ratioToOurs(comparison: Comparison, measured: Measured): Ratio | undefined {
  const ours = comparison.forms.find(({ role }) => role === 'stoa');
  if (ours === undefined || measured.role === 'stoa') return undefined;
  const better = (own: number, other: number): number =>
    moreIsBetter.includes(comparison.unit) ? own / other : other / own;
  if (ours.figures.length === measured.figures.length) {
    const rounds = ours.figures.map((own, round) => better(own, measured.figures[round] ?? Number.NaN));
    if (rounds.every((ratio) => Number.isFinite(ratio) && ratio > 0)) {
      return { ...summarise(rounds), isPaired: true };
    }
  }
  const ratio = better(summarise(ours.figures).median, summarise(measured.figures).median);
  if (!Number.isFinite(ratio) || ratio === 0) return undefined;
  return { median: ratio, low: ratio, high: ratio, isPaired: false };
}
