import { type Row, table } from '../../src/cli/output.ts';
import { summarise } from './statistics.ts';

/** What a figure is of. Of times and sizes less is better, of rates more. */
export type Unit = 'ms' | 'per second' | 'bytes' | 'MB' | 'MB/s';

/** One form of a comparison. */
export interface Measured {
  readonly form: string;
  /** stoa is ours; a peer does the same otherwise; a limit is what nothing can pass that does this work at all. */
  readonly role: 'stoa' | 'peer' | 'limit';
  /** One for each round. */
  readonly figures: readonly number[];
}

export interface Comparison {
  readonly what: string;
  /** How large what it was measured on is, where that matters to whoever quotes the figure. */
  readonly size?: string | undefined;
  readonly unit: Unit;
  /** The first one of role stoa is what the others are compared with. */
  readonly forms: readonly Measured[];
}

export interface Plan {
  readonly of: string;
  readonly text: string;
}

export interface BenchReport {
  readonly comparisons: readonly Comparison[];
  readonly plans?: readonly Plan[];
  /** What has to be known to read the figures, and what was checked besides. */
  readonly notes?: readonly string[];
  /** What a program printed that is not a comparison. */
  readonly output?: string;
}

const moreIsBetter: readonly Unit[] = ['per second', 'MB/s'];

/** How many times better ours is than a form: above 1 we are ahead, below 1 behind. */
export function ratioToOurs(comparison: Comparison, measured: Measured): number | undefined {
  const ours = comparison.forms.find(({ role }) => role === 'stoa');
  if (ours === undefined || measured.role === 'stoa') return undefined;
  const own = summarise(ours.figures).median;
  const other = summarise(measured.figures).median;
  // Nothing to do is not so many times less than something.
  if (own === 0 || other === 0) return undefined;
  return moreIsBetter.includes(comparison.unit) ? own / other : other / own;
}

/** A figure as the tables have it, to two or three digits. */
export function shown(figure: number): string {
  if (figure === 0) return '0';
  if (figure >= 100) return Math.round(figure).toLocaleString('en');
  return figure.toPrecision(figure >= 10 ? 3 : 2);
}

const amounts: Readonly<Record<Unit, (figure: number) => string>> = {
  ms: (figure) => (figure >= 1_000 ? `${shown(figure / 1_000)} s` : `${shown(figure)} ms`),
  'per second': (figure) => `${shown(figure)}/s`,
  bytes: (figure) => `${shown(figure)} bytes`,
  MB: (figure) => `${shown(figure)} MB`,
  'MB/s': (figure) => `${shown(figure)} MB/s`,
};

/** A figure with its unit, as a sentence has it. */
export function amount(unit: Unit, figure: number): string {
  return amounts[unit](figure);
}

/** Where the table is narrow. */
const shortUnits: Partial<Record<Unit, string>> = { 'per second': '/s' };

function rowsOf(comparison: Comparison): Row[] {
  return comparison.forms.map((measured, index) => {
    const { median, low, high } = summarise(measured.figures);
    const ratio = ratioToOurs(comparison, measured);
    return [
      index === 0 ? comparison.what : '',
      measured.form,
      measured.role,
      shown(median),
      `${shown(low)}–${shown(high)}`,
      shortUnits[comparison.unit] ?? comparison.unit,
      ratio === undefined ? '' : `${shown(ratio)}×`,
    ];
  });
}

/** The table of a bench, its plans and notes, as text that fits 100 columns. */
export function describeReport(report: BenchReport): string {
  const parts: string[] = [];
  if (report.comparisons.length > 0) {
    parts.push(
      table(
        ['what', 'form', 'role', 'median', 'min–max', 'unit', 'ours is'],
        report.comparisons.flatMap(rowsOf),
        { right: [3, 4, 6] },
      ),
    );
  }
  for (const { of, text } of report.plans ?? []) parts.push(`Plan, ${of}:\n${text.replaceAll(/^/gm, '  ')}`);
  if (report.notes?.length) parts.push(report.notes.map((line) => `- ${line}`).join('\n'));
  if (report.output) parts.push(report.output.trimEnd());
  return parts.join('\n\n');
}
