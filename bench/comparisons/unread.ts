import type { Client } from 'pg';
import type { FreshBench } from '../harness/bench.ts';
import { removeConversations, settleSending } from '../harness/conversations.ts';
import { literal, timeInServer } from '../harness/in-server.ts';
import { perSecond } from '../harness/rate.ts';
import type { Comparison } from '../harness/report.ts';
import { alternate } from '../harness/rounds.ts';
import { withClient } from '../harness/server.ts';
import { actAs } from '../harness/viewer.ts';

const clients = 4;
const unreadMessages = 5_000;

interface Scene {
  readonly chat: string;
  readonly senders: readonly string[];
  readonly reader: string;
}

/** A conversation of so many people, of whom the reader has 5,000 messages to read; and the same in tables of a peer. */
async function fill(client: Client, members: number): Promise<Scene> {
  await client.query(`
    begin;
    set local session_replication_role = 'replica';
    set local synchronous_commit = off;
    create temporary table people on commit drop as
      select id, row_number() over (order by id) as n from core.users where not is_system order by id limit ${members};
    -- More people than there are accounts: they only sit there.
    insert into people select gen_random_uuid(), n from generate_series((select count(*) + 1 from people), ${members}) as n;
    create temporary table chat on commit drop as select core.uuidv7() as id;
    insert into messaging.conversations (id, kind, name, last_seq, last_message_id, last_message_at)
    select id, 'group', 'Unread ${members}', ${unreadMessages}, core.uuidv7(), now() from chat;
    insert into messaging.conversation_participants (conversation_id, user_id)
    select chat.id, people.id from chat, people;
    create table bench_unread.participants_${members} (
      conversation_id uuid, user_id uuid, unread integer not null, last_read_at timestamptz not null,
      primary key (conversation_id, user_id)
    ) with (fillfactor = 50);
    insert into bench_unread.participants_${members}
    select chat.id, people.id, ${unreadMessages}, now() - interval '1 day' from chat, people;
    insert into bench_unread.conversations select id, now() from chat;
    insert into bench_unread.messages
    select gen_random_uuid(), chat.id, (select id from people where n = 1), 'A line of some words.', now() - n * interval '1 second'
    from chat, generate_series(1, ${unreadMessages}) as n;
    commit;
  `);
  for (const table of [
    'messaging.conversation_participants',
    'messaging.conversations',
    'bench_unread.messages',
    `bench_unread.participants_${members}`,
  ]) {
    await client.query(`vacuum (analyze) ${table}`);
  }
  const { rows } = await client.query<{ chat: string; people: string[] }>(
    `select chat.id as chat, array(
       select member.user_id::text from messaging.conversation_participants as member
       join core.users as account on account.id = member.user_id
       where member.conversation_id = chat.id order by 1 limit ${clients + 1}
     ) as people
     from messaging.conversations as chat where chat.name = 'Unread ${members}'`,
  );
  const [row] = rows;
  const reader = row?.people.at(-1);
  if (!row || reader === undefined) throw new Error('the conversation was not made');
  return { chat: row.chat, senders: row.people, reader };
}

const unread: FreshBench = {
  summary:
    'How many messages are unread: what it costs to know, and to send, by the size of the conversation.',
  async run({ server, rounds, forMs }) {
    const { url } = await server.community();
    return withClient(url, async (client) => {
      await client.query(`
        create schema bench_unread;
        grant usage on schema bench_unread to stoa_member;
        create table bench_unread.conversations (id uuid primary key, last_message_at timestamptz) with (fillfactor = 50);
        create table bench_unread.messages (
          id uuid primary key, conversation_id uuid not null, sender_id uuid, content text not null, inserted_at timestamptz not null
        );
        create index on bench_unread.messages (conversation_id, inserted_at);
        update core.settings set value = '0' where key = 'messages.pace_seconds';
      `);
      const reads: Comparison[] = [];
      const writes: Comparison[] = [];
      for (const members of [2, 100, 10_000]) {
        const { chat, senders, reader } = await fill(client, members);
        await client.query('grant select on all tables in schema bench_unread to stoa_member');
        const here = literal(chat);
        const me = literal(reader);
        await actAs(client, 'stoa_member', reader);
        const read = await alternate(rounds, {
          ours: () =>
            timeInServer(
              client,
              `select messaging.conversations_unread_count(chat) from messaging.conversations as chat where chat.id = ${here}`,
            ),
          count: () =>
            timeInServer(
              client,
              `select count(*) from bench_unread.messages as message
               join bench_unread.participants_${members} as member on member.conversation_id = message.conversation_id
               where member.conversation_id = ${here} and member.user_id = ${me} and message.inserted_at > member.last_read_at`,
            ),
          counter: () =>
            timeInServer(
              client,
              `select unread from bench_unread.participants_${members} as member where member.conversation_id = ${here} and member.user_id = ${me}`,
            ),
        });
        await client.query('reset role');
        const insert = `insert into bench_unread.messages values (gen_random_uuid(), $1, $2, $3, now())`;
        const settle = [`vacuum bench_unread.conversations, bench_unread.participants_${members}`];
        const traffic = (work: (connection: Client, number: number, turn: number) => Promise<unknown>) =>
          perSecond({ url, clients, forMs, settle, work });
        const sender = (number: number): string => senders[number % senders.length] ?? '';
        const write = await alternate(rounds, {
          ours: () =>
            perSecond({
              url,
              clients,
              forMs,
              settle: settleSending,
              prepare: (connection, number) => actAs(connection, 'stoa_member', sender(number)),
              work: (connection, _number, turn) =>
                connection.query({
                  name: 'send',
                  text: 'select (messaging.send_message($1, $2)).id',
                  values: [chat, `Message ${turn}`],
                }),
            }),
          counter: () =>
            traffic((connection, number, turn) =>
              connection.query({
                name: 'send',
                // The conversation first: without it, two senders lock the participants in different orders and deadlock.
                text: `with noted as (update bench_unread.conversations set last_message_at = now() where id = $1 returning id),
                         sent as (insert into bench_unread.messages select gen_random_uuid(), id, $2, $3, now() from noted)
                       update bench_unread.participants_${members} as member set unread = unread + 1
                       from noted where member.conversation_id = noted.id and member.user_id <> $2`,
                values: [chat, sender(number), `Message ${turn}`],
              }),
            ),
          bare: () =>
            traffic((connection, number, turn) =>
              connection.query({
                name: 'send',
                text: `with sent as (${insert}) update bench_unread.conversations set last_message_at = now() where id = $1`,
                values: [chat, sender(number), `Message ${turn}`],
              }),
            ),
        });
        await removeConversations(client, [chat]);
        const people = `${members.toLocaleString('en')} members`;
        reads.push({
          what: `read, ${people}`,
          unit: 'ms',
          forms: [
            { form: 'number less marker, RLS on', role: 'stoa', figures: read('ours') },
            { form: `COUNT of ${unreadMessages.toLocaleString('en')}`, role: 'peer', figures: read('count') },
            { form: 'counter per participant', role: 'peer', figures: read('counter') },
          ],
        });
        writes.push({
          what: `send, ${people}`,
          unit: 'per second',
          forms: [
            { form: 'sendMessage, all its rules', role: 'stoa', figures: write('ours') },
            { form: 'insert, counters of all', role: 'peer', figures: write('counter') },
            { form: 'insert, time of conversation', role: 'limit', figures: write('bare') },
          ],
        });
      }
      await client.query('drop schema bench_unread cascade');
      await client.query("update core.settings set value = '10' where key = 'messages.pace_seconds'");
      return {
        comparisons: [...reads, ...writes],
        notes: [
          `${clients} senders in one conversation, synchronous commit: they wait for each other's commit in every form. Reads: time in the server.`,
          'The peers check nothing and queue no notification; sendMessage does all of that in the same figure.',
        ],
      };
    });
  },
};

export default unread;
