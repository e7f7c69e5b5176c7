import { type Row, table } from '../../src/cli/output.ts';
import { type Ratio, ratioToOurs } from './ratio.ts';
import { type Summary, summarise } from './statistics.ts';

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

/** `19.1–22.3` */
export function spread({ low, high }: Summary): string {
  return `${shown(low)}–${shown(high)}`;
}

/** `0.85×`, or `≈0.85×` where it is not that of each round. */
export function times(ratio: Ratio | undefined): string {
  return ratio === undefined ? '' : `${ratio.isPaired ? '' : '≈'}${shown(ratio.median)}×`;
}

/** What is compared has a line of its own: beside the forms there would be no room for the spread of a ratio. */
function rowsOf(comparison: Comparison): Row[] {
  return [
    [comparison.what],
    ...comparison.forms.map((measured): Row => {
      const summary = summarise(measured.figures);
      const ratio = ratioToOurs(comparison, measured);
      return [
        `  ${measured.form}`,
        measured.role,
        shown(summary.median),
        spread(summary),
        shortUnits[comparison.unit] ?? comparison.unit,
        times(ratio),
        ratio?.isPaired ? spread(ratio) : '',
      ];
    }),
  ];
}

/** The table of a bench, its plans and notes, as text that fits 100 columns. */
export function describeReport(report: BenchReport): string {
  const parts: string[] = [];
  if (report.comparisons.length > 0) {
    const rows = report.comparisons.flatMap(rowsOf);
    parts.push(
      table(['form', 'role', 'median', 'min–max', 'unit', 'ours is', 'min–max'], rows, {
        right: [2, 3, 5, 6],
      }),
    );
    if (rows.some((row) => String(row[5] ?? '').startsWith('≈'))) {
      parts.push(
        '≈: not measured in the same rounds. The ratio of the two medians, without a spread of its own.',
      );
    }
  }
  for (const { of, text } of report.plans ?? []) parts.push(`Plan, ${of}:\n${text.replaceAll(/^/gm, '  ')}`);
  if (report.notes?.length) parts.push(report.notes.map((line) => `- ${line}`).join('\n'));
  if (report.output) parts.push(report.output.trimEnd());
  return parts.join('\n\n');
}
