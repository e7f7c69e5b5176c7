/**
 * What announces cost. Starts a server of its own with a community (people, torrents, a swarm of each), and prints
 *
 * - announces a second over HTTP with 50 peers in the answer, through the whole API process, beside the server of the
 *   library bittorrent-tracker, which keeps everything in memory and nothing else, in the same run. Each of the two runs in
 *   a process of its own, and the clients in another; all share the machine;
 * - announces a second of tracker.announce_many alone: one at a time by pgbench, where it is installed, and by size of the set.
 *
 * All in turns, so many rounds. The rows of the log and the dead ones of each pass go before the next.
 *
 * node_modules/.bin/node bench/announce.ts [seconds, default 5] [rounds, default 3]
 */
import { type ChildProcess, fork } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Server } from 'bittorrent-tracker';
import type { Pool } from 'pg';
import { startApi } from '../src/api/server.ts';
import { Dictionary, decode } from '../src/bencode.ts';
import { loadConfig } from '../src/config.ts';
import { createLogger } from '../src/log.ts';
import { migrateUp } from '../src/migrate/index.ts';
import { createPool, withDatabase } from '../src/postgres/connect.ts';
import { prepareDatabase } from '../src/postgres/prepare.ts';
import { loginRoles, loginUrl } from '../src/postgres/roles.ts';
import { startScratchServer } from '../src/postgres/scratch.ts';
import { openTracker } from '../src/tracker/endpoint.ts';
import { runInstalled, versionOf } from './harness/installed.ts';
import { askedRounds, handOver } from './harness/program.ts';
import type { BenchReport, Comparison, Unit } from './harness/report.ts';
import { alternate, type Rounds } from './harness/rounds.ts';
import { durableSettings } from './harness/server.ts';
import { summarise } from './harness/statistics.ts';

const people = 500;
const torrents = 50;
const peersOfATorrent = 100;
const password = 'bench';

const passkeyOf = (person: number): string => createHash('md5').update(`person ${person}`).digest('hex');
const hashOf = (torrent: number): string => createHash('sha1').update(`torrent ${torrent}`).digest('hex');
const peerOf = (person: number, torrent: number): string =>
  createHash('sha1').update(`peer ${person} ${torrent}`).digest('hex');
const escaped = (hex: string): string => hex.replace(/../g, '%$&');

/** Each session announces seldom: what was announced a moment ago would be answered without peers. */
const eventOf = 'started';

interface Load {
  readonly port: number;
  readonly path: 'passkey' | 'open';
  readonly seconds: number;
  readonly clients: number;
  /** Announces the whole of every swarm once, instead. */
  readonly isFilling?: boolean;
}

interface Report {
  readonly perSecond: number;
  readonly failures: number;
  readonly peers: number;
  readonly median: number;
  readonly slowest: number;
}

/** The part that asks: so many clients, each of which waits for its answer. */
async function ask({ port, path, seconds, clients, isFilling = false }: Load): Promise<Report> {
  const agent = new Agent({ keepAlive: true, maxSockets: clients });
  const until = performance.now() + seconds * 1000;
  const times: number[] = [];
  let failures = 0;
  let peers = 0;
  const one = async (number: number): Promise<void> => {
    const torrent = isFilling ? number % torrents : (number * 7919) % torrents;
    const person = isFilling ? (torrent + Math.floor(number / torrents)) % people : number % people;
    const query = [
      `info_hash=${escaped(hashOf(torrent))}`,
      `peer_id=${escaped(peerOf(person, torrent))}`,
      `port=${10_000 + person}&uploaded=${number}&downloaded=0&left=${number % 2 === 0 ? 0 : 100}`,
      `compact=1&numwant=50&event=${eventOf}`,
    ].join('&');
    const begin = path === 'passkey' ? `/${passkeyOf(person)}/announce` : '/announce';
    const started = performance.now();
    const sent = request({ port, path: `${begin}?${query}`, agent }).end();
    const [response] = await once(sent, 'response');
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk);
    times.push(performance.now() - started);
    const answer = decode(Buffer.concat(chunks));
    const found = answer instanceof Dictionary ? answer.get('peers') : undefined;
    if (Buffer.isBuffer(found)) peers += found.length / 6;
    else failures += 1;
  };
  let number = 0;
  const started = performance.now();
  await Promise.all(
    Array.from({ length: clients }, async () => {
      while (isFilling ? number < torrents * peersOfATorrent : performance.now() < until) {
        number += 1;
        await one(number);
      }
    }),
  );
  const elapsed = (performance.now() - started) / 1000;
  agent.destroy();
  times.sort((a, b) => a - b);
  return {
    perSecond: times.length / elapsed,
    failures,
    peers: peers / Math.max(1, times.length - failures),
    median: times[Math.floor(times.length / 2)] ?? 0,
    slowest: times[Math.floor(times.length * 0.99)] ?? 0,
  };
}

async function serveApi(url: string): Promise<number> {
  const config = await loadConfig({
    env: { STOA_PORT: '0', STOA_ENVIRONMENT: 'test', STOA_RATE_ADDRESS: '0', STOA_LOG_LEVEL: 'error' },
  });
  const ready = {
    ...config,
    gatewayUrl: loginUrl(url, 'stoa_gateway', password),
    authUrl: loginUrl(url, 'stoa_auth', password),
    mediaUrl: loginUrl(url, 'stoa_media', password),
    trackerUrl: loginUrl(url, 'stoa_tracker', password),
    secretKey: randomBytes(32),
  };
  const logger = createLogger({ level: 'error' });
  const api = await startApi(ready, { logger, endpoints: [openTracker({ config: ready, log: logger })] });
  return api.port;
}

async function serveInMemory(): Promise<number> {
  const server = new Server({ udp: false, ws: false, stats: false });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.http.address();
  return typeof address === 'object' && address ? address.port : 0;
}

type Task =
  | { readonly kind: 'api'; readonly url: string }
  | { readonly kind: 'memory' }
  | ({ readonly kind: 'ask' } & Load);

const children: ChildProcess[] = [];

function child(): ChildProcess {
  const made = fork(import.meta.filename, ['child'], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  children.push(made);
  return made;
}

async function order<Result>(to: ChildProcess, task: Task): Promise<Result> {
  to.send(task);
  const [answer] = await once(to, 'message');
  return answer;
}

function obey(): void {
  process.on('message', async (task: Task) => {
    if (task.kind === 'api') process.send?.(await serveApi(task.url));
    else if (task.kind === 'memory') process.send?.(await serveInMemory());
    else process.send?.(await ask(task));
  });
}

const clients = 100;
/** Of the function alone: more help only where the database has idle cores. */
const connections = 2;
const sizes = [1, 10, 100, 500];

/** One announce a transaction, as pgbench sends it: of a person and a torrent of chance. */
const pgbenchScript = `
\\set person random(0, ${people - 1})
\\set torrent random(0, ${torrents - 1})
select count(*) from tracker.announce_many(jsonb_build_array(jsonb_build_object(
  'passkey_hash', encode(sha256(md5('person ' || :person)::bytea), 'hex'),
  'info_hash', (array['${Array.from({ length: torrents }, (_, torrent) => hashOf(torrent)).join("','")}'])[:torrent + 1],
  'peer_id', substr(md5('peer ' || :person || ' ' || :torrent), 1, 32) || '00000000',
  'ip', '192.0.2.1', 'port', 10000 + :person, 'uploaded', 1, 'downloaded', 0, 'left', 100 * (:person % 2),
  'event', '${eventOf}')));
`;

/** Transactions a second that pgbench counts. */
async function pgbench(url: string, seconds: number): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'stoa-bench-'));
  try {
    const script = join(folder, 'announce.sql');
    writeFileSync(script, pgbenchScript);
    const told = await runInstalled('pgbench', [
      ...['--no-vacuum', '--protocol=prepared', `--client=${connections}`],
      ...[`--time=${Math.max(1, Math.round(seconds))}`, `--file=${script}`, url],
    ]);
    const rate = Number(/^tps = ([\d.]+) \(without/m.exec(told)?.[1]);
    if (!(rate > 0)) throw new Error(`pgbench told no rate:\n${told}`);
    return rate;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Announces a second of the function alone, so many in a set. */
async function inSets(pool: Pool, size: number, seconds: number): Promise<number> {
  const begun = performance.now();
  let done = 0;
  let number = 0;
  await Promise.all(
    Array.from({ length: connections }, async () => {
      while (performance.now() - begun < seconds * 1_000) {
        const set = Array.from({ length: size }, () => {
          number += 1;
          const person = number % people;
          const torrent = (number * 7919) % torrents;
          return {
            passkey_hash: createHash('sha256').update(passkeyOf(person)).digest('hex'),
            info_hash: hashOf(torrent),
            peer_id: peerOf(person, torrent),
            ip: '192.0.2.1',
            port: 10_000 + person,
            uploaded: number,
            downloaded: 0,
            left: number % 2 === 0 ? 0 : 100,
            event: eventOf,
          };
        });
        await pool.query({
          name: 'announce_many',
          text: 'select * from tracker.announce_many($1)',
          values: [JSON.stringify(set)],
        });
        done += size;
      }
    }),
  );
  return done / ((performance.now() - begun) / 1_000);
}

type HttpForm = 'ours' | 'peer';

interface Rate {
  readonly perSecond: number;
  /** Of those that are asked over HTTP. */
  readonly http?: Report;
}

/** What the form before left dead, at the rows that each announce changes, is not the next one's to step over. */
async function settle(owner: Pool): Promise<void> {
  await owner.query(
    'vacuum (index_cleanup on) tracker.peers, tracker.user_torrents, tracker.torrent_statistics, tracker.user_statistics',
  );
  await owner.query('checkpoint');
}

async function run(seconds: number, rounds: number): Promise<void> {
  const server = await startScratchServer({ prefix: 'stoa-bench-', isOpen: true, settings: durableSettings });
  const database = withDatabase(server.url, 'bench');
  try {
    await prepareDatabase(
      server.url,
      'bench',
      Object.fromEntries(loginRoles.map((role) => [role, password])),
    );
    await migrateUp({ databaseUrl: database });
    const owner = createPool(database, { applicationName: 'bench', max: 2 });
    await owner.query(
      `insert into core.users (username, class_id, role)
       select 'bench_' || n, class.id, class.role
       from generate_series(0, $1::integer - 1) as n,
         lateral (select id, role from core.user_classes where is_default limit 1) as class`,
      [people],
    );
    const ids = await owner.query<{ id: string }>(
      `select id from core.users where username like 'bench\\_%' order by substr(username::text, 7)::integer`,
    );
    await owner.query(
      `insert into tracker.passkeys (passkey_hash, user_id, passkey_ciphertext, key_id)
       select sha256(key::bytea), id::uuid, '\\x00', 'k' from unnest($1::text[], $2::text[]) as made (key, id)`,
      [Array.from({ length: people }, (_, person) => passkeyOf(person)), ids.rows.map(({ id }) => id)],
    );
    await owner.query(
      `with category as (insert into tracker.categories (name, slug) values ('Bench', 'bench') returning id),
       made as (
         insert into tracker.torrents (info_hash, name, category_id, size_bytes, file_count, piece_length, moderation_status, approved_at)
         select decode(hash, 'hex'), hash, category.id, 1000000, 1, 16384, 'approved', now() from category, unnest($1::text[]) as hash
         returning id
       )
       insert into tracker.torrent_statistics (torrent_id, seeders, leechers) select id, $2 / 2, $2 / 2 from made`,
      [Array.from({ length: torrents }, (_, torrent) => hashOf(torrent)), peersOfATorrent],
    );
    await owner.query(
      `insert into tracker.peers (torrent_id, user_id, peer_id, ip_address, port, left_bytes)
       select torrent.id, person.id, substring(sha256((torrent.n * 1000 + person.n)::text::bytea) from 1 for 20), '192.0.2.1',
         10000 + person.n, case when person.n % 2 = 0 then 0 else 100 end
       from (select id, row_number() over (order by info_hash) as n from tracker.torrents) as torrent
       join (select id, row_number() over (order by id) as n from core.users where username like 'bench\\_%') as person
         on (person.n + torrent.n) % $1 < $2`,
      [people, peersOfATorrent],
    );
    await owner.query('vacuum analyze');

    const api = await order<number>(child(), { kind: 'api', url: database });
    const memory = await order<number>(child(), { kind: 'memory' });
    const asking = child();
    const load = { kind: 'ask', seconds, clients } as const;
    const inMemory = { ...load, port: memory, path: 'open' } as const;
    const stoa = { ...load, port: api, path: 'passkey' } as const;
    const asked = async (task: Task): Promise<Report> => {
      const told = await order<Report>(asking, task);
      if (told.failures > 0) throw new Error(`${told.failures} announces were refused`);
      return told;
    };
    await asked({ ...inMemory, isFilling: true });
    const trackerUrl = loginUrl(database, 'stoa_tracker', password);
    const tracker = createPool(trackerUrl, { applicationName: 'bench', max: connections });
    const overHttp = (task: Task) => async (): Promise<Rate> => {
      await settle(owner);
      const http = await asked(task);
      return { perSecond: http.perSecond, http };
    };
    const without = (work: () => Promise<number>) => async (): Promise<Rate> => {
      await settle(owner);
      return { perSecond: await work() };
    };
    const installed = versionOf('pgbench');
    const measure = async (turns: Rounds): Promise<BenchReport> => {
      await owner.query('truncate tracker.announces');
      const measured = await alternate<string, Rate>(
        turns,
        {
          ours: overHttp(stoa),
          peer: overHttp(inMemory),
          alone: installed === undefined ? undefined : without(() => pgbench(trackerUrl, seconds)),
          ...Object.fromEntries(
            sizes.map((size) => [`sets of ${size}`, without(() => inSets(tracker, size, seconds))]),
          ),
        },
        { isWarmedUp: true },
      );
      const figures = (form: string) => measured(form).map(({ perSecond }) => perSecond);
      const seen = (form: HttpForm) => measured(form).flatMap(({ http }) => http ?? []);
      const { rows: log } = await owner.query<{ row: number; whole: number }>(
        `select sum(pg_relation_size(relid))::float8 / greatest((select count(*) from tracker.announces), 1) as row,
         sum(pg_total_relation_size(relid))::float8 / greatest((select count(*) from tracker.announces), 1) as whole
       from pg_partition_tree('tracker.announces') where isleaf`,
      );
      const both = (what: string, unit: Unit, figure: (told: Report) => number): Comparison => ({
        what,
        size: '50 peers in the answer',
        unit,
        forms: [
          { form: 'Stoa, checked and kept', role: 'stoa', figures: seen('ours').map(figure) },
          { form: 'bittorrent-tracker, in memory', role: 'peer', figures: seen('peer').map(figure) },
          ...(unit !== 'per second'
            ? []
            : [
                ...(installed === undefined
                  ? []
                  : [
                      {
                        form: 'one a transaction, pgbench',
                        role: 'peer' as const,
                        figures: figures('alone'),
                      },
                    ]),
                {
                  form: 'function alone, sets of 100',
                  role: 'limit' as const,
                  figures: figures('sets of 100'),
                },
              ]),
        ],
      });
      const peersOf = (form: HttpForm): string =>
        summarise(seen(form).map(({ peers }) => peers)).median.toFixed(1);
      return {
        comparisons: [
          both('announces over HTTP', 'per second', (told) => told.perSecond),
          both('median of one', 'ms', (told) => told.median),
          both('99th percentile of one', 'ms', (told) => told.slowest),
          {
            what: 'the function alone',
            unit: 'per second',
            forms: sizes.map((size) => ({
              form: `sets of ${size}`,
              role: 'stoa' as const,
              figures: figures(`sets of ${size}`),
            })),
          },
          {
            what: 'log of announces, a row',
            unit: 'bytes',
            forms: [
              { form: 'with its indexes', role: 'stoa', figures: log.map(({ whole }) => whole) },
              { form: 'the row alone', role: 'limit', figures: log.map(({ row }) => row) },
            ],
          },
        ],
        notes: [
          `${clients} clients, ${people} people, ${torrents} torrents of ${peersOfATorrent} peers and more; ${peersOf('ours')} peers in an answer of Stoa, ${peersOf('peer')} in the other. Each in a process of its own on the same machine.`,
          'The tracker in memory knows no passkeys, counts nothing for anybody and keeps nothing.',
          installed === undefined
            ? 'pgbench is not installed: one announce at a time is the line "sets of 1", with a client of node.'
            : `pgbench ${installed}, and the sets: ${connections} connections.`,
        ],
      };
    };
    for await (const asks of askedRounds(rounds)) await handOver(await measure(asks.rounds));
    await tracker.end();
    await owner.end();
  } finally {
    for (const running of children) running.kill();
    await server.stop();
  }
}

if (process.argv[2] === 'child') obey();
else await run(Number(process.argv[2] ?? 5), Number(process.argv[3] ?? 3));
