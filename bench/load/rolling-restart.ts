import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'pg';
import { createPool } from '../../src/postgres/connect.ts';
import { Balancer } from './balancer.ts';
import type { Community } from './community.ts';
import type { ApiProcess } from './fleet.ts';
import { channelMessages, conversationMessages } from './operations.ts';
import { Subscriber } from './subscriber.ts';
import { type Kind, kinds, runTraffic, type Tally } from './traffic.ts';

export interface LoadOptions {
  /** As superuser: looks at the connections of the others. */
  readonly databaseUrl: string;
  readonly community: Community;
  /** Started, and stopped at the end. */
  readonly fleet: readonly ApiProcess[];
  readonly seconds: number;
  readonly thinkMs: number;
  readonly healthMs: number;
  readonly onEvent?: (text: string) => void;
}

export interface Restart {
  readonly process: string;
  readonly exitCode: number | null;
  /** Requests that it was answering when it was told to stop, and how many of them it answered. */
  readonly running: number;
  readonly answered: number;
  readonly stopMs: number;
  readonly startMs: number;
  /** Connections of the other processes to the database while this one was away. */
  readonly connections: number;
}

export interface LoadReport {
  readonly seconds: number;
  readonly requests: number;
  readonly perSecond: number;
  readonly kinds: readonly {
    readonly kind: Kind;
    readonly count: number;
    readonly p50: number;
    readonly p99: number;
    readonly max: number;
  }[];
  /** By kind and code, of the first attempt. */
  readonly failedAtFirst: Readonly<Record<string, number>>;
  /** What a client was told after one retry. */
  readonly failed: Readonly<Record<string, number>>;
  readonly restarts: readonly Restart[];
  readonly connections: {
    readonly before: number;
    readonly peak: number;
    readonly after: number;
    readonly atTheEnd: number;
    readonly stuck: number;
  };
  readonly subscriptions: {
    readonly subscribers: number;
    readonly delivered: number;
    readonly lost: number;
    readonly repeated: number;
    readonly closes: Readonly<Record<string, number>>;
    readonly refusals: readonly string[];
  };
  /** Messages that are there twice although they were sent with a key. */
  readonly writtenTwice: number;
  readonly loggedErrors: readonly string[];
  /** Empty: all is well. */
  readonly violations: readonly string[];
}

/** How many subscribers follow each channel; each conversation has one. */
const listenersOfAChannel = 3;
const patienceMs = 20_000;

const openConnections = `
  select count(*)::int as count
  from pg_catalog.pg_stat_activity
  where datname = current_database() and application_name like 'stoa %' and application_name not like 'stoa load%'
    and application_name not like 'stoa test%'
`;
const stuckConnections = `
  ${openConnections} and state <> 'idle' and state_change < now() - interval '6 seconds'
`;

async function count(pool: Pool, text: string): Promise<number> {
  const { rows } = await pool.query<{ count: number }>(text);
  return rows[0]?.count ?? 0;
}

async function until(isSo: () => boolean | Promise<boolean>): Promise<boolean> {
  const end = performance.now() + patienceMs;
  while (performance.now() < end) {
    if (await isSo()) return true;
    await sleep(50);
  }
  return false;
}

/** Traffic for so long, and in the middle of it each process is restarted, one after another. */
export async function runRollingRestart(options: LoadOptions): Promise<LoadReport> {
  const { databaseUrl, community, fleet, seconds, thinkMs, healthMs, onEvent = () => {} } = options;
  const pool = createPool(databaseUrl, { applicationName: 'load watch', max: 2 });
  const balancer = new Balancer(
    fleet.map(({ origin }) => origin),
    healthMs,
  );
  const subscribers = subscribersOf(community, () => balancer.pick());
  const over = new AbortController();
  try {
    balancer.watch();
    const following = subscribers.map((subscriber) => subscriber.run());
    await Promise.all(subscribers.map(({ started }) => started));
    const before = await count(pool, openConnections);
    onEvent(`${subscribers.length} subscribers, ${before} connections to the database`);

    const started = performance.now();
    let peak = before;
    let stuck = 0;
    const watching = (async () => {
      while (!over.signal.aborted) {
        peak = Math.max(peak, await count(pool, openConnections));
        stuck = Math.max(stuck, await count(pool, stuckConnections));
        await sleep(1_000, undefined, { signal: over.signal }).catch(() => {});
      }
    })();
    const traffic = runTraffic({ community, balancer, thinkMs, signal: over.signal });
    await sleep(seconds * 500);
    const restarts: Restart[] = [];
    for (const process of fleet) {
      const told = await restart(process, balancer, pool);
      onEvent(
        `${told.process} restarted: ${told.answered} of ${told.running} running requests answered, ` +
          `away for ${((told.stopMs + told.startMs) / 1_000).toFixed(1)} s`,
      );
      restarts.push(told);
    }
    await sleep(Math.max(0, seconds * 1_000 - (performance.now() - started)));
    over.abort();
    const tally = await traffic;
    await watching;
    const lasted = (performance.now() - started) / 1_000;
    onEvent('waiting for the last events');

    const sent = await sentMessages(pool);
    await until(() => subscribers.every((subscriber) => missing(subscriber, sent).length === 0));
    await until(async () =>
      (await Promise.all(fleet.map((one) => one.figure('stoa_pool_connections', 'busy')))).every(
        (busy) => busy === 0,
      ),
    );
    const after = await count(pool, openConnections);
    for (const subscriber of subscribers) subscriber.stop();
    await Promise.all(following);
    const { rows: twice } = await pool.query(
      `select content from messaging.messages where content like 'load %' group by content having count(*) > 1
       union all
       select content from groups.channel_messages where content like 'load %' group by content having count(*) > 1`,
    );
    balancer.close();
    const codes = await Promise.all(fleet.map((process) => process.stop()));
    await until(async () => (await count(pool, openConnections)) === 0);
    const atTheEnd = await count(pool, openConnections);

    const report = {
      seconds: lasted,
      ...summaryOf(tally, lasted),
      restarts,
      connections: { before, peak, after, atTheEnd, stuck },
      subscriptions: {
        subscribers: subscribers.length,
        delivered: subscribers.reduce((sum, { received }) => sum + received.size, 0),
        lost: subscribers.reduce((sum, subscriber) => sum + missing(subscriber, sent).length, 0),
        repeated: subscribers.reduce(
          (sum, { received }) => sum + [...received.values()].filter((times) => times > 1).length,
          0,
        ),
        closes: addUp(subscribers.map(({ closes }) => closes)),
        refusals: subscribers.flatMap(({ refusals }) => refusals),
      },
      writtenTwice: twice.length,
      loggedErrors: fleet.flatMap((process) => process.errors),
    };
    return { ...report, violations: violationsOf(report, codes) };
  } finally {
    over.abort();
    for (const subscriber of subscribers) subscriber.stop();
    balancer.close();
    await pool.end();
  }
}

async function restart(process: ApiProcess, balancer: Balancer, pool: Pool): Promise<Restart> {
  const running = balancer.running(process.origin);
  const stopping = performance.now();
  const exitCode = await process.stop();
  const stopMs = performance.now() - stopping;
  const outcomes = await Promise.all(running);
  const connections = await count(pool, openConnections);
  const starting = performance.now();
  await process.start();
  const startMs = performance.now() - starting;
  await until(() => balancer.isHealthy(process.origin));
  return {
    process: process.name,
    exitCode,
    running: running.length,
    // Refused in words is answered, too.
    answered: outcomes.filter((failure) => failure === undefined || !/^E[A-Z]+$|abort|socket/i.test(failure))
      .length,
    stopMs,
    startMs,
    connections,
  };
}

function subscribersOf(community: Community, origin: () => string): Subscriber[] {
  const tokenOf = (belongs: (client: Community['clients'][number]) => boolean, place = 0): string =>
    community.clients.filter(belongs)[place]?.token ?? '';
  return [
    ...community.conversationIds.map(
      (id) =>
        new Subscriber({
          origin,
          query: conversationMessages,
          id,
          token: tokenOf(({ conversationId }) => conversationId === id),
        }),
    ),
    ...community.channelIds.flatMap((id) =>
      Array.from(
        { length: listenersOfAChannel },
        (_, place) =>
          new Subscriber({
            origin,
            query: channelMessages,
            id,
            token: tokenOf(({ channelId }) => channelId === id, place),
          }),
      ),
    ),
  ];
}

/** By place, in order. */
async function sentMessages(pool: Pool): Promise<ReadonlyMap<string, readonly string[]>> {
  const { rows } = await pool.query<{ place: string; ids: string[] }>(
    `select conversation_id as place, array_agg(id order by id) as ids
     from messaging.messages where content like 'load %' group by conversation_id
     union all
     select channel_id, array_agg(id order by id)
     from groups.channel_messages where content like 'load %' group by channel_id`,
  );
  return new Map(rows.map(({ place, ids }) => [place, ids]));
}

function missing(subscriber: Subscriber, sent: ReadonlyMap<string, readonly string[]>): string[] {
  return (sent.get(subscriber.id) ?? []).filter((id) => !subscriber.received.has(id));
}

function addUp(tallies: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const sum: Record<string, number> = {};
  for (const tally of tallies) {
    for (const [name, times] of Object.entries(tally)) sum[name] = (sum[name] ?? 0) + times;
  }
  return sum;
}

function summaryOf({ times, before, after }: Tally, seconds: number) {
  const quantile = (sorted: readonly number[], part: number): number =>
    Math.round(sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? 0);
  const requests = kinds.reduce((sum, kind) => sum + times[kind].length, 0);
  return {
    requests,
    perSecond: Math.round(requests / seconds),
    kinds: kinds.map((kind) => {
      const sorted = times[kind].sort((a, b) => a - b);
      return {
        kind,
        count: sorted.length,
        p50: quantile(sorted, 0.5),
        p99: quantile(sorted, 0.99),
        max: quantile(sorted, 1),
      };
    }),
    failedAtFirst: before,
    failed: after,
  };
}

function violationsOf(
  report: Omit<LoadReport, 'violations'>,
  exitCodes: readonly (number | null)[],
): string[] {
  const { failed, restarts, connections, subscriptions, writtenTwice, loggedErrors } = report;
  const found: string[] = [];
  const must = (isSo: boolean, otherwise: string): void => {
    if (!isSo) found.push(otherwise);
  };
  for (const [what, times] of Object.entries(failed))
    found.push(`${times} requests failed after a retry: ${what}`);
  for (const { process, exitCode, running, answered } of restarts) {
    must(exitCode === 0, `${process} ended with ${exitCode}`);
    must(answered === running, `${process} left ${running - answered} running requests without an answer`);
  }
  must(
    exitCodes.every((code) => code === 0),
    `processes ended with ${exitCodes.join(', ')}`,
  );
  must(connections.stuck === 0, `${connections.stuck} connections were busy for over 6 s`);
  must(connections.atTheEnd === 0, `${connections.atTheEnd} connections are left after both processes ended`);
  must(subscriptions.lost === 0, `${subscriptions.lost} events of subscriptions were lost`);
  must(subscriptions.repeated === 0, `${subscriptions.repeated} events of subscriptions came twice`);
  must(subscriptions.refusals.length === 0, `${subscriptions.refusals.length} subscriptions were refused`);
  must(writtenTwice === 0, `${writtenTwice} messages were written twice`);
  must(loggedErrors.length === 0, `${loggedErrors.length} errors are in the logs`);
  return found;
}
