import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { dayOf, type ParsedLine, readIrcLog, surveyIrcLog } from '../../src/import/formats/irc-log.ts';

const folder = new URL('./fixtures/lanterns/', import.meta.url).pathname;

async function collect(path: string): Promise<ParsedLine[]> {
  return Array.fromAsync(readIrcLog(await surveyIrcLog(path)));
}

function messagesOf(lines: readonly ParsedLine[]) {
  return lines.flatMap((entry) => ('message' in entry ? [{ line: entry.line, ...entry.message }] : []));
}

async function logOf(content: string | Buffer, name = '2005-01-01.txt'): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), 'stoa-import-'));
  onTestFinished(() => rm(home, { recursive: true }));
  const path = join(home, name);
  await mkdir(join(path, '..'), { recursive: true });
  await writeFile(path, content);
  return path;
}

const said = (...clocks: readonly string[]): string =>
  clocks.map((clock) => `[${clock}] <Wick> words\n`).join('');

async function momentsOf(content: string): Promise<string[]> {
  return messagesOf(await collect(await logOf(content))).map(({ at }) => at.toISOString().slice(5, 19));
}

test('messages, actions and events are told apart; of who came and went the address is left out', async () => {
  const lines = messagesOf(await collect(`${folder}2004-12-30.ascii.txt`));
  expect(lines.map(({ line, nick, event, content }) => [line, nick, event, content])).toEqual([
    [1, 'Wick', 'join', 'has joined #lanterns'],
    [2, 'Wick', undefined, 'has anyone a spare chimney glass?'],
    [3, 'Flint|away', undefined, 'Wick: which size?'],
    [4, 'Flint|away', 'nick', 'is now known as Flint'],
    [5, 'Wick', undefined, 'the tall one'],
    [6, 'Wick', 'action', 'looks at the broken pieces'],
    [8, 'Flint', undefined, 'I have one'],
    [9, 'Tinder', undefined, 'good evening'],
    [10, 'wick', undefined, 'Flint: splendid, past midnight and solved'],
    [12, 'Flint', undefined, ''],
    [14, undefined, 'mode', 'mode/#lanterns [+o Flint]  by LampServ'],
    [15, 'Tinder', 'action', 'yawns'],
    [16, 'Tinder', 'part', 'has left #lanterns ["Good night"]'],
  ]);
});

test('identifiers ascend in the order of the file, are of the moment of the line, and stay the same', async () => {
  const lines = messagesOf(await collect(`${folder}2004-12-30.ascii.txt`));
  const ids = lines.map(({ id }) => id);
  expect(ids.toSorted()).toEqual(ids);
  expect(new Set(ids).size).toBe(ids.length);
  for (const { id, at } of lines) {
    expect(Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16)).toBe(at.getTime());
  }
  expect(messagesOf(await collect(`${folder}2004-12-30.ascii.txt`)).map(({ id }) => id)).toEqual(ids);
});

test('more lines of one minute than a millisecond has places still ascend', async () => {
  const ids = messagesOf(
    await collect(await logOf(said(...Array<string>(4_200).fill('10:00'), '10:01'))),
  ).map(({ id }) => id);
  expect(ids).toHaveLength(4_201);
  expect(ids.toSorted()).toEqual(ids);
});

test.each([
  ['a 24-hour clock past midnight', ['23:58', '00:01'], ['01-01T23:58:00', '01-02T00:01:00']],
  ['a 12-hour clock past noon, with 12', ['12:57', '01:03'], ['01-01T12:57:00', '01-01T13:03:00']],
  ['a 12-hour clock past noon, with 0', ['11:55', '00:05'], ['01-01T11:55:00', '01-01T12:05:00']],
  ['lines in disorder', ['10:05', '10:03', '10:06'], ['01-01T10:05:00', '01-01T10:05:00', '01-01T10:06:00']],
  ['a clock with seconds', ['10:05:09', '10:05:59'], ['01-01T10:05:09', '01-01T10:05:59']],
])('%s', async (_name, clocks, moments) => {
  expect(await momentsOf(said(...clocks))).toEqual(moments);
});

test('what stands before the first line with a clock happened then, at the latest', async () => {
  expect(await momentsOf('=== Wick [~w@h]  has joined #lanterns\n[10:05] <Wick> hello\n')).toEqual([
    '01-01T10:05:00',
    '01-01T10:05:00',
  ]);
});

test('a line answers the nearest earlier line that was taken', async () => {
  const lines = messagesOf(await collect(`${folder}2004-12-30.ascii.txt`));
  const lineOf = new Map(lines.map(({ id, line }) => [id, line]));
  const links = lines.flatMap(({ line, replyToId }) =>
    replyToId === undefined ? [] : [[line, lineOf.get(replyToId)]],
  );
  // Line 8 answers lines 7, which was not taken, and 2.
  expect(links).toEqual([
    [3, 2],
    [5, 3],
    [8, 2],
    [10, 8],
    [12, 10],
  ]);
});

test('what cannot be used is told with line and reason, also of the annotation file', async () => {
  const rejected = (await collect(`${folder}2004-12-30.ascii.txt`)).flatMap((entry) =>
    'rejected' in entry ? [[entry.file?.split('/').at(-1), entry.line, entry.rejected]] : [],
  );
  expect(rejected).toEqual([
    [undefined, 7, 'it is neither a message nor an event'],
    [undefined, 13, '"[25:61]" is no time of a day'],
    ['2004-12-30.annotation.txt', 9, 'line 5 cannot answer line 9, which comes after it'],
    ['2004-12-30.annotation.txt', 10, 'the log has no line 99'],
    ['2004-12-30.annotation.txt', 11, 'it is no link between two lines: "seven eight"'],
  ]);
});

test('a line is UTF-8 or else of the Western code page; formatting goes; a NUL byte costs its line', async () => {
  const lines = await collect(`${folder}#lanterns_20041229.txt`);
  expect(messagesOf(lines).map(({ content }) => content)).toEqual([
    'café with lamps',
    'red bold ☕',
    'noon has passed',
  ]);
  expect(lines.at(-1)).toEqual({ line: 4, rejected: 'it contains a NUL byte' });
});

test('a line without end costs itself, not the rest', async () => {
  const lines = await collect(await logOf(`[10:00] <Wick> ${'x'.repeat(200_000)}\n[10:01] <Wick> short\n`));
  expect(lines).toMatchObject([
    { line: 1, rejected: 'it is longer than 65,536 bytes' },
    { line: 2, message: { content: 'short' } },
  ]);
});

test('a text longer than a message may be is not cut', async () => {
  const lines = await collect(await logOf(`[10:00] <Wick> ${'x'.repeat(8_001)}\n[10:01] <Wick> short\n`));
  expect(lines[0]).toEqual({ line: 1, rejected: 'the text is longer than 8,000 characters' });
});

test.each([
  '2004-12-25.train-c.ascii.txt',
  '2004_12_25.log',
  '#ubuntu.2004.12.25.log',
  'ubuntu-20041225.txt',
  'ubuntu 25 December 2004.txt',
  '25Dec2004.txt',
  '/logs/2004/12/25/#ubuntu.txt',
])('the day of %s', (path) => {
  expect(dayOf(path)).toEqual(new Date('2004-12-25T00:00:00Z'));
});

test.each(['ubuntu.txt', '2004-13-25.txt', '2004-02-30.txt', '2999-01-01.txt', '1969-12-31.txt'])(
  '%s is of no day',
  (path) => {
    expect(() => dayOf(path)).toThrow(expect.objectContaining({ code: 'import.date', exitCode: 8 }));
  },
);

test.each([
  ['#lanterns_20041229.log', said('10:00'), '#lanterns'],
  ['%23lanterns-2004-12-29.txt', said('10:00'), '#lanterns'],
  ['2004-12-29.txt', '=== Wick [~w@h]  has joined #Lanterns\n', '#lanterns'],
  ['2004-12-29.txt', '10:00 -!- Wick [~w@h] has joined #lanterns\n', '#lanterns'],
  ['2004-12-29.txt', said('10:00'), undefined],
])('the channel by name or lines: %s', async (name, content, channel) => {
  expect(await surveyIrcLog(await logOf(content, name))).toMatchObject({ channel });
});

test('what holds no line of a log is refused; an empty file is a quiet day', async () => {
  await expect(collect(await logOf('PK\u0003\u0004\nnothing of the kind\n'))).rejects.toMatchObject({
    code: 'import.not_a_log',
    exitCode: 8,
  });
  expect(await collect(await logOf(''))).toEqual([]);
});
