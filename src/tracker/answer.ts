import { type Bencoded, encode } from '../bencode.ts';

/** What a client is told of a swarm. */
export interface SwarmAnswer {
  readonly intervalSeconds: number;
  readonly minIntervalSeconds: number;
  readonly complete: number;
  readonly incomplete: number;
  /** 4 bytes of address and 2 of port each (BEP 23). */
  readonly peers: Buffer;
  /** 16 and 2 (BEP 7). */
  readonly peers6: Buffer;
}

/** Why a client is told nothing. */
export interface Failure {
  /** For the person in front of the client. */
  readonly failure: string;
  /** Where asking again will help, after so many seconds. */
  readonly retryAfter?: number;
}

export interface Scraped {
  readonly infoHash: Buffer;
  readonly complete: number;
  readonly downloaded: number;
  readonly incomplete: number;
}

const dictionary = (entries: Readonly<Record<string, Bencoded>>): ReadonlyMap<string, Bencoded> =>
  new Map(Object.entries(entries));

/** Status 200 as every answer: clients show the reason of a failure, and of another status only its number. */
export function encodeFailure({ failure, retryAfter }: Failure): Buffer {
  return encode(
    dictionary({
      'failure reason': failure,
      // BEP 31, in minutes.
      ...(retryAfter === undefined ? {} : { 'retry in': Math.max(1, Math.ceil(retryAfter / 60)) }),
    }),
  );
}

function listed(compact: Buffer, addressBytes: 4 | 16): Bencoded[] {
  const peers: Bencoded[] = [];
  for (let at = 0; at < compact.length; at += addressBytes + 2) {
    const address = compact.subarray(at, at + addressBytes);
    const ip =
      addressBytes === 4 ? address.join('.') : (address.toString('hex').match(/.{4}/g)?.join(':') ?? '');
    peers.push(dictionary({ ip, port: compact.readUInt16BE(at + addressBytes) }));
  }
  return peers;
}

/** Peers never carry their ids: whoever wants none (no_peer_id) and whoever takes bytes need none, and the rest shake hands. */
export function encodeSwarm(answer: SwarmAnswer, isCompact: boolean): Buffer {
  const { peers, peers6 } = answer;
  return encode(
    dictionary({
      complete: answer.complete,
      incomplete: answer.incomplete,
      interval: answer.intervalSeconds,
      'min interval': answer.minIntervalSeconds,
      ...(isCompact
        ? { peers, ...(peers6.length === 0 ? {} : { peers6 }) }
        : { peers: [...listed(peers, 4), ...listed(peers6, 16)] }),
    }),
  );
}

/** BEP 48. */
export function encodeScrape(swarms: readonly Scraped[]): Buffer {
  const files = new Map<string, Bencoded>();
  for (const { infoHash, complete, downloaded, incomplete } of swarms) {
    files.set(infoHash.toString('latin1'), dictionary({ complete, downloaded, incomplete }));
  }
  return encode(dictionary({ files }));
}
