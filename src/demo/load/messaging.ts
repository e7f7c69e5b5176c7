import { inParts, type LoadModule, share, sizeByRank } from './step.ts';

/**
 * Half of the messages: in conversations of two and of small groups. Few people have many of them, and few
 * conversations have most of the messages (the size falls with the rank, as 1/rank).
 */
export const messaging: LoadModule = {
  schemas: ['messaging'],
  bulk: ['messaging.conversations', 'messaging.conversation_participants', 'messaging.messages'],
  steps: (plan) => {
    const { members, nowMs } = plan;
    const messages = share(plan, 500_000, 500);
    const pairs = Math.floor(members * 0.5);
    const rooms = Math.max(2, Math.floor(members * 0.05));
    const conversations = pairs + rooms;
    const starters = Math.max(1, Math.floor(members / 50));
    const moment =
      'chat.start_ms + ((place - 0.8 * pg_temp.chance(chat.c * 1000003 + place, 21)) * chat.step_ms)::bigint';
    const messageId = `pg_temp.id_at(${moment}, chat.c * 1000003 + place, 22)`;
    return [
      {
        name: 'conversations drawn',
        isHidden: true,
        statements: [
          `create temporary table load_conversations on commit drop as
           select
             drawn.c, pg_temp.id_at(drawn.start_ms, drawn.c, 20) as id, drawn.people, drawn.start_ms, drawn.amount,
             (${nowMs} - 60000 - drawn.start_ms) / drawn.amount as step_ms
           from (
             select
               ranked.c,
               ${nowMs} - 86400000::bigint * 2 - (pg_temp.chance(ranked.c, 23) * 88 * 86400000)::bigint as start_ms,
               case
                 when ranked.c < ${pairs} then array[
                   pg_temp.person(ranked.c % ${starters}),
                   pg_temp.person(ranked.c % ${starters} + 7 * (1 + ranked.c / ${starters}))
                 ]
                 else array(
                   select pg_temp.person(ranked.c * 11 + seat * 13)
                   from generate_series(0, 2 + (pg_temp.dice(ranked.c, 24) % 9)::integer) as seat
                 )
               end as people,
               ${sizeByRank(messages, conversations)} as amount
             from (
               select c, row_number() over (order by pg_temp.dice(c, 25)) as rank
               from generate_series(0::bigint, ${conversations - 1}) as c
             ) as ranked
           ) as drawn
           order by 2`,
          'analyze load_conversations',
        ],
      },
      {
        name: 'conversations',
        statements: [
          `insert into messaging.conversations
             (id, kind, name, owner_id, user_low, user_high, last_seq, last_message_id, last_message_at, inserted_at, updated_at)
           select
             chat.id,
             case when chat.c < ${pairs} then 'direct' else 'group' end,
             case when chat.c >= ${pairs} then 'Room ' || chat.c end,
             case when chat.c >= ${pairs} then chat.people[1] end,
             case when chat.c < ${pairs} then least(chat.people[1], chat.people[2]) end,
             case when chat.c < ${pairs} then greatest(chat.people[1], chat.people[2]) end,
             chat.amount, ${messageId}, pg_temp.moment(${moment}),
             pg_temp.moment(chat.start_ms), pg_temp.moment(chat.start_ms)
           from load_conversations as chat
           cross join lateral (select chat.amount) as newest (place)
           order by chat.id`,
        ],
      },
      {
        name: 'participants',
        statements: [
          `insert into messaging.conversation_participants
             (conversation_id, user_id, role, joined_at, last_read_seq, last_read_message_id, last_read_at, inserted_at, updated_at)
           select
             chat.id, seat.person,
             case when chat.c >= ${pairs} and seat.number = 1 then 'owner' else 'member' end,
             pg_temp.moment(chat.start_ms), marker.place,
             case when marker.place > 0 then ${messageId.replaceAll('place', 'marker.place')} end,
             case when marker.place > 0 then pg_temp.moment(${nowMs} - 30000) end,
             pg_temp.moment(chat.start_ms), pg_temp.moment(chat.start_ms)
           from load_conversations as chat
           cross join lateral unnest(chat.people) with ordinality as seat (person, number)
           cross join lateral (
             select case
               when pg_temp.dice(chat.c * 16 + seat.number, 26) % 3 > 0 then chat.amount
               else floor(chat.amount * pg_temp.chance(chat.c * 16 + seat.number, 27))::integer
             end as place
           ) as marker
           order by chat.id`,
        ],
      },
      {
        name: 'messages',
        statements: inParts(
          conversations,
          10,
          (from, below) => `
            insert into messaging.messages (conversation_id, id, seq, sender_id, content, inserted_at, updated_at)
            select
              chat.id, ${messageId}, place,
              chat.people[1 + pg_temp.dice(chat.c * 1000003 + place, 28) % cardinality(chat.people)],
              pg_temp.words(chat.c * 1000003 + place, 29),
              pg_temp.moment(${moment}), pg_temp.moment(${moment})
            from load_conversations as chat
            cross join lateral generate_series(1, chat.amount) as place
            where chat.c >= ${from} and chat.c < ${below}
            order by chat.id, place`,
        ),
      },
      {
        name: 'reactions',
        statements: [
          `insert into messaging.message_reactions (conversation_id, message_id, emoji, user_id, inserted_at)
           select
             chat.id, ${messageId}, (array['👍', '😂', '🎉', '❤️'])[1 + pg_temp.dice(chat.c * 1000003 + place, 30) % 4],
             chat.people[1], pg_temp.moment(${moment} + 1)
           from load_conversations as chat
           cross join lateral generate_series(1, chat.amount) as place
           where pg_temp.dice(chat.c * 1000003 + place, 31) % 33 = 0`,
        ],
      },
    ];
  },
};
