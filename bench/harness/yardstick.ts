import { amount, spread } from './report.ts';
import { summarise } from './statistics.ts';

/** Milliseconds of a piece of work that is no part of Stoa and never changes: what they tell is the machine's. */
export interface Yardstick {
  /** Who works: node (a loop), PostgreSQL (a sum), the disk (32 pages, each kept before the next). */
  readonly what: string;
  readonly figures: readonly number[];
}

/** The figures of the same work as one list each, in the order in which they came. */
export function mergeYardsticks(measured: readonly (readonly Yardstick[])[]): readonly Yardstick[] {
  const figures = new Map<string, number[]>();
  for (const { what, figures: more } of measured.flat()) {
    figures.set(what, [...(figures.get(what) ?? []), ...more]);
  }
  return [...figures].map(([what, all]) => ({ what, figures: all }));
}

/** `node 19.8 ms (19.1–22.3), PostgreSQL …` */
export function yardstickLine(yardsticks: readonly Yardstick[]): string {
  return yardsticks
    .map(({ what, figures }) => {
      const summary = summarise(figures);
      return `${what} ${amount('ms', summary.median)} (${spread(summary)})`;
    })
    .join(', ');
}
