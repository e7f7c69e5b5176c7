import { table } from '../../src/cli/output.ts';
import { shown, type Unit } from './report.ts';
import type { RunResult } from './results.ts';
import { type Summary, summarise } from './statistics.ts';

/** One figure in two runs. */
export interface Agreement {
  readonly bench: string;
  readonly what: string;
  readonly form: string;
  readonly unit: Unit;
  readonly earlier: Summary;
  readonly now: Summary;
  /** Median of now through the earlier median. */
  readonly ratio: number;
  /** Whether the median of now lies between the lowest and the highest of the earlier rounds, as these are printed. */
  readonly isWithin: boolean;
  /** Whether the rounds of now and the earlier ones have a figure in common between their lowest and highest. */
  readonly doSpreadsMeet: boolean;
}

export interface RunAgreement {
  readonly figures: readonly Agreement[];
  /** Figures that only one of the runs has, as `bench: what, form`. */
  readonly unmatched: readonly string[];
}

interface Figure extends Pick<Agreement, 'bench' | 'what' | 'form' | 'unit'> {
  readonly summary: Summary;
}

function figuresOf(run: RunResult): ReadonlyMap<string, Figure> {
  const figures = new Map<string, Figure>();
  for (const { name, report } of run.benches) {
    for (const { what, size, unit, forms } of report?.comparisons ?? []) {
      for (const { form, figures: rounds } of forms) {
        const key = `${name}: ${[what, size, form].filter((part) => part !== undefined).join(', ')}`;
        figures.set(key, { bench: name, what, form, unit, summary: summarise(rounds) });
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

export function compareRuns(now: RunResult, then: RunResult): RunAgreement {
  const earlier = figuresOf(then);
  const later = figuresOf(now);
  const figures: Agreement[] = [];
  for (const [key, { summary, ...figure }] of later) {
    const before = earlier.get(key)?.summary;
    if (before === undefined) continue;
    figures.push({
      ...figure,
      earlier: before,
      now: summary,
      ratio: summary.median / before.median,
      isWithin: isWithin(summary.median, before),
      doSpreadsMeet: isWithin(summary.median, before) || doSpreadsMeet(summary, before),
    });
  }
  // A bench that was not asked for this time is no difference.
  const ran = new Set(now.benches.map(({ name }) => name));
  return {
    figures,
    unmatched: [
      ...[...later.keys()].filter((key) => !earlier.has(key)),
      ...[...earlier].filter(([key, { bench }]) => ran.has(bench) && !later.has(key)).map(([key]) => key),
    ],
  };
}

export function describeAgreement({ figures, unmatched }: RunAgreement): string {
  const rows = figures.map(
    ({ bench, what, form, earlier, now, ratio, isWithin: agrees, doSpreadsMeet: meet }, index) => [
      figures[index - 1]?.bench === bench ? '' : bench,
      what,
      form,
      shown(earlier.median),
      `${shown(earlier.low)}–${shown(earlier.high)}`,
      shown(now.median),
      `${shown(ratio)}×`,
      agrees ? 'yes' : 'no',
      meet ? 'meet' : 'apart',
    ],
  );
  const within = figures.filter((figure) => figure.isWithin).length;
  const meeting = figures.filter((figure) => figure.doSpreadsMeet).length;
  const parts = [
    table(['bench', 'what', 'form', 'earlier', 'min–max', 'now', 'ratio', 'within', 'spreads'], rows, {
      right: [3, 4, 5, 6],
    }),
    [
      `${within} of ${figures.length} figures lie within the spread of the earlier run: the median of this one between the lowest`,
      `and the highest of its rounds. Of ${meeting} the spreads of both runs meet.`,
      'Ratio: median of this run through that of the earlier one.',
    ].join('\n'),
  ];
  if (unmatched.length > 0) {
    parts.push(`In one of the two only:\n${unmatched.map((key) => `  ${key}`).join('\n')}`);
  }
  return parts.join('\n\n');
}
