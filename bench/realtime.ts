/**
 * What subscriptions cost. Starts a server of its own and a process of the API in this one, and prints
 *
 * - opening connections with a subscription each, and the memory that they take;
 * - for 1, 100 and 1,000 listeners of one channel, and of one conversation, by 50 people: the time from sending a message to the first, the median and the last
 *   of its deliveries, and deliveries a second. The listeners run in a process of their own, on the same machine;
 * - messages a second that 8 senders write into conversations of their own, and ballots a second that 8 voters cast,
 *   with and without an announcement in the transaction: PostgreSQL lets one transaction at a time commit that announces.
 *
 * node_modules/.bin/node bench/realtime.ts [listeners, default 1000]
 */
import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { Pool } from 'pg';
import { WebSocket } from 'ws';
import { startApi } from '../src/api/server.ts';
import { authDatabase } from '../src/auth/database.ts';
import { openSession } from '../src/auth/sessions.ts';
import { loadConfig } from '../src/config.ts';
import { createLogger } from '../src/log.ts';
import { migrateUp } from '../src/migrate/index.ts';
import { createPool, withDatabase } from '../src/postgres/connect.ts';
import { prepareDatabase } from '../src/postgres/prepare.ts';
import { loginRoles, loginUrl } from '../src/postgres/roles.ts';
import { startTestServer } from '../test/harness/server.ts';

type Order = {
  readonly url: string;
  readonly tokens: string[];
  readonly query: string;
  readonly count: number;
};
type Report = { readonly listening: number } | { readonly heardAt: number[] };

/** The part that listens: opens connections, and reports when each of them has heard the next message. */
function listenInChild(): void {
  process.on('message', ({ url, tokens, query, count }: Order) => {
    const tell = (report: Report): void => void process.send?.(report);
    let listening = 0;
    let heardAt: number[] = [];
    for (let index = 0; index < count; index += 1) {
      const socket = new WebSocket(url.replace('http', 'ws'), 'graphql-transport-ws');
      const authorization = `Bearer ${tokens[index % tokens.length]}`;
      socket.on('open', () =>
        socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization } })),
      );
      socket.on('close', (code) => console.error(`a listener was closed with ${code}`));
      socket.on('message', (data) => {
        const at = performance.timeOrigin + performance.now();
        const text = String(data);
        if (text.includes('"connection_ack"')) {
          socket.send(JSON.stringify({ type: 'subscribe', id: '1', payload: { query } }));
        } else if (text.includes('"messages":[]')) {
          listening += 1;
          if (listening === count) tell({ listening });
        } else if (text.includes('"next"')) {
          heardAt.push(at);
          if (heardAt.length === count) {
            tell({ heardAt });
            heardAt = [];
          }
        } else console.error(text);
      });
    }
  });
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`;
const now = (): number => performance.timeOrigin + performance.now();

async function perSecond(pool: Pool, workers: number, forMs: number, text: string): Promise<number> {
  const until = performance.now() + forMs;
  let done = 0;
  await Promise.all(
    Array.from({ length: workers }, async (_, worker) => {
      const client = await pool.connect();
      for (let round = 0; performance.now() < until; round += 1) {
        await client.query({ name: `bench ${text.length}`, text, values: [worker, round] });
        done += 1;
      }
      client.release();
    }),
  );
  return Math.round(done / (forMs / 1000));
}

async function run(listeners: number): Promise<void> {
  const server = await startTestServer(18);
  const password = 'bench';
  await prepareDatabase(server.url, 'bench', Object.fromEntries(loginRoles.map((role) => [role, password])));
  const url = withDatabase(server.url, 'bench');
  await migrateUp({ databaseUrl: url });
  const owner = createPool(url, { applicationName: 'bench', max: 10 });
  const auth = createPool(loginUrl(url, 'stoa_auth', password), { applicationName: 'bench', max: 4 });
  const config = await loadConfig({ env: { STOA_PORT: '0', STOA_ENVIRONMENT: 'test' } });
  const api = await startApi(
    {
      ...config,
      gatewayUrl: loginUrl(url, 'stoa_gateway', password),
      authUrl: loginUrl(url, 'stoa_auth', password),
      mediaUrl: loginUrl(url, 'stoa_media', password),
      secretKey: randomBytes(32),
    },
    {
      logger: createLogger({ level: 'error' }),
      realtime: { maxConnectionsPerAddress: 10_000, maxConnectionsPerAccount: 10_000 },
    },
  );
  const children: ChildProcess[] = [];
  try {
    const people = await owner.query<{ id: string }>(
      `insert into core.users (username, class_id, role)
       select 'bench_' || n, class.id, class.role
       from generate_series(1, 50) as n,
         lateral (select id, role from core.user_classes where is_default limit 1) as class
       returning id`,
    );
    const ids = people.rows.map(({ id }) => id);
    const group = await owner.query<{ id: string; channel: string }>(
      `with made as (insert into groups.groups (name, owner_id) values ('bench', $1) returning id),
       everyone as (
         insert into groups.roles (group_id, name, is_default, permissions) select id, 'everyone', true, 66560 from made
       ),
       members as (
         insert into groups.group_members (group_id, user_id) select made.id, person from made, unnest($2::uuid[]) as person
       )
       insert into groups.channels (group_id, name) select id, 'bench' from made returning group_id as id, id as channel`,
      [ids[0], ids],
    );
    const channel = group.rows[0]?.channel;
    const tokens: string[] = [];
    for (const id of ids) tokens.push((await openSession(authDatabase(auth), id, {})).accessToken);
    const room = await owner.query<{ id: string }>(
      `with made as (
         insert into messaging.conversations (kind, owner_id, name) values ('group', $1, 'bench') returning id
       ),
       people as (
         insert into messaging.conversation_participants (conversation_id, user_id)
         select made.id, person from made, unnest($2::uuid[]) as person
       )
       select id from made`,
      [ids[0], ids],
    );
    const conversation = room.rows[0]?.id;
    const places = [
      {
        name: 'channel',
        place: channel,
        query: `subscription { channelMessages(channelId: "${channel}") { messages { id content } cursor } }`,
        say: `select groups.append_message($1, 'default', $2, p_content => 'hello')`,
      },
      {
        name: 'conversation',
        place: conversation,
        query: `subscription { conversationMessages(conversationId: "${conversation}") { messages { id content } cursor } }`,
        say: `select messaging.append_message($1, $2, 'text', 'hello')`,
      },
    ];
    for (const { name, place, query, say } of places) {
      for (const count of [1, 100, listeners]) {
        const child = fork(new URL(import.meta.url), ['listen']);
        children.push(child);
        const memory = process.memoryUsage().rss;
        const started = now();
        child.send({ url: api.url, tokens, query, count } satisfies Order);
        await once(child, 'message');
        const opened = now() - started;
        const grown = (process.memoryUsage().rss - memory) / count / 1024;
        console.log(
          `${name}, ${count} listeners: opened in ${seconds(opened)} (${Math.round((count / opened) * 1000)}/s), ${Math.max(0, Math.round(grown))} kB each`,
        );
        const rounds = count === 1 ? 50 : 10;
        const lasts: number[] = [];
        const firsts: number[] = [];
        const medians: number[] = [];
        for (let round = 0; round < rounds; round += 1) {
          const heard = once(child, 'message');
          await owner.query(say, [place, ids[0]]);
          const sent = now();
          const [report] = (await heard) as [{ heardAt: number[] }];
          const times = report.heardAt.map((at) => at - sent).sort((a, b) => a - b);
          firsts.push(times[0] ?? 0);
          medians.push(times[Math.floor(times.length / 2)] ?? 0);
          lasts.push(times.at(-1) ?? 0);
        }
        const middle = (values: number[]): number =>
          [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
        console.log(
          `  first ${middle(firsts).toFixed(1)} ms, median ${middle(medians).toFixed(1)} ms, last ${middle(lasts).toFixed(1)} ms; ` +
            `${Math.round((count / middle(lasts)) * 1000)} deliveries/s`,
        );
        child.kill();
        await once(child, 'exit');
      }
    }

    const conversations = await owner.query<{ id: string }>(
      `insert into messaging.conversations (kind, owner_id, name) select 'group', $1, 'bench' from generate_series(1, 8) returning id`,
      [ids[0]],
    );
    const rooms = conversations.rows.map(({ id }) => `'${id}'`).join(', ');
    const write = `select messaging.append_message((array[${rooms}]::uuid[])[$1::integer + 1], '${ids[0]}', 'text', 'no ' || $2::integer)`;
    const announceOff = `create or replace function core.announce(p_topic text, p_keys text[]) returns void language sql begin atomic select; end`;
    const definition = await owner.query<{ text: string }>(
      `select pg_get_functiondef('core.announce(text, text[])'::regprocedure) as text`,
    );
    await perSecond(owner, 8, 1_000, write);
    for (let round = 0; round < 2; round += 1) {
      console.log(`8 senders, announced: ${await perSecond(owner, 8, 3_000, write)} messages/s`);
      await owner.query(announceOff);
      console.log(`8 senders, silent:    ${await perSecond(owner, 8, 3_000, write)} messages/s`);
      await owner.query(definition.rows[0]?.text ?? '');
    }

    await owner.query(
      `create table bench_ballots (voter integer, round integer, primary key (voter, round));
       create function bench_notify() returns trigger language plpgsql as
         $$ begin perform pg_notify('stoa', 'proposal:' || gen_random_uuid()); return null; end $$;`,
    );
    const ballot = 'insert into bench_ballots values ($1::integer, $2::integer) on conflict do nothing';
    for (let round = 0; round < 2; round += 1) {
      console.log(
        `8 voters, silent:    ${await perSecond(owner, 8, 3_000, ballot)} single-row transactions/s`,
      );
      await owner.query(
        'truncate bench_ballots; create trigger tell after insert on bench_ballots for each statement execute function bench_notify()',
      );
      console.log(
        `8 voters, announced: ${await perSecond(owner, 8, 3_000, ballot)} single-row transactions/s`,
      );
      await owner.query('truncate bench_ballots; drop trigger tell on bench_ballots');
    }
  } finally {
    for (const child of children) child.kill();
    await api.close();
    await owner.end();
    await auth.end();
    await server.stop();
  }
}

if (process.argv[2] === 'listen') listenInChild();
else await run(Number(process.argv[2] ?? 1_000));
