import type { Client } from 'pg';
import type { FreshBench } from '../harness/bench.ts';
import { removeConversations, settleSending } from '../harness/conversations.ts';
import { literal, planOf, timeInServer } from '../harness/in-server.ts';
import { perSecond } from '../harness/rate.ts';
import { alternate } from '../harness/rounds.ts';
import { withClient } from '../harness/server.ts';
import { actAs } from '../harness/viewer.ts';

const clients = 8;
const pageSize = 50;
const deepPage = 1_000;

interface Scene {
  /** With enough messages for a page that deep. */
  readonly long: string;
  readonly reader: string;
  /** One for each client, with its sender. */
  readonly conversations: readonly { readonly id: string; readonly sender: string }[];
}

async function fill(client: Client, messages: number): Promise<Scene> {
  // Ids of messages that were sent 60 days ago until now, in the partitions of their months.
  const at = `now() - interval '1 hour' - (${messages} - place) * (interval '60 days' / ${messages})`;
  await client.query(`
    begin;
    set local session_replication_role = 'replica';
    set local synchronous_commit = off;
    create schema bench_messages;
    grant usage on schema bench_messages to stoa_member;
    create temporary table people on commit drop as
      select id, row_number() over (order by id) as n from core.users where not is_system order by id limit ${clients + 1};
    create temporary table chats on commit drop as
      select core.uuidv7() as id, n, 'Bench ' || n as name from generate_series(1, ${clients + 1}) as n;
    insert into messaging.conversations (id, kind, name, last_seq, last_message_id, last_message_at)
    select
      id, 'group', name, case when n = 1 then ${messages} else 0 end,
      case when n = 1 then (select core.uuidv7_floor(${at}) from (values (${messages})) as last (place)) end,
      case when n = 1 then now() - interval '1 hour' end
    from chats;
    update messaging.conversations as chat set owner_id = people.id from chats join people using (n) where chat.id = chats.id;
    insert into messaging.conversation_participants (conversation_id, user_id)
    select chats.id, people.id from chats join people on people.n in (chats.n, 1 + chats.n % ${clients + 1});
    insert into messaging.messages (conversation_id, id, seq, sender_id, content, inserted_at)
    select chats.id, core.uuidv7_floor(${at}), place, people.id, 'A line of about as many words as people write.', ${at}
    from generate_series(1, ${messages}) as place, chats, people
    where chats.n = 1 and people.n = 1;
    create table bench_messages.keyed (
      conversation_id uuid not null, id uuid not null, sender_id uuid not null, content text not null,
      inserted_at timestamptz not null, primary key (conversation_id, id)
    );
    create table bench_messages.seconded (
      id uuid primary key, conversation_id uuid not null, sender_id uuid not null, content text not null,
      inserted_at timestamptz not null
    );
    create index on bench_messages.seconded (conversation_id, inserted_at);
    create table bench_messages.conversations (id uuid primary key, last_message_at timestamptz) with (fillfactor = 50);
    insert into bench_messages.conversations select id from chats;
    create table bench_messages.bare (id uuid primary key, content text not null);
    grant select on bench_messages.seconded, bench_messages.keyed to stoa_member;
    -- The pace of a person is not what is measured.
    update core.settings set value = '0' where key = 'messages.pace_seconds';
    commit;
  `);
  await client.query(
    'vacuum (analyze) messaging.messages, messaging.conversations, messaging.conversation_participants',
  );
  const { rows } = await client.query<{ id: string; sender: string }>(
    `select chat.id, chat.owner_id as sender
     from messaging.conversations as chat where chat.name like 'Bench %' order by split_part(chat.name, ' ', 2)::integer`,
  );
  const [first, ...conversations] = rows;
  if (!first) throw new Error('the conversations were not made');
  return { long: first.id, reader: first.sender, conversations };
}

/** What a statement writes to the log, in bytes. */
async function walOf(client: Client, statement: string): Promise<number> {
  const { rows: before } = await client.query<{ at: string }>('select pg_current_wal_insert_lsn() as at');
  await client.query(statement);
  const { rows } = await client.query<{ bytes: string }>(
    'select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), $1) as bytes',
    [before[0]?.at],
  );
  return Number(rows[0]?.bytes);
}

async function indexBytes(client: Client, name: string): Promise<number> {
  const { rows } = await client.query<{ bytes: string }>('select pg_indexes_size($1::regclass) as bytes', [
    name,
  ]);
  return Number(rows[0]?.bytes);
}

const messages: FreshBench = {
  summary: `Direct messages: sending, the newest ${pageSize}, page ${deepPage.toLocaleString('en')}, and what the keys cost.`,
  async run({ server, scale, rounds, roundsAtMost, forMs }) {
    const { url } = await server.community();
    const amount = Math.max(deepPage * pageSize + 2_000, Math.round(600_000 * scale));
    return withClient(url, async (client) => {
      const scene = await fill(client, amount);

      // In the order in which they were sent, with the indexes in place: as rows come in.
      const { rows: counted } = await client.query<{ rows: string }>(
        'select count(*) as rows from messaging.messages where sender_id is not null',
      );
      const rows = Number(counted[0]?.rows);
      const copy = (table: string, id: string): string =>
        `insert into bench_messages.${table} (id, conversation_id, sender_id, content, inserted_at)
         select ${id}, conversation_id, sender_id, content, inserted_at
         from messaging.messages where sender_id is not null order by inserted_at`;
      const filled = (table: 'keyed' | 'seconded', id: string) => async () => {
        await client.query(`truncate bench_messages.${table}`);
        const log = (await walOf(client, copy(table, id))) / rows;
        return { log, indexes: (await indexBytes(client, `bench_messages.${table}`)) / rows };
      };
      // Bytes, not times: the same each time.
      const keys = await alternate(roundsAtMost(3), {
        keyed: filled('keyed', 'id'),
        seconded: filled('seconded', 'gen_random_uuid()'),
      });
      await client.query('vacuum (analyze) bench_messages.keyed, bench_messages.seconded');

      const chat = literal(scene.long);
      const offset = (deepPage - 1) * pageSize;
      const { rows: places } = await client.query<{ id: string }>(
        'select id from messaging.messages where conversation_id = $1 order by id desc offset $2 limit 1',
        [scene.long, offset - 1],
      );
      const place = places[0]?.id;
      if (place === undefined) throw new Error('the conversation is too short');
      const ours = (before: string): string =>
        `select * from messaging.feed(${chat}, p_before => ${before}, p_first => ${pageSize})`;
      const byOffset = (from: number): string =>
        `select * from bench_messages.seconded as message where message.conversation_id = ${chat}
         order by message.inserted_at desc limit ${pageSize} offset ${from}`;
      const byKey = (before: string): string => `
        select * from bench_messages.keyed as message
        where message.conversation_id = ${chat} and message.id < ${before}
        order by message.id desc limit ${pageSize}`;
      const none = literal('ffffffff-ffff-ffff-ffff-ffffffffffff');
      await actAs(client, 'stoa_member', scene.reader);
      const page = (before: string, from: number) =>
        alternate(rounds, {
          ours: () => timeInServer(client, ours(before)),
          offset: () => timeInServer(client, byOffset(from)),
          key: () => timeInServer(client, byKey(before === 'null' ? none : before)),
        });
      const newest = await page('null', 0);
      const deep = await page(literal(place), offset);
      const plans = [
        {
          of: `page ${deepPage}, keyset`,
          text: await planOf(
            client,
            `select * from messaging.messages as message where message.conversation_id = ${chat} and message.id < ${literal(place)} order by message.id desc limit ${pageSize}`,
          ),
        },
        { of: `page ${deepPage}, OFFSET`, text: await planOf(client, byOffset(offset)) },
      ];
      await client.query('reset role');

      const send = await alternate(rounds, {
        ours: () =>
          perSecond({
            url,
            clients,
            forMs,
            settle: settleSending,
            prepare: (connection, number) =>
              actAs(connection, 'stoa_member', scene.conversations[number]?.sender ?? ''),
            work: (connection, number, turn) =>
              connection.query({
                name: 'send',
                text: 'select (messaging.send_message($1, $2)).id',
                values: [scene.conversations[number]?.id, `Message ${turn}`],
              }),
          }),
        seconded: () =>
          perSecond({
            url,
            clients,
            forMs,
            settle: ['vacuum bench_messages.conversations'],
            work: (connection, number, turn) =>
              connection.query({
                name: 'send',
                text: `with sent as (
                         insert into bench_messages.seconded (id, conversation_id, sender_id, content, inserted_at)
                         values (gen_random_uuid(), $1, $2, $3, now()) returning inserted_at
                       )
                       update bench_messages.conversations set last_message_at = (select inserted_at from sent) where id = $1`,
                values: [
                  scene.conversations[number]?.id,
                  scene.conversations[number]?.sender,
                  `Message ${turn}`,
                ],
              }),
          }),
        announced: () =>
          perSecond({
            url,
            clients,
            forMs,
            work: (connection, _number, turn) =>
              connection.query({
                name: 'send',
                text: `with sent as (insert into bench_messages.bare (id, content) values (gen_random_uuid(), $1))
                       select pg_notify('bench', $1)`,
                values: [`Message ${turn}`],
              }),
          }),
        bare: () =>
          perSecond({
            url,
            clients,
            forMs,
            work: (connection, _number, turn) =>
              connection.query({
                name: 'send',
                text: 'insert into bench_messages.bare (id, content) values (gen_random_uuid(), $1)',
                values: [`Message ${turn}`],
              }),
          }),
      });
      await client.query('drop schema bench_messages cascade');
      await removeConversations(client, [scene.long, ...scene.conversations.map(({ id }) => id)]);
      await client.query("update core.settings set value = '10' where key = 'messages.pace_seconds'");
      const pages = (what: string, figures: typeof newest) => ({
        what,
        unit: 'ms' as const,
        forms: [
          { form: 'key (conversation, id), RLS on', role: 'stoa' as const, figures: figures('ours') },
          { form: '(conversation, time), OFFSET', role: 'peer' as const, figures: figures('offset') },
          { form: 'its key alone, no policies', role: 'limit' as const, figures: figures('key') },
        ],
      });
      const kept = (what: string, figure: 'indexes' | 'log') => {
        const bytes = (table: 'keyed' | 'seconded') => keys(table).map((each) => each[figure]);
        return {
          what,
          unit: 'bytes' as const,
          forms: [
            { form: 'key (conversation, id v7)', role: 'stoa' as const, figures: bytes('keyed') },
            { form: 'id v4 and (conversation, time)', role: 'peer' as const, figures: bytes('seconded') },
          ],
        };
      };
      return {
        comparisons: [
          {
            what: 'send',
            unit: 'per second' as const,
            forms: [
              { form: 'sendMessage, all its rules', role: 'stoa' as const, figures: send('ours') },
              { form: 'insert, time of conversation', role: 'peer' as const, figures: send('seconded') },
              { form: 'insert and NOTIFY', role: 'limit' as const, figures: send('announced') },
              { form: 'insert alone, one index', role: 'limit' as const, figures: send('bare') },
            ],
          },
          pages('newest 50', newest),
          pages(`page ${deepPage.toLocaleString('en')}`, deep),
          kept('indexes per message', 'indexes'),
          kept('log per message', 'log'),
        ],
        plans,
        notes: [
          `A conversation of ${amount.toLocaleString('en')} messages over 60 days; times of reads are those in the server.`,
          `Sending: ${clients} clients, each in a conversation of its own, synchronous commit. sendMessage checks sender, pace, pair and participation, numbers the message, moves the marker of its sender and queues the notification; the peer does none of it.`,
          `Keys: two tables of ${rows.toLocaleString('en')} rows, filled in order of time with their indexes in place. An index by sender, which either would have as well, is left out.`,
        ],
      };
    });
  },
};

export default messages;
