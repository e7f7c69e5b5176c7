import { createReadStream } from 'node:fs';
import { access, readFile } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { exitCodes, StoaError } from '../../errors.ts';
import { uuidv7InOrder } from '../../uuidv7.ts';

/**
 * Reads the log of one IRC channel and one day: a line an event, `[HH:MM] <nick> text`, `* nick does`,
 * `=== nick [host] has joined #channel`, also with seconds and with `-!-` or `***` for `===`. Clocks are taken to be UTC.
 * Links between messages come from an annotation file beside the log (`A B -`: line B answers line A, counted from 0;
 * the form of Kummerfeld et al., "A Large-Scale Corpus for Conversation Disentanglement", ACL 2019).
 */

/** What happened, apart from somebody saying something. */
export type LogEvent = 'action' | 'join' | 'part' | 'quit' | 'nick' | 'kick' | 'mode' | 'topic' | 'network';

export interface LogMessage {
  /** Version 7, ascending in the order of the file: the same line always gets the same id. */
  readonly id: string;
  readonly at: Date;
  /** As the log spells it; undefined where the network or the server speaks. */
  readonly nick: string | undefined;
  readonly event: LogEvent | undefined;
  readonly content: string;
  /** The nearest earlier message that it answers. */
  readonly replyToId: string | undefined;
}

export type ParsedLine =
  | { readonly line: number; readonly message: LogMessage }
  | { readonly line: number; readonly rejected: string; readonly file?: string };

/** What must be known of a log before its lines are read. */
export interface LogSurvey {
  readonly path: string;
  /** Midnight, UTC, of the day that the name of the file states. */
  readonly day: Date;
  /** In lower case, with its first character: `#ubuntu`. Undefined where neither name nor lines tell. */
  readonly channel: string | undefined;
  readonly lines: number;
}

const contentLimit = 8_000;
const nickLimit = 64;
/** A line of IRC has at most 512 bytes, of which many are not text; what is longer than this is no log. */
const lineLimitBytes = 65_536;
/** How many lines may come before the first that tells the time. */
const untimedLimit = 10_000;
const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

export function isAnnotationFile(path: string): boolean {
  return path.endsWith('.annotation.txt');
}

const monthNames = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

const datePatterns: readonly RegExp[] = [
  /(?<!\d)(?<year>\d{4})(?<separator>[-_.]?)(?<month>\d{2})\k<separator>(?<day>\d{2})(?!\d)/,
  /(?<!\d)(?<day>\d{1,2})[-_. ]?(?<name>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*[-_. ]?(?<year>\d{4})(?!\d)/i,
];

const folderPattern = /[/\\](?<year>\d{4})[/\\](?<month>\d{2})[/\\](?<day>\d{2})[/\\][^/\\]*$/;

/**
 * The day of a log by its name: `2004-12-25`, `2004_12_25`, `2004.12.25`, `20041225` or `25Dec2004` anywhere in it, or
 * the folders `2004/12/25/`.
 *
 * @throws StoaError `import.date` when there is none, or it is no day between 1970 and today.
 */
export function dayOf(path: string): Date {
  const name = basename(path);
  const found = datePatterns.map((pattern) => pattern.exec(name)).find((match) => match !== null);
  const groups = (found ?? folderPattern.exec(resolve(path)))?.groups;
  if (!groups) {
    throw new StoaError('import.date', `The name of ${path} does not say of which day it is.`, {
      cure: 'Name it by its day, for example 2004-12-25.txt.',
      exitCode: exitCodes.input,
    });
  }
  const year = Number(groups['year']);
  const month = groups['name']
    ? monthNames.indexOf(groups['name'].toLowerCase())
    : Number(groups['month']) - 1;
  const date = Number(groups['day']);
  const day = new Date(Date.UTC(year, month, date));
  if (day.getUTCMonth() !== month || day.getUTCDate() !== date || year < 1970 || day.getTime() > Date.now()) {
    throw new StoaError('import.date', `The name of ${path} states a day that is none, or lies ahead.`, {
      cure: 'Name it by its day: year, month and day, for example 2004-12-25.txt.',
      exitCode: exitCodes.input,
    });
  }
  return day;
}

const utf8 = new TextDecoder('utf-8', { fatal: true });
/** Where a line is not UTF-8 it is from a client of that time that wrote the Western code page. */
const western = new TextDecoder('windows-1252');

function decode(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    return western.decode(bytes);
  }
}

/** Colours and other formatting of mIRC, which mean nothing outside it. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is removed.
const formatting = /\u0003(?:\d{1,2}(?:,\d{1,2})?)?|[\u0001\u0002\u000f\u0011\u0016\u001d-\u001f]/g;

function withoutFormatting(text: string): string {
  return text.replace(formatting, '');
}

type RawLine =
  | { readonly number: number; readonly text: string }
  | { readonly number: number; readonly tooLong: true };

function unreadable(path: string, error: unknown): never {
  if (!(error instanceof Error && 'syscall' in error)) throw error;
  throw new StoaError('import.unreadable', `${path} cannot be read: ${error.message}`, {
    cure: 'Check the path and the permissions.',
    exitCode: exitCodes.input,
    cause: error,
  });
}

/** The lines of a file in any encoding, counted from 1. A line that never ends costs itself, not the memory. */
async function* rawLines(path: string): AsyncGenerator<RawLine> {
  let pending: Buffer[] = [];
  let pendingBytes = 0;
  let isTooLong = false;
  let number = 0;
  const take = (): RawLine => {
    number += 1;
    const bytes = Buffer.concat(pending);
    const line: RawLine = isTooLong
      ? { number, tooLong: true }
      : { number, text: decode(bytes.at(-1) === 13 ? bytes.subarray(0, -1) : bytes) };
    pending = [];
    pendingBytes = 0;
    isTooLong = false;
    return line;
  };
  const add = (bytes: Buffer): void => {
    pendingBytes += bytes.length;
    if (pendingBytes <= lineLimitBytes) pending.push(bytes);
    else {
      isTooLong = true;
      pending = [];
    }
  };
  try {
    for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
      let start = 0;
      for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, start)) {
        add(chunk.subarray(start, end));
        yield take();
        start = end + 1;
      }
      if (start < chunk.length) add(chunk.subarray(start));
    }
  } catch (error) {
    unreadable(path, error);
  }
  if (pendingBytes > 0) yield take();
}

interface Clock {
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
}

type Understood = {
  readonly clock: Clock | undefined;
  readonly nick: string | undefined;
  readonly event: LogEvent | undefined;
  readonly content: string;
};

const clockPattern = /^\[?(\d{2}):(\d{2})(?::(\d{2}))?\]?(?= |$)/;
const saidPattern = /^<[ @+%&~]?([^\s<>]+)>(?: (.*))?$/s;
const actionPattern = /^\* {1,2}(\S+)(?: (.*))?$/s;
const noticePattern = /^(?:===|-!-|\*\*\*) +(.*)$/s;

const eventPatterns: readonly (readonly [LogEvent, RegExp])[] = [
  ['join', /^(?<nick>\S+) +(?:[[(][^\s]*[\])] +)?has joined(?: +(?<channel>[#&]\S+))?$/],
  ['part', /^(?<nick>\S+) +(?:[[(][^\s]*[\])] +)?has left(?: +(?<channel>[#&]\S+))?(?: +.*)?$/],
  ['quit', /^(?<nick>\S+) +(?:[[(][^\s]*[\])] +)?has quit(?: +.*)?$/],
  ['nick', /^(?<nick>\S+) is now known as \S+$/],
  ['kick', /^(?<nick>\S+) was kicked (?:from|by|off) .*$/],
  ['topic', /^(?<nick>\S+) changed the topic .*$|^Topic.*$/],
  ['mode', /^(?:Server)?[mM]ode\/\S+ .*$|^(?<nick>\S+) sets mode:? .*$/],
  ['network', /^[a-z]+: .*$/],
];

function eventOf(
  text: string,
): { event: LogEvent; groups: Readonly<Record<string, string | undefined>> } | undefined {
  for (const [event, pattern] of eventPatterns) {
    const found = pattern.exec(text);
    if (found) return { event, groups: found.groups ?? {} };
  }
  return undefined;
}

/** What is told of somebody, without their name and without the address they came from. */
function told(text: string, nick: string | undefined): string {
  if (nick === undefined) return text;
  return text
    .slice(nick.length)
    .replace(/^ +[[(]\S*[@!]\S*[\])] +/, '')
    .trim();
}

class Rejection extends Error {}

function understand(line: string): Understood {
  if (line.includes('\u0000')) throw new Rejection('it contains a NUL byte');
  const text = withoutFormatting(line);
  const time = clockPattern.exec(text);
  const clock = time
    ? { hour: Number(time[1]), minute: Number(time[2]), second: Number(time[3] ?? '0') }
    : undefined;
  if (clock && (clock.hour > 23 || clock.minute > 59 || clock.second > 59)) {
    throw new Rejection(`"${time?.[0]}" is no time of a day`);
  }
  const rest = text.slice(time?.[0].length ?? 0).trim();
  const understood = ((): Understood => {
    const said = saidPattern.exec(rest);
    if (said && clock) return { clock, nick: said[1], event: undefined, content: (said[2] ?? '').trim() };
    const notice = noticePattern.exec(rest)?.[1]?.trim();
    if (notice !== undefined && notice !== '') {
      const happened = eventOf(notice);
      if (happened) {
        const { nick } = happened.groups;
        return { clock, nick, event: happened.event, content: told(notice, nick) };
      }
      const [nick = ''] = notice.split(' ', 1);
      return { clock, nick, event: 'action', content: notice.slice(nick.length).trim() };
    }
    const action = actionPattern.exec(rest);
    if (action) return { clock, nick: action[1], event: 'action', content: (action[2] ?? '').trim() };
    throw new Rejection('it is neither a message nor an event');
  })();
  if (understood.nick !== undefined && [...understood.nick].length > nickLimit) {
    throw new Rejection(`the name is longer than ${nickLimit} characters`);
  }
  if ([...understood.content].length > contentLimit) {
    throw new Rejection(`the text is longer than ${contentLimit.toLocaleString('en')} characters`);
  }
  return understood;
}

/** Looks through a log once: of which day it is, of which channel, and how long. */
export async function surveyIrcLog(path: string): Promise<LogSurvey> {
  const day = dayOf(path);
  let channel = /(?:#|%23)+([^\s#%/\\]+?)(?:[-_.]?\d{4}[-_.]?\d{2}[-_.]?\d{2})?(?:\.[a-z]+)*$/i.exec(
    basename(path),
  )?.[1];
  if (channel !== undefined) channel = `#${channel}`;
  let lines = 0;
  for await (const line of rawLines(path)) {
    lines += 1;
    if (channel !== undefined || 'tooLong' in line) continue;
    const notice = noticePattern
      .exec(withoutFormatting(line.text).replace(clockPattern, '').trim())?.[1]
      ?.trim();
    channel = notice === undefined ? undefined : eventOf(notice)?.groups['channel'];
  }
  return { path, day, channel: channel?.toLowerCase(), lines };
}

/**
 * Moments of a day from a clock that shows hours and minutes. They never step back: a clock that falls by up to an hour
 * has lines in disorder, and these keep their place in the file. One that falls further has passed noon, if it never
 * showed more than twelve hours, or else midnight.
 */
class DayClock {
  #offset: number;
  #latest: number;
  #showsTwelveHours = true;

  constructor(day: Date) {
    this.#offset = day.getTime();
    this.#latest = this.#offset;
  }

  /** The moment of a line; without a clock of its own that of the line before. */
  at(clock: Clock | undefined): Date {
    if (clock) {
      if (clock.hour > 12) this.#showsTwelveHours = false;
      const shown = clock.hour * hourMs + clock.minute * minuteMs + clock.second * 1_000;
      if (this.#offset + shown < this.#latest - hourMs) {
        this.#offset += this.#showsTwelveHours ? 12 * hourMs : 24 * hourMs;
      }
      this.#latest = Math.max(this.#latest, this.#offset + shown);
    }
    return new Date(this.#latest);
  }
}

/** Which line answers which, from the file beside a log; both counted from 0, as there. */
interface Links {
  /** Of a line that answers: the earlier lines, the nearest first. */
  readonly answers: ReadonlyMap<number, readonly number[]>;
  readonly answered: ReadonlySet<number>;
  readonly rejected: readonly { readonly line: number; readonly reason: string }[];
}

function annotationFileOf(path: string): string {
  return path.replace(/(?:\.ascii)?\.[A-Za-z]+$/, '.annotation.txt');
}

async function readLinks(path: string, lines: number): Promise<Links> {
  const answers = new Map<number, number[]>();
  const answered = new Set<number>();
  const rejected: { line: number; reason: string }[] = [];
  const text = await readFile(path, 'latin1').catch((error: unknown) => unreadable(path, error));
  for (const [index, row] of text.split('\n').entries()) {
    if (row.trim() === '') continue;
    const numbers = /^(\d{1,9}) (\d{1,9}) -\s*$/.exec(row);
    if (!numbers) {
      rejected.push({
        line: index + 1,
        reason: `it is no link between two lines: "${row.slice(0, 40).trim()}"`,
      });
      continue;
    }
    const [earlier, later] = [Number(numbers[1]), Number(numbers[2])];
    if (earlier === later) continue;
    if (Math.max(earlier, later) >= lines) {
      rejected.push({ line: index + 1, reason: `the log has no line ${Math.max(earlier, later)}` });
    } else if (earlier > later) {
      rejected.push({
        line: index + 1,
        reason: `line ${later} cannot answer line ${earlier}, which comes after it`,
      });
    } else {
      answers.set(later, [...(answers.get(later) ?? []), earlier]);
      answered.add(earlier);
    }
  }
  for (const lineNumbers of answers.values()) lineNumbers.sort((left, right) => right - left);
  return { answers, answered, rejected };
}

/**
 * The lines of one log in its order, then what its annotation file holds that cannot be used. Blank lines are counted
 * and passed over.
 *
 * @throws StoaError `import.unreadable`; `import.not_a_log` when there are lines and none is of a log.
 */
export async function* readIrcLog(survey: LogSurvey): AsyncGenerator<ParsedLine> {
  const { path, day } = survey;
  const annotationFile = annotationFileOf(path);
  const hasAnnotations =
    annotationFile !== path &&
    (await access(annotationFile).then(
      () => true,
      () => false,
    ));
  const links = hasAnnotations ? await readLinks(annotationFile, survey.lines) : undefined;
  const clock = new DayClock(day);
  const answeredIds = new Map<number, string>();
  const name = basename(path);
  const seen = { accepted: 0, rejected: 0 };
  let latest = 0;
  let place = 0;

  const toMessage = (line: number, understood: Understood): ParsedLine => {
    const at = clock.at(understood.clock);
    place = at.getTime() === latest ? place + 1 : 0;
    latest = at.getTime();
    const id = uuidv7InOrder(at, place, `irc:${name}:${line}`);
    if (links?.answered.has(line - 1)) answeredIds.set(line - 1, id);
    const replyToId = links?.answers
      .get(line - 1)
      ?.map((earlier) => answeredIds.get(earlier))
      .find((earlier) => earlier !== undefined);
    const { nick, event, content } = understood;
    return { line, message: { id, at, nick, event, content, replyToId } };
  };

  // What comes before the first line with a clock takes its time, so it waits for it.
  let untimed: (ParsedLine | { readonly line: number; readonly understood: Understood })[] | undefined = [];
  const release = function* (): Generator<ParsedLine> {
    const waiting = untimed ?? [];
    untimed = undefined;
    for (const entry of waiting)
      yield 'understood' in entry ? toMessage(entry.line, entry.understood) : entry;
  };

  for await (const raw of rawLines(path)) {
    const line = raw.number;
    if ('text' in raw && raw.text.trim() === '') continue;
    try {
      if ('tooLong' in raw)
        throw new Rejection(`it is longer than ${lineLimitBytes.toLocaleString('en')} bytes`);
      const understood = understand(line === 1 ? raw.text.replace(/^\uFEFF/, '') : raw.text);
      seen.accepted += 1;
      if (untimed && understood.clock) {
        clock.at(understood.clock);
        yield* release();
      }
      if (untimed) untimed.push({ line, understood });
      else yield toMessage(line, understood);
    } catch (error) {
      if (!(error instanceof Rejection)) throw error;
      seen.rejected += 1;
      if (untimed) untimed.push({ line, rejected: error.message });
      else yield { line, rejected: error.message };
    }
    if (untimed && untimed.length >= untimedLimit) yield* release();
  }
  if (seen.accepted === 0 && seen.rejected > 0) {
    throw new StoaError('import.not_a_log', `${path} holds no line of an IRC log.`, {
      cure: 'Give logs whose lines look like "[09:14] <nick> text".',
      exitCode: exitCodes.input,
    });
  }
  yield* release();
  for (const { line, reason } of links?.rejected ?? [])
    yield { line, rejected: reason, file: annotationFile };
}
