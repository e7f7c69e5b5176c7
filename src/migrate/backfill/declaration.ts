import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exitCodes, StoaError } from '../../errors.ts';
import type { Module } from '../../modules.ts';
import { backfillFilesIn } from '../load.ts';
import { splitStatements } from '../split.ts';

/**
 * A backfill as a file `migrations/<module>/<14 digits>_<words>.backfill.sql` declares it: a head of comments
 * "-- key: value", and one statement in which `:range` stands for the condition that chooses the rows of a batch.
 */
export interface Backfill {
  /** `20261124000700_word_count`: the name in the database. */
  readonly name: string;
  readonly version: string;
  readonly slug: string;
  readonly module: string;
  /** From the root of the project. */
  readonly file: string;
  /** `forums.posts`: what it goes through. */
  readonly table: string;
  /** In whose order. */
  readonly key: readonly string[];
  readonly statement: string;
  readonly targetMs: number;
  readonly longestMs: number;
  readonly lagLimitBytes: number;
  /** Of what decides which rows are changed how: the pace may be corrected while it runs. */
  readonly checksum: Buffer;
}

const fileName = /^(\d{14})_([a-z][a-z0-9_]*)\.backfill\.sql$/;
const headLine = /^--\s*(table|key|target|longest|lag):\s*(.*?)\s*$/i;
const qualifiedName = /^[a-z_][a-z0-9_]*\.[a-z_][a-z0-9_]*$/;
const columnName = /^[a-z_][a-z0-9_]*$/;

export const backfillDefaults = { targetMs: 200, longestMs: 1_000, lagLimitBytes: 64 * 1024 * 1024 };

export async function loadBackfills(root: string, modules: readonly Module[]): Promise<readonly Backfill[]> {
  const backfills: Backfill[] = [];
  for (const { name: module } of modules) {
    for (const entry of await backfillFilesIn(join(root, 'migrations', module))) {
      const file = `migrations/${module}/${entry}`;
      backfills.push(await readBackfill(await readFile(join(root, file), 'utf8'), { module, file, entry }));
    }
  }
  return backfills.sort((a, b) => (a.name < b.name ? -1 : 1));
}

interface Place {
  readonly module: string;
  readonly file: string;
  readonly entry: string;
}

export async function readBackfill(text: string, { module, file, entry }: Place): Promise<Backfill> {
  const [, version, slug] = fileName.exec(entry) ?? [];
  if (version === undefined || slug === undefined) {
    throw refusal(file, 'is not named like a backfill.', 'Name it <14 digits>_<words>.backfill.sql.');
  }
  const head = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [, key, value] = headLine.exec(line) ?? [];
    if (key !== undefined && value !== undefined) head.set(key.toLowerCase(), value);
  }
  const table = head.get('table') ?? '';
  if (!qualifiedName.test(table)) {
    throw refusal(file, 'does not say which table it goes through.', 'Write "-- table: schema.table".');
  }
  const key = (head.get('key') ?? '').split(',').map((column) => column.trim());
  if (!key.every((column) => columnName.test(column)) || key.length > 4) {
    throw refusal(
      file,
      'does not say by which key it goes.',
      'Write "-- key: id", or up to four columns of a unique index with commas between them.',
    );
  }
  const targetMs = milliseconds(head.get('target'), file) ?? backfillDefaults.targetMs;
  const longestMs = milliseconds(head.get('longest'), file) ?? backfillDefaults.longestMs;
  if (targetMs > longestMs || longestMs > 60_000) {
    throw refusal(
      file,
      `wants batches of ${targetMs} ms that take at most ${longestMs} ms.`,
      'The target is at most as long as the longest, and that at most 60 s.',
    );
  }
  const statement = await readStatement(text, file);
  return {
    name: `${version}_${slug}`,
    version,
    slug,
    module,
    file,
    table,
    key,
    statement,
    targetMs,
    longestMs,
    lagLimitBytes: megabytes(head.get('lag'), file) ?? backfillDefaults.lagLimitBytes,
    checksum: createHash('sha256')
      .update([table, ...key, statement].join('\0'))
      .digest(),
  };
}

async function readStatement(text: string, file: string): Promise<string> {
  const cure =
    'Write one insert, update, delete or merge with ":range" once in its WHERE; "target" is the table.';
  // The parser does not know :range; a condition of the same length keeps every place where it is.
  const parsed = await splitStatements(text.replaceAll(':range', '(true)'), { path: file, line: 1 });
  const [only, ...others] = parsed;
  if (!only || others.length > 0) throw refusal(file, `has ${parsed.length} statements.`, cure);
  const { node } = only;
  const changesRows =
    'UpdateStmt' in node || 'InsertStmt' in node || 'DeleteStmt' in node || 'MergeStmt' in node;
  if (!changesRows) throw refusal(file, 'changes no rows.', cure);
  const body = withoutLineComments(text).trim().replace(/;\s*$/, '');
  if (body.split(':range').length !== 2) {
    throw refusal(
      file,
      'must name ":range" once: without it each batch would go through the whole table.',
      cure,
    );
  }
  return body;
}

/** Only whole lines: a comment behind code may be part of a string. */
function withoutLineComments(text: string): string {
  return text
    .replaceAll('\r\n', '\n')
    .split('\n')
    .filter((line) => !/^\s*--/.test(line))
    .join('\n');
}

function milliseconds(text: string | undefined, file: string): number | undefined {
  if (text === undefined) return undefined;
  const [, figure, unit] = /^(\d+(?:\.\d+)?)\s*(ms|s)$/.exec(text) ?? [];
  const value = Math.round(Number(figure) * (unit === 's' ? 1_000 : 1));
  if (figure === undefined || value < 1) {
    throw refusal(file, `has a time "${text}".`, 'Write it like "200 ms" or "1.5 s".');
  }
  return value;
}

function megabytes(text: string | undefined, file: string): number | undefined {
  if (text === undefined) return undefined;
  const [, figure, unit] = /^(\d+)\s*(MB|GB)$/.exec(text) ?? [];
  const value = Number(figure) * 1024 * 1024 * (unit === 'GB' ? 1024 : 1);
  if (figure === undefined || value < 1) {
    throw refusal(file, `has a lag "${text}".`, 'Write it like "64 MB".');
  }
  return value;
}

function refusal(file: string, message: string, cure: string): StoaError {
  return new StoaError('backfill.declaration', `${file} ${message}`, { cure, exitCode: exitCodes.input });
}

/** Finds a backfill by its whole name, its number, or its words when only one has them. */
export function findBackfill(backfills: readonly Backfill[], wanted: string): Backfill {
  const plain = wanted.replace(/^.*\//, '').replace(/\.backfill\.sql$/, '');
  const exact = backfills.filter(({ name, version }) => name === plain || version === plain);
  const found = exact.length > 0 ? exact : backfills.filter(({ slug }) => slug === plain);
  const [only, ...others] = found;
  if (only && others.length === 0) return only;
  throw new StoaError(
    'backfill.unknown',
    only
      ? `"${wanted}" means ${found.map(({ name }) => name).join(' or ')}.`
      : `There is no backfill "${wanted}".`,
    { cure: 'See "stoa migrate backfill status" for those that there are.', exitCode: exitCodes.usage },
  );
}
