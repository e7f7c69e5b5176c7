import { createHash } from 'node:crypto';

/** What a client announces (BEP 3), checked. */
export interface Announce {
  /** SHA-256 in hex. */
  readonly passkeyHash: string;
  /** In hex. */
  readonly infoHash: string;
  readonly peerId: string;
  /** Of the connection. */
  readonly address: string;
  readonly port: number;
  /** Bytes; decimal, for they may be larger than a double holds. */
  readonly uploaded: string;
  readonly downloaded: string;
  readonly left: string;
  readonly event: string;
  readonly numwant: number | undefined;
  readonly userAgent: string | undefined;
  /** Peers as bytes (BEP 23) and not as a list of dictionaries. */
  readonly isCompact: boolean;
}

/** The request is none that can be answered; the message is for the person in front of the client. */
export class BadRequest extends Error {
  override readonly name = 'BadRequest';
}

export interface Address {
  readonly kind: 'announce' | 'scrape';
  /** SHA-256 in hex; undefined: the address has none. */
  readonly passkeyHash: string | undefined;
}

const forms = [
  /^\/(?<kind>announce|scrape)(?:\/(?<key>[\w-]{1,128}))?\/?$/,
  // What comes after the last slash tells a client how to scrape (BEP 48), so this is the form in .torrent files.
  /^\/(?<key>[\w-]{1,128})\/(?<kind>announce|scrape)$/,
];

/** Undefined: it is no address of a tracker. */
export function addressOf(path: string): Address | undefined {
  for (const form of forms) {
    const { kind, key } = form.exec(path)?.groups ?? {};
    if (kind !== 'announce' && kind !== 'scrape') continue;
    return { kind, passkeyHash: key && createHash('sha256').update(key).digest('hex') };
  }
  return undefined;
}

/** Bytes, one character each: what clients escape is no UTF-8. */
function unescaped(text: string): string {
  return text
    .replaceAll('+', ' ')
    .replace(/%([0-9a-fA-F]{2})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));
}

/** Every parameter with its values. */
export function parametersOf(url: string): ReadonlyMap<string, readonly string[]> {
  const query = url.indexOf('?');
  const parameters = new Map<string, string[]>();
  if (query === -1) return parameters;
  for (const part of url.slice(query + 1).split('&')) {
    const equals = part.indexOf('=');
    if (equals === -1) continue;
    const name = unescaped(part.slice(0, equals));
    const value = unescaped(part.slice(equals + 1));
    const known = parameters.get(name);
    if (known) known.push(value);
    else parameters.set(name, [value]);
  }
  return parameters;
}

type Parameters = ReturnType<typeof parametersOf>;

function twentyBytes(name: string, value: string | undefined): string {
  if (value?.length !== 20) throw new BadRequest(`${name} must be 20 bytes.`);
  return Buffer.from(value, 'latin1').toString('hex');
}

function amount(parameters: Parameters, name: string): string {
  const value = parameters.get(name)?.[0] ?? '';
  // 18 digits: an exabyte is more than anybody has moved, and what PostgreSQL adds up stays within its range.
  if (!/^\d{1,18}$/.test(value)) throw new BadRequest(`${name} must be a number of bytes.`);
  return value;
}

const events: ReadonlyMap<string, string> = new Map([
  ['', ''],
  ['empty', ''],
  ['started', 'started'],
  ['completed', 'completed'],
  ['stopped', 'stopped'],
  ['paused', 'paused'],
]);

export interface Sender {
  readonly passkeyHash: string;
  readonly address: string;
  readonly userAgent: string | undefined;
}

/**
 * Throws BadRequest. The parameters ip, ipv4 and ipv6 are not read: BEP 7 discourages them, and with them anybody could
 * point a swarm at somebody else.
 */
export function announceOf(parameters: Parameters, sender: Sender): Announce {
  const port = parameters.get('port')?.[0] ?? '';
  if (!/^\d{1,5}$/.test(port) || Number(port) < 1 || Number(port) > 65_535) {
    throw new BadRequest('port must be a number from 1 to 65535.');
  }
  const event = events.get(parameters.get('event')?.[0] ?? '');
  if (event === undefined) throw new BadRequest('event must be started, completed, stopped or paused.');
  const numwant = parameters.get('numwant')?.[0] ?? '';
  return {
    ...sender,
    infoHash: twentyBytes('info_hash', parameters.get('info_hash')?.[0]),
    peerId: twentyBytes('peer_id', parameters.get('peer_id')?.[0]),
    port: Number(port),
    uploaded: amount(parameters, 'uploaded'),
    downloaded: amount(parameters, 'downloaded'),
    left: amount(parameters, 'left'),
    event,
    // -1 and whatever else is no number: as many as there are by default.
    numwant: /^\d{1,9}$/.test(numwant) ? Number(numwant) : undefined,
    isCompact: parameters.get('compact')?.[0] !== '0',
  };
}

/** Hex, each once. Throws BadRequest. */
export function scrapedHashes(parameters: Parameters): string[] {
  const given = parameters.get('info_hash') ?? [];
  if (given.length === 0) throw new BadRequest('Say by info_hash which torrents to scrape.');
  return [...new Set(given.map((hash) => twentyBytes('info_hash', hash)))];
}
