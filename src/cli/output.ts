import { styleText } from 'node:util';
import { StoaError } from '../errors.ts';

/** What commands print. Facts go to standard output, everything about the run itself to standard error. */

const maximumWidth = 100;

type Format = Parameters<typeof styleText>[0];

/** Coloured on a terminal only (NO_COLOR and FORCE_COLOR are obeyed). */
export function styled(format: Format, text: string, stream: NodeJS.WriteStream = process.stdout): string {
  return styleText(format, text, { stream });
}

export function print(line = ''): void {
  process.stdout.write(`${line}\n`);
}

export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, undefined, 2)}\n`);
}

/** Something that a person should know while a command runs. */
export function note(line: string): void {
  process.stderr.write(`${line}\n`);
}

export function warn(line: string): void {
  note(styled('yellow', `! ${line}`, process.stderr));
}

export type Row = readonly (string | number | bigint | boolean | null | undefined)[];

export interface TableOptions {
  /** Column numbers, from 0, that are aligned to the right. */
  readonly right?: readonly number[];
}

function cell(value: Row[number]): string {
  return value === null || value === undefined ? '' : String(value).replaceAll(/\s*\n\s*/g, ' ');
}

function shorten(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;
}

/** The widest columns give way until the line fits. */
function fitWidths(widths: readonly number[], available: number): number[] {
  const fitted = [...widths];
  const gap = 2 * (fitted.length - 1);
  let excess = fitted.reduce((sum, width) => sum + width, gap) - available;
  while (excess > 0) {
    const widest = fitted.indexOf(Math.max(...fitted));
    const width = fitted[widest] ?? 0;
    if (width <= 8) break;
    fitted[widest] = width - 1;
    excess -= 1;
  }
  return fitted;
}

/** A table that fits 100 columns, or the terminal where that is narrower. */
export function table(header: readonly string[], rows: readonly Row[], options: TableOptions = {}): string {
  const texts = rows.map((row) => row.map(cell));
  const natural = header.map((title, column) =>
    Math.max(title.length, ...texts.map((row) => (row[column] ?? '').length)),
  );
  const terminal = process.stdout.isTTY ? process.stdout.columns : maximumWidth;
  const widths = fitWidths(natural, Math.min(maximumWidth, terminal || maximumWidth));
  const line = (row: readonly string[]): string =>
    widths
      .map((width, column) => {
        const text = shorten(row[column] ?? '', width);
        return options.right?.includes(column) ? text.padStart(width) : text.padEnd(width);
      })
      .join('  ')
      .trimEnd();
  return [
    styled('bold', line(header)),
    styled('dim', widths.map((width) => '─'.repeat(width)).join('  ')),
    ...texts.map(line),
  ].join('\n');
}

/** `850 ms`, `3.2 s`, `4 min 05 s`, `2 h 03 min`. */
export function duration(milliseconds: number): string {
  if (milliseconds < 1_000) return `${Math.round(milliseconds)} ms`;
  const seconds = milliseconds / 1_000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${String(Math.floor(seconds % 60)).padStart(2, '0')} s`;
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`;
}

export interface Progress {
  /** `done` so far; the rate and the estimate are worked out from it. */
  update(done: number, detail?: string): void;
  end(): void;
}

/**
 * Progress with a rate and an estimate, from two seconds on: one line that changes on a terminal, a line every ten
 * seconds elsewhere.
 */
export function progress(label: string, unit: string, total?: number): Progress {
  const { stderr } = process;
  const quietMs = 2_000;
  const start = Date.now();
  let printedAt = start;
  let isLineOpen = false;
  return {
    update(done, detail = '') {
      const now = Date.now();
      if (now - start < quietMs || now - printedAt < (stderr.isTTY ? 100 : 10_000)) return;
      printedAt = now;
      const rate = done / ((now - start) / 1_000);
      const of = total === undefined ? '' : ` of ${total.toLocaleString('en')}`;
      const left =
        total === undefined || rate === 0 ? '' : `, ${duration(((total - done) / rate) * 1_000)} left`;
      const line = `${label}: ${done.toLocaleString('en')}${of} ${unit}, ${Math.round(rate).toLocaleString('en')}/s${left}${detail && ` ${detail}`}`;
      if (stderr.isTTY) {
        stderr.write(`\r\u001b[2K${shorten(line, stderr.columns)}`);
        isLineOpen = true;
      } else {
        stderr.write(`${line}\n`);
      }
    },
    end() {
      if (isLineOpen) stderr.write('\r\u001b[2K');
      isLineOpen = false;
    },
  };
}

/** A failure as a person should see it; a defect comes with its stack. */
export function printError(error: unknown, options: { readonly asJson: boolean }): void {
  if (!(error instanceof StoaError)) {
    const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
    note(`${styled('red', 'Unexpected failure.', process.stderr)} This is a defect of Stoa.\n${stack}`);
    return;
  }
  if (options.asJson) {
    note(JSON.stringify({ error: { code: error.code, message: error.message, cure: error.cure ?? null } }));
    return;
  }
  note(`${styled('red', '✗', process.stderr)} ${error.message}`);
  if (error.cure !== undefined) note(`  ${error.cure}`);
}

/** `812 B`, `3.4 kB`, `12.0 MB`, `1.2 GB`. */
export function byteSize(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

/** A sentence in lines that fit, those after the first set in by two. */
export function wrapped(text: string): string {
  const lines: string[] = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1) ?? '';
    if (line === '') lines[lines.length - 1] = word;
    else if (line.length + 1 + word.length <= maximumWidth) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(`  ${word}`);
  }
  return lines.join('\n');
}
