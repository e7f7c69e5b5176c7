import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { type ParsedRow, readRedditCsv } from '../../src/import/formats/reddit-csv.ts';

const fixture = new URL('./fixtures/lampmakers.csv', import.meta.url).pathname;

async function collect(path: string): Promise<ParsedRow[]> {
  return Array.fromAsync(readRedditCsv(path));
}

async function fileWith(content: string | Buffer): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'stoa-import-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, 'posts.csv');
  await writeFile(path, content);
  return path;
}

test('rejected rows say on which line of the file they begin, multi-line fields and CRLF included', async () => {
  const rejected = (await collect(fixture)).flatMap((row) =>
    'rejected' in row ? [[row.line, row.externalId, row.rejected]] : [],
  );
  expect(rejected).toEqual([
    [17, 't3_c1', 'title is empty'],
    [18, 't3_c2', 'the link is not http or https: "ftp://example.org/lamp.pdf"'],
    [19, 't3_c3', 'created_utc is not a Unix time: "soon.0"'],
    [20, 't3_c4', 'score is not a whole number: "many"'],
    [21, 't3_c5', 'title is longer than 300 characters'],
    [23, 't3_c6', 'is_self is neither True nor False: "Perhaps"'],
    [24, 't3_c7', 'created_utc lies before 1970 or in the future: 4102444800.0'],
    [25, undefined, '5 fields where the header has 21'],
  ]);
});

test('a text post keeps its lines, its quotes and its flair, and entities are undone', async () => {
  const rows = await collect(fixture);
  const posts = new Map(rows.flatMap((row) => ('post' in row ? [[row.post.externalId, row.post]] : [])));
  expect(posts.get('t3_b1')).toMatchObject({
    type: 'text',
    content: 'First line\r\nsecond, with "quotes" and a\ttab\r\n\r\n> quoted \\ backslash',
    linkUrl: undefined,
    flair: 'How-to',
    insertedAt: new Date(1_300_010_800_000),
  });
  expect(posts.get('t3_a1')?.title).toMatch(/wheel & two jars|first one again/);
  expect(posts.get('t3_c8')?.title).toBe('A "stray" quote');
});

test('where up minus down is not the score, the score wins and the source is kept as stated', async () => {
  const rows = await collect(fixture);
  const post = rows.flatMap((row) => ('post' in row && row.post.externalId === 't3_b2' ? [row.post] : []))[0];
  expect(post).toMatchObject({
    upvotes: 50,
    downvotes: 0,
    reported: { score: 50, upvotes: 77, downvotes: 20, comments: 3 },
  });
});

test.each([
  ['an empty file', '', 'import.header'],
  ['a header without the columns', 'title,score\nx,1\n', 'import.header'],
  ['bytes that are no text', Buffer.from([0x50, 0x4b, 3, 4, 0, 0, 0xff, 0xfe]), 'import.header'],
])('%s is refused before anything is read from it', async (_name, content, code) => {
  await expect(collect(await fileWith(content))).rejects.toMatchObject({ code, exitCode: 8 });
});

test('bytes that are not UTF-8 cost their row only', async () => {
  const [header = ''] = (await import('node:fs')).readFileSync(fixture, 'utf8').split('\r\n');
  const row = (name: string, title: string): string =>
    `1300000000.0,1,d,i,${title},1,0,0,http://x/r/L/c,,,False,,,False,,,False,${name},https://x.org/,\r\n`;
  const content = Buffer.concat([
    Buffer.from(`${header}\r\n`),
    Buffer.from(row('t3_x1', 'caf\xe9'), 'latin1'),
    Buffer.from(row('t3_x2', 'a nul \u0000 byte')),
    Buffer.from(row('t3_x3', 'fine')),
  ]);
  expect(await collect(await fileWith(content))).toMatchObject([
    { line: 2, rejected: 'title is not valid UTF-8' },
    { line: 3, rejected: 'title contains a NUL byte' },
    { line: 4, post: { title: 'fine' } },
  ]);
});
