import { once } from 'node:events';
import Client from 'bittorrent-tracker';
import { onTestFinished } from 'vitest';
import { type Bencoded, Dictionary, decode } from '../../src/bencode.ts';
import { peerId, type Swarm, sha256, type Torrent } from '../sql/tracker/swarm.ts';

/** A person with a passkey that clients can send. */
export interface Member {
  readonly id: string;
  readonly passkey: string;
}

let members = 0;

export async function member(world: Swarm): Promise<Member> {
  const { id } = await world.person('user', { hasPasskey: false });
  members += 1;
  const passkey = `passkey-${members}`;
  await world.givePasskey(id, sha256(passkey));
  return { id, passkey };
}

/** What a client was told, and the peers that came with it. */
export interface Told {
  readonly complete: number;
  readonly incomplete: number;
  readonly interval: number;
  readonly peers: readonly string[];
}

export interface RealClient {
  announce(event: 'start' | 'update' | 'complete' | 'stop', numbers?: object): Promise<Told>;
  scrape(hashes?: readonly string[]): Promise<readonly Readonly<Record<string, unknown>>[]>;
}

/** A client of the library bittorrent-tracker, which speaks to the tracker as a BitTorrent program does. */
export function realClient(announce: string, infoHash: string, name: string, port = 51_413): RealClient {
  const client = new Client({ infoHash, peerId: peerId(name), announce, port, userAgent: 'test/1.0' });
  onTestFinished(() => client.destroy());
  const failure = once(client, 'warning').then(([error]) => Promise.reject(error));
  failure.catch(() => {});
  return {
    async announce(event, numbers = {}) {
      const peers: string[] = [];
      const add = (peer: string): unknown => peers.push(peer);
      client.on('peer', add);
      const updated = once(client, 'update');
      client[event](numbers);
      const [told] = await Promise.race([updated, failure]);
      // Peers are emitted right after the answer.
      await Promise.resolve();
      client.off('peer', add);
      return { ...told, peers: peers.sort() };
    },
    async scrape(hashes) {
      const found: Readonly<Record<string, unknown>>[] = [];
      const wanted = hashes?.length ?? 1;
      const complete = new Promise<void>((resolve) => {
        client.on('scrape', (swarm) => {
          if (found.push(swarm) === wanted) resolve();
        });
      });
      client.scrape(hashes === undefined ? undefined : { infoHash: hashes });
      await Promise.race([complete, failure]);
      return found;
    },
  };
}

export interface RawAnswer {
  readonly status: number;
  readonly failure: string | undefined;
  readonly fields: Readonly<Record<string, Bencoded>>;
}

/** Sends exactly these characters and reads what comes back, strictly. */
export async function ask(url: string, init: RequestInit = {}): Promise<RawAnswer> {
  const response = await fetch(url, init);
  const answer = decode(Buffer.from(await response.arrayBuffer()));
  if (!(answer instanceof Dictionary)) throw new Error('the answer is no dictionary');
  const reason = answer.get('failure reason');
  return {
    status: response.status,
    failure: Buffer.isBuffer(reason) ? reason.toString('utf8') : undefined,
    fields: Object.fromEntries(answer),
  };
}

export const escaped = (hex: string): string => hex.replace(/../g, '%$&');

export interface Asked {
  readonly torrent: Torrent;
  readonly passkey: string;
  readonly origin: string;
}

/** The address of an announce as a client builds it, with some of its parameters changed. Undefined leaves one out. */
export function announceAddress(
  { torrent, passkey, origin }: Asked,
  changes: Readonly<Record<string, string | undefined>> = {},
): string {
  const parameters: Readonly<Record<string, string | undefined>> = {
    info_hash: escaped(torrent.infoHash),
    peer_id: escaped(peerId('raw')),
    port: '6881',
    uploaded: '0',
    downloaded: '0',
    left: '100',
    compact: '1',
    event: 'started',
    ...changes,
  };
  const query = Object.entries(parameters).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${value}`],
  );
  return `${origin}/${passkey}/announce?${query.join('&')}`;
}
