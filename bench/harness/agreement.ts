import { type Ratio, ratioToOurs } from './ratio.ts';
import { shown, type Unit } from './report.ts';
import type { RunResult } from './results.ts';
import { type Summary, summarise } from './statistics.ts';
import { mergeYardsticks } from './yardstick.ts';

/** One number in two runs. */
export interface TwoRuns {
  readonly earlier: Summary;
  readonly now: Summary;
  /** Median of now through the earlier median. */
  readonly ratio: number;
  /** Whether the median of now lies between the lowest and the highest of the earlier rounds, as these are printed. */
  readonly isWithin: boolean;
  /** Whether the rounds of now and the earlier ones have a number in common between their lowest and highest. */
  readonly doSpreadsMeet: boolean;
}

export interface Place {
  readonly bench: string;
  readonly what: string;
  readonly form: string;
}

/** One figure in two runs. */
export interface Agreement extends Place, TwoRuns {
  readonly unit: Unit;
}

/** How many times better ours is than a form, in two runs. */
export interface RatioAgreement extends Place, TwoRuns {}

/** The machine's own figure in two runs. */
export interface YardstickAgreement extends TwoRuns {
  readonly what: string;
}

export interface RunAgreement {
  readonly figures: readonly Agreement[];
  /** Those of which both runs have one for each round. */
  readonly ratios: readonly RatioAgreement[];
  /** Nothing where the earlier run measured none. */
  readonly yardsticks: readonly YardstickAgreement[];
  /** Figures that only one of the runs has, as `bench: what, form`. */
  readonly unmatched: readonly string[];
}

interface Figure extends Place {
  readonly unit: Unit;
  readonly summary: Summary;
  readonly ratio: Ratio | undefined;
}

function figuresOf(run: RunResult): ReadonlyMap<string, Figure> {
  const figures = new Map<string, Figure>();
  for (const { name, report } of run.benches) {
    for (const comparison of report?.comparisons ?? []) {
      const { what, size, unit, forms } = comparison;
      for (const measured of forms) {
        const { form } = measured;
        const key = `${name}: ${[what, size, form].filter((part) => part !== undefined).join(', ')}`;
        const summary = summarise(measured.figures);
        figures.set(key, {
          bench: name,
          what,
          form,
          unit,
          summary,
          ratio: ratioToOurs(comparison, measured),
        });
      }
    }
  }
  return figures;
}

/** A size that is the same in every round has a spread of nothing; what prints alike is alike. */
function isWithin(figure: number, { low, high }: Summary): boolean {
  return (figure >= low && figure <= high) || [shown(low), shown(high)].includes(shown(figure));
}

function doSpreadsMeet(one: Summary, other: Summary): boolean {
  return one.low <= other.high && other.low <= one.high;
}

function beside(now: Summary, earlier: Summary): TwoRuns {
  const agrees = isWithin(now.median, earlier);
  return {
    earlier,
    now,
    ratio: now.median / earlier.median,
    isWithin: agrees,
    doSpreadsMeet: agrees || doSpreadsMeet(now, earlier),
  };
}

function compareYardsticks(now: RunResult, then: RunResult): YardstickAgreement[] {
  const of = (run: RunResult) => mergeYardsticks(run.benches.map(({ yardsticks }) => yardsticks));
  const earlier = new Map(of(then).map(({ what, figures }) => [what, summarise(figures)]));
  return of(now).flatMap(({ what, figures }) => {
    const before = earlier.get(what);
    return before === undefined ? [] : [{ what, ...beside(summarise(figures), before) }];
  });
}

export function compareRuns(now: RunResult, then: RunResult): RunAgreement {
  const earlier = figuresOf(then);
  const later = figuresOf(now);
  const figures: Agreement[] = [];
  const ratios: RatioAgreement[] = [];
  for (const [key, { summary, ratio, unit, ...place }] of later) {
    const before = earlier.get(key);
    if (before === undefined) continue;
    figures.push({ ...place, unit, ...beside(summary, before.summary) });
    if (ratio?.isPaired && before.ratio?.isPaired) {
      ratios.push({ ...place, ...beside(ratio, before.ratio) });
    }
  }
  // A bench that was not asked for this time is no difference.
  const ran = new Set(now.benches.map(({ name }) => name));
  return {
    figures,
    ratios,
    yardsticks: compareYardsticks(now, then),
    unmatched: [
      ...[...later.keys()].filter((key) => !earlier.has(key)),
      ...[...earlier].filter(([key, { bench }]) => ran.has(bench) && !later.has(key)).map(([key]) => key),
    ],
  };
}
