import type { ServerResponse } from 'node:http';
import { isIP } from 'node:net';
import pg from 'pg';
import { z } from 'zod';
import type { Config } from '../config.ts';
import type { Endpoint } from '../http/endpoint.ts';
import type { Logger } from '../log.ts';
import { createPool } from '../postgres/connect.ts';
import {
  encodeFailure,
  encodeScrape,
  encodeSwarm,
  type Failure,
  type Scraped,
  type SwarmAnswer,
} from './answer.ts';
import { AnnounceCollector, busy } from './collector.ts';
import {
  type Address,
  type Announce,
  addressOf,
  announceOf,
  BadRequest,
  parametersOf,
  scrapedHashes,
} from './request.ts';

export interface TrackerOptions {
  readonly config: Config & {
    /** Logs in as, or acts as, `stoa_tracker`. */
    readonly trackerUrl: string;
  };
  readonly log: Pick<Logger, 'warn' | 'error'>;
}

const scrapeConnections = 2;

/** Scrapes that run or wait for a connection, at most: they are for show, and must not pile up. */
const maxScrapes = 64;

const toldShape = z.array(
  z.union([
    z.object({ failure_reason: z.string(), failure: z.string().nullable() }),
    z.object({
      failure_reason: z.null(),
      interval_seconds: z.number(),
      min_interval_seconds: z.number(),
      complete: z.number(),
      incomplete: z.number(),
      peers: z.instanceof(Buffer),
      peers6: z.instanceof(Buffer),
    }),
  ]),
);

const scrapedShape = z.array(
  z.object({
    info_hash: z.instanceof(Buffer),
    complete: z.number(),
    downloaded: z.number(),
    incomplete: z.number(),
  }),
);

/** One announce was such that the database refused it, and with it the set. */
function isRefusalOfData(error: unknown): boolean {
  return error instanceof pg.DatabaseError && /^(?:22|23|P0)/.test(error.code ?? '');
}

async function writeSet(
  pool: pg.Pool,
  announces: readonly Announce[],
): Promise<readonly (SwarmAnswer | Failure)[]> {
  const { rows } = await pool.query({
    name: 'announce_many',
    text: `select failure_reason, failure, interval_seconds, min_interval_seconds, complete, incomplete, peers, peers6
           from tracker.announce_many($1) order by place`,
    values: [
      JSON.stringify(
        announces.map((announce) => ({
          passkey_hash: announce.passkeyHash,
          info_hash: announce.infoHash,
          peer_id: announce.peerId,
          ip: announce.address,
          port: announce.port,
          uploaded: announce.uploaded,
          downloaded: announce.downloaded,
          left: announce.left,
          event: announce.event,
          user_agent: announce.userAgent,
          numwant: announce.numwant,
        })),
      ),
    ],
  });
  return toldShape.parse(rows).map((told) =>
    told.failure_reason === null
      ? {
          intervalSeconds: told.interval_seconds,
          minIntervalSeconds: told.min_interval_seconds,
          complete: told.complete,
          incomplete: told.incomplete,
          peers: told.peers,
          peers6: told.peers6,
        }
      : { failure: told.failure ?? 'The announce was refused.' },
  );
}

async function scrape(pool: pg.Pool, passkeyHash: string, hashes: readonly string[]): Promise<Scraped[]> {
  const { rows } = await pool.query({
    name: 'scrape',
    text: 'select info_hash, complete, downloaded, incomplete from tracker.scrape($1, $2)',
    values: [Buffer.from(passkeyHash, 'hex'), hashes.map((hash) => Buffer.from(hash, 'hex'))],
  });
  return scrapedShape.parse(rows).map(({ info_hash: infoHash, complete, downloaded, incomplete }) => ({
    infoHash,
    complete,
    downloaded,
    incomplete,
  }));
}

/** What core.fail said, in words for people; undefined for any other error. */
function refusalOf(error: unknown): Failure | undefined {
  return error instanceof pg.DatabaseError && /^ST\d{3}$/.test(error.code ?? '')
    ? { failure: error.message }
    : undefined;
}

function send(response: ServerResponse, body: Buffer): void {
  response.writeHead(200, {
    'content-type': 'text/plain; charset=iso-8859-1',
    'content-length': String(body.length),
    'cache-control': 'no-store',
  });
  response.end(body);
}

/** The announce and scrape addresses of BitTorrent clients (BEP 3, 7, 23, 31, 48), over tracker.announce_many. */
export function openTracker({ config, log }: TrackerOptions): Endpoint {
  const { statementTimeoutMs, tracker: settings } = config;
  const onError = (error: Error): void => log.warn({ error: error.message }, 'lost an idle connection');
  const announcing = createPool(config.trackerUrl, {
    applicationName: 'announces',
    max: settings.connections,
    statementTimeoutMs,
    onError,
  });
  const scraping = createPool(config.trackerUrl, {
    applicationName: 'scrapes',
    max: scrapeConnections,
    statementTimeoutMs,
    onError,
  });
  const collector = new AnnounceCollector({
    write: (announces) => writeSet(announcing, announces),
    isOneByOne: isRefusalOfData,
    onError: (error, announces) =>
      log.error(
        { announces, error: error instanceof Error ? error.message : String(error) },
        'a set of announces failed',
      ),
    ...settings,
  });
  let scrapes = 0;

  const answerScrape = async (passkeyHash: string, hashes: readonly string[]): Promise<Buffer> => {
    if (scrapes >= maxScrapes) return encodeFailure(busy);
    scrapes += 1;
    try {
      return encodeScrape(await scrape(scraping, passkeyHash, hashes));
    } catch (error) {
      const refusal = refusalOf(error);
      if (refusal === undefined) {
        log.error({ error: error instanceof Error ? error.message : String(error) }, 'a scrape failed');
      }
      return encodeFailure(refusal ?? busy);
    } finally {
      scrapes -= 1;
    }
  };

  const answer = async (
    { kind, passkeyHash }: Address,
    url: string,
    address: string | undefined,
    userAgent: string | undefined,
  ): Promise<Buffer> => {
    if (passkeyHash === undefined) {
      throw new BadRequest('This address has no passkey; download the .torrent file again.');
    }
    const parameters = parametersOf(url);
    if (kind === 'scrape') return answerScrape(passkeyHash, scrapedHashes(parameters));
    // The database takes a set whole or not at all: what is no address must never come to it.
    if (address === undefined || isIP(address) === 0) throw new BadRequest('Your address is not known.');
    const announce = announceOf(parameters, { passkeyHash, address, userAgent });
    const told = await collector.announce(announce);
    return 'failure' in told ? encodeFailure(told) : encodeSwarm(told, announce.isCompact);
  };

  const { figures } = collector;
  return {
    pools: { announces: announcing, scrapes: scraping },
    figures: [
      { name: 'stoa_announces_written', help: 'Announces since the start.', read: () => figures.announces },
      { name: 'stoa_announce_sets', help: 'Statements they were written by.', read: () => figures.sets },
      {
        name: 'stoa_announces_sent_away',
        help: 'Announces that were told to come back: the queue was full, or the database failed.',
        read: () => figures.refused,
      },
      { name: 'stoa_announces_waiting', help: 'Announces in the queue.', read: () => collector.waiting },
    ],
    owns: (path) => addressOf(path) !== undefined,
    async answer({ message, response, path, address, retryAfter }) {
      const asked = addressOf(path);
      if (asked === undefined) throw new Error('Not an address of the tracker.');
      if (retryAfter !== undefined) {
        send(
          response,
          encodeFailure({ failure: 'Too many requests from your network address.', retryAfter }),
        );
        return;
      }
      try {
        if (message.method !== 'GET' && message.method !== 'HEAD')
          throw new BadRequest('Send a GET request.');
        send(response, await answer(asked, message.url ?? '', address, message.headers['user-agent']));
      } catch (error) {
        if (!(error instanceof BadRequest)) throw error;
        send(response, encodeFailure({ failure: error.message }));
      }
    },
    drain: () => collector.drain(),
    async close() {
      collector.drain();
      await collector.idle();
      await Promise.all([announcing.end(), scraping.end()]);
    },
  };
}
