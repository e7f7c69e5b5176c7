import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from 'pg';
import { exitCodes, StoaError } from '../../errors.ts';
import type { Logger } from '../../log.ts';
import { connect } from '../../postgres/connect.ts';
import { type Announcement, type BusListener, type BusSeat, type RealtimeBus, Switchboard } from './bus.ts';

/** See core.announce. */
const channel = 'stoa';
const selfTestTopic = 'self-test';
const firstRetryMs = 50;
const lastRetryMs = 5_000;
/** A server that is gone without a word is noticed by a question that is not answered. */
const probeMs = 15_000;
const probeTimeoutMs = 10_000;
/** A notification takes milliseconds; a server that is busy may take seconds. */
const selfTestMs = 10_000;

export interface PostgresBusOptions {
  /** Not through a pooler in transaction mode: LISTEN belongs to a connection. */
  readonly url: string;
  readonly log: Pick<Logger, 'info' | 'warn'>;
  /** How long what is sent at the start may take to arrive. */
  readonly selfTestMs?: number;
}

/**
 * One connection of the process that listens for all of its subscribers. While it is lost, what is announced is lost,
 * too: once it is back everybody is told to read again from where they are.
 */
export class PostgresBus implements RealtimeBus {
  readonly #options: PostgresBusOptions;
  readonly #switchboard = new Switchboard();
  readonly #closing = new AbortController();
  #client: Client | undefined;
  #reconnecting: Promise<void> | undefined;

  private constructor(options: PostgresBusOptions) {
    this.#options = options;
  }

  /** Listens when it resolves, and has heard itself. */
  static async start(options: PostgresBusOptions): Promise<PostgresBus> {
    const bus = new PostgresBus(options);
    await bus.#listen();
    try {
      await bus.#hearItself();
    } catch (error) {
      await bus.close();
      throw error;
    }
    return bus;
  }

  join(listener: BusListener): BusSeat {
    return this.#switchboard.join(listener);
  }

  joinAll(listener: BusListener): BusSeat {
    return this.#switchboard.joinAll(listener);
  }

  tell(announcement: Announcement): void {
    this.#switchboard.tell(announcement);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    const client = this.#client;
    this.#client = undefined;
    await client?.end().catch(() => {});
    await this.#reconnecting;
  }

  /**
   * A pooler in transaction mode takes LISTEN, answers that all is well, and gives the connection that listens to
   * somebody else: nothing would ever arrive, and nothing would say so. Announced from another connection, because on the same one the
   * answer to NOTIFY brings the notification along even there.
   */
  async #hearItself(): Promise<void> {
    const { url, selfTestMs: patienceMs = selfTestMs } = this.#options;
    const key = randomUUID();
    const heard = Promise.withResolvers<true>();
    const seat = this.joinAll({
      announced: (announcement) => {
        if (announcement.topic === selfTestTopic && announcement.key === key) heard.resolve(true);
      },
      resync: () => {},
    });
    const arrived = new AbortController();
    const speaker = await connect(url, 'realtime self-test');
    try {
      await speaker.query('select pg_notify($1, $2)', [channel, `${selfTestTopic}:${key}`]);
      const late = sleep(patienceMs, false as const, { signal: arrived.signal }).catch(() => false as const);
      if (await Promise.race([heard.promise, late])) return;
    } finally {
      arrived.abort();
      seat.leave();
      await speaker.end();
    }
    throw new StoaError(
      'realtime.not_heard',
      `What is announced in the database does not arrive at the API within ${patienceMs / 1_000} s, so no subscription would hear of anything.`,
      {
        cure: 'A pooler in transaction mode loses LISTEN: set listenUrl (STOA_LISTEN_URL) to the address of PostgreSQL itself, with the login of the API.',
        exitCode: exitCodes.configuration,
      },
    );
  }

  async #listen(): Promise<void> {
    const client = await connect(this.#options.url, 'realtime');
    let probe: NodeJS.Timeout | undefined;
    const lost = (): void => {
      clearInterval(probe);
      if (this.#client !== client) return;
      this.#client = undefined;
      if (!this.#closing.signal.aborted) this.#reconnecting = this.#reconnect();
    };
    client.on('notification', ({ payload }) => {
      for (const announcement of parseAnnouncements(payload ?? '')) this.#switchboard.tell(announcement);
    });
    client.on('end', lost);
    client.on('error', lost);
    try {
      await client.query(`listen ${channel}`);
    } catch (error) {
      await client.end().catch(() => {});
      throw error;
    }
    if (this.#closing.signal.aborted) {
      await client.end().catch(() => {});
      return;
    }
    this.#client = client;
    probe = setInterval(() => {
      const unanswered = setTimeout(() => {
        lost();
        client.end().catch(() => {});
      }, probeTimeoutMs);
      client
        .query('select 1')
        .catch(() => lost())
        .finally(() => clearTimeout(unanswered));
    }, probeMs).unref();
  }

  async #reconnect(): Promise<void> {
    const { log } = this.#options;
    const { signal } = this.#closing;
    log.warn({}, 'the connection that listens for announcements is lost');
    for (let waitMs = firstRetryMs; !signal.aborted; waitMs = Math.min(waitMs * 2, lastRetryMs)) {
      // Spread, so that many processes do not come back at the same moment.
      await sleep(waitMs * (0.5 + Math.random()), undefined, { signal }).catch(() => {});
      if (signal.aborted) return;
      try {
        await this.#listen();
      } catch (error) {
        log.warn({ error: error instanceof Error ? error.message : String(error) }, 'cannot listen yet');
        continue;
      }
      log.info({}, 'listening for announcements again');
      this.#switchboard.resync();
      return;
    }
  }
}

/** `topic:key,key/detail`; `topic:*` where there are too many to name. */
export function parseAnnouncements(payload: string): Announcement[] {
  const colon = payload.indexOf(':');
  if (colon < 1) return [];
  const topic = payload.slice(0, colon);
  return payload
    .slice(colon + 1)
    .split(',')
    .map((item) => {
      const [key = '', detail] = item.split('/');
      return { topic, key: key === '*' ? undefined : key, detail };
    });
}
