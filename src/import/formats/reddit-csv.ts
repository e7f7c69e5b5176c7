import { createReadStream } from 'node:fs';
import { CsvError, parse } from 'csv-parse';
import { exitCodes, StoaError } from '../../errors.ts';
import { uuidv7At } from '../../uuidv7.ts';

/**
 * Reads the CSV export of a subreddit: one post a row, with at least the columns of `requiredColumns`.
 * Times are Unix seconds in UTC; texts carry the three HTML entities that Reddit's API escapes (&amp; &lt; &gt;),
 * which are undone here.
 */
const requiredColumns = [
  'created_utc',
  'score',
  'ups',
  'downs',
  'num_comments',
  'title',
  'selftext',
  'url',
  'is_self',
  'over_18',
  'link_flair_text',
  'name',
  'permalink',
] as const;

type Column = (typeof requiredColumns)[number];

/** A post as it will be stored. */
export interface ImportedPost {
  /** Version 7, made from `insertedAt` and `externalId`: the same row always gets the same id. */
  readonly id: string;
  readonly externalId: string;
  readonly insertedAt: Date;
  readonly editedAt: Date | undefined;
  readonly type: 'text' | 'link';
  readonly title: string;
  readonly content: string;
  readonly linkUrl: string | undefined;
  readonly flair: string | undefined;
  /** What the counters of the post will carry; their difference is its score. */
  readonly upvotes: number;
  readonly downvotes: number;
  /** What the source states, kept as the recorded origin. */
  readonly reported: {
    readonly score: number;
    readonly upvotes: number;
    readonly downvotes: number;
    readonly comments: number;
  };
  readonly isAdult: boolean;
  /** The forum that the row says it comes from, as the file spells it. */
  readonly forumName: string | undefined;
}

export type ParsedRow =
  | { readonly line: number; readonly post: ImportedPost }
  | { readonly line: number; readonly rejected: string; readonly externalId: string | undefined };

const titleLimit = 300;
const contentLimit = 40_000;
const flairLimit = 64;
const counterLimit = 2_147_483_647;

const entities: Readonly<Record<string, string>> = { '&amp;': '&', '&lt;': '<', '&gt;': '>' };

function decodeEntities(text: string): string {
  return text.replace(/&(?:amp|lt|gt);/g, (entity) => entities[entity] ?? entity);
}

class Rejection extends Error {}

function reject(reason: string): never {
  throw new Rejection(reason);
}

function integer(row: Readonly<Record<Column, string>>, column: Column, least: number): number {
  const text = row[column].trim();
  if (!/^-?\d+(\.0+)?$/.test(text)) reject(`${column} is not a whole number: "${text.slice(0, 40)}"`);
  const value = Number(text);
  if (value < least || value > counterLimit) reject(`${column} is out of range: ${text}`);
  return value;
}

function unixTime(text: string, column: string): Date {
  const seconds = Number(text);
  if (text.trim() === '' || !Number.isFinite(seconds))
    reject(`${column} is not a Unix time: "${text.slice(0, 40)}"`);
  // A version 7 id has 48 bits of milliseconds since 1970; a post from the future would stand above every new one.
  if (seconds < 0 || seconds * 1000 > Date.now())
    reject(`${column} lies before 1970 or in the future: ${text}`);
  return new Date(Math.round(seconds * 1000));
}

function boolean(text: string, column: string): boolean {
  if (text === 'True') return true;
  if (text === 'False' || text === '') return false;
  return reject(`${column} is neither True nor False: "${text.slice(0, 40)}"`);
}

function webLink(text: string): string {
  const url = decodeEntities(text.trim()).replace(/^https?:/i, (scheme) => scheme.toLowerCase());
  if (!/^https?:\/\//.test(url)) reject(`the link is not http or https: "${url.slice(0, 60)}"`);
  return url;
}

function withoutControls(text: string, column: string): string {
  if (text.includes('\u0000')) reject(`${column} contains a NUL byte`);
  if (text.includes('\uFFFD')) reject(`${column} is not valid UTF-8`);
  return text;
}

function toPost(row: Readonly<Record<Column, string>>): ImportedPost {
  const externalId = row.name.trim();
  if (!/^t3_[0-9a-z]+$/.test(externalId))
    reject(`name is not the id of a post: "${externalId.slice(0, 40)}"`);

  const title = withoutControls(decodeEntities(row.title).trim(), 'title');
  if (title === '') reject('title is empty');
  if ([...title].length > titleLimit) reject(`title is longer than ${titleLimit} characters`);

  const content = withoutControls(decodeEntities(row.selftext), 'selftext');
  if ([...content].length > contentLimit) reject(`selftext is longer than ${contentLimit} characters`);

  const flair = withoutControls(decodeEntities(row.link_flair_text).trim(), 'link_flair_text');
  if ([...flair].length > flairLimit) reject(`link_flair_text is longer than ${flairLimit} characters`);

  const insertedAt = unixTime(row.created_utc, 'created_utc');
  const score = integer(row, 'score', -counterLimit);
  const ups = integer(row, 'ups', 0);
  const downs = integer(row, 'downs', 0);
  // The published score is what the community saw; where up minus down disagrees with it, the votes give way.
  const agrees = ups - downs === score;
  const upvotes = agrees ? ups : Math.max(score, 0);
  const downvotes = agrees ? downs : Math.max(-score, 0);

  const isText = boolean(row.is_self, 'is_self');
  return {
    id: uuidv7At(insertedAt, `reddit:${externalId}`),
    externalId,
    insertedAt,
    editedAt: undefined,
    type: isText ? 'text' : 'link',
    title,
    content,
    linkUrl: isText ? undefined : webLink(row.url),
    flair: flair === '' ? undefined : flair,
    upvotes,
    downvotes,
    reported: { score, upvotes: ups, downvotes: downs, comments: integer(row, 'num_comments', 0) },
    isAdult: boolean(row.over_18, 'over_18'),
    forumName: /\/r\/([A-Za-z0-9_]+)\//.exec(row.permalink)?.[1],
  };
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error;
}

/**
 * The rows of one file, in its order; the line is that on which the row begins, counted from 1.
 *
 * @throws StoaError `import.unreadable` when the file cannot be opened, `import.header` when columns are missing.
 */
export async function* readRedditCsv(path: string): AsyncGenerator<ParsedRow> {
  const input = createReadStream(path);
  const parser = parse({
    bom: true,
    relax_column_count: true,
    // A stray quote then costs its own row, by the count of fields, instead of the rest of the file.
    relax_quotes: true,
    // Its own count of lines goes wrong where a quoted field holds CRLF (csv-parse 6.2), so they are counted here.
    raw: true,
  });
  input.on('error', (error) => parser.destroy(error));
  input.pipe(parser);

  let header: string[] | undefined;
  let linesBefore = 0;
  try {
    for await (const entry of parser as AsyncIterable<{ record: string[]; raw: string }>) {
      const line = linesBefore + 1;
      linesBefore += entry.raw.replace(/\r?\n?$/, '').split('\n').length;
      if (entry.record.length === 1 && entry.record[0] === '') continue;
      if (!header) {
        header = entry.record;
        const missing = requiredColumns.filter((column) => !entry.record.includes(column));
        if (missing.length > 0) {
          throw new StoaError('import.header', `${path} lacks the columns ${missing.join(', ')}.`, {
            cure: 'Give a CSV file whose first line names the columns of a subreddit export.',
            exitCode: exitCodes.input,
          });
        }
        continue;
      }
      yield toRow(header, entry.record, line);
    }
  } catch (error) {
    if (!(error instanceof CsvError || isSystemError(error))) throw error;
    throw new StoaError('import.unreadable', `${path} cannot be read: ${error.message}`, {
      cure: 'Check the path, the permissions, and that the file is CSV in UTF-8 with double quotes.',
      exitCode: exitCodes.input,
      cause: error,
    });
  }
  if (!header) {
    throw new StoaError('import.header', `${path} is empty.`, {
      cure: 'Give a CSV file whose first line names the columns.',
      exitCode: exitCodes.input,
    });
  }
}

function toRow(header: readonly string[], record: readonly string[], line: number): ParsedRow {
  const fields = Object.fromEntries(header.map((column, index) => [column, record[index] ?? '']));
  const externalId = fields['name'] === undefined || fields['name'] === '' ? undefined : fields['name'];
  if (record.length !== header.length) {
    return { line, rejected: `${record.length} fields where the header has ${header.length}`, externalId };
  }
  try {
    return { line, post: toPost(fields as Record<Column, string>) };
  } catch (error) {
    if (error instanceof Rejection) return { line, rejected: error.message, externalId };
    throw error;
  }
}
