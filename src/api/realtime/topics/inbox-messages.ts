import { z } from 'zod';
import { busKey } from '../bus.ts';
import type { ClaimsQuery } from '../claims.ts';
import { decodeCursor, encodeCursor, idFloor, lateCommitMs } from '../cursors.ts';
import type { Listener, News, Topic } from '../topic.ts';
import type { MessagesEvent } from './messages-event.ts';

/** Beyond this many conversations in the cursor, it is brought forward. */
const longCursor = 100;

const cursorShape = z.object({
  /** Every message up to here is known. */
  w: z.uuid(),
  /** Of these conversations, every message up to there: their ids are in the order of the commits. */
  c: z.record(z.uuid(), z.uuid()),
});

/** The messages of all conversations of a person, those that they come into later included. */
export function inboxMessages(
  listener: Listener,
  after: string | undefined,
  batchSize: number,
): Topic<MessagesEvent> {
  let horizon: string | undefined;
  let positions = new Map<string, string>();
  let conversationIds: string[] = [];

  const start = async (query: ClaimsQuery): Promise<void> => {
    if (after !== undefined) {
      const { w, c } = await decodeCursor(query, cursorShape, after);
      horizon = w;
      positions = new Map(Object.entries(c));
      return;
    }
    const now = idFloor(query.startedAt - lateCommitMs);
    const rows = await query.rows<{ id: string; last: string }>('inbox_positions', whereTheyAre, [now]);
    positions = new Map(rows.map(({ id, last }) => [id, last]));
    horizon = now;
  };

  return {
    async read(query, news, watch) {
      const { userId } = listener;
      if (userId === undefined) return query.refuse('session.required');
      const isFirst = horizon === undefined;
      if (news.isAll || news.keys.has('access')) {
        const mine = await query.rows<{ id: string }>('my_conversations', myConversations, []);
        conversationIds = mine.map(({ id }) => id);
        watch([busKey('access', userId), ...conversationIds.map((id) => busKey('conversation', id))]);
      }
      // On the bus before it is read where they are.
      if (isFirst) await start(query);
      const known = horizon ?? idFloor(0);

      const isAll = news.isAll || news.keys.has('access') || positions.size > longCursor;
      const announced = news.keys.get('conversation') ?? new Map<string, Set<string>>();
      const asked = isAll ? conversationIds : conversationIds.filter((id) => announced.has(id));
      const found = await query.rows<{ conversation_id: string; id: string }>('inbox_messages', read, [
        asked,
        JSON.stringify(Object.fromEntries(positions)),
        known,
        batchSize,
      ]);
      for (const { conversation_id, id } of found) positions.set(conversation_id, id);
      const hasMore = found.length === batchSize;
      if (isAll && !hasMore) {
        const reached = idFloor(query.startedAt - lateCommitMs);
        if (reached > known) {
          horizon = reached;
          positions = new Map([...positions].filter(([, id]) => id > reached));
        }
      }

      const changed = await changedOf(query, news, asked);
      if (!isFirst && found.length === 0 && changed.length === 0) return { hasMore };
      return {
        event: {
          containerIds: [...new Set([...found, ...changed].map((message) => message.conversation_id))],
          ids: found.map(({ id }) => id),
          changedIds: changed.map(({ id }) => id),
          removedIds: [],
          cursor: encodeCursor({ w: horizon, c: Object.fromEntries(positions) }),
        },
        hasMore,
      };
    },
  };
}

async function changedOf(
  query: ClaimsQuery,
  news: News,
  conversationIds: readonly string[],
): Promise<{ conversation_id: string; id: string }[]> {
  const announced = news.keys.get('conversation');
  const ids = conversationIds.flatMap((id) => [...(announced?.get(id) ?? [])]);
  return ids.length === 0 ? [] : query.rows('inbox_changes', readChanged, [conversationIds, ids]);
}

const myConversations = 'select mine.id from messaging.my_conversation_ids() as mine (id)';

const whereTheyAre = `
  select conversation.id, conversation.last_message_id as last
  from messaging.conversations as conversation
  where conversation.id = any (array(select messaging.my_conversation_ids()))
    and conversation.last_message_id > $1::uuid
`;

/** Of each conversation the oldest that are not known, and of those the oldest: what is left over is newer in each. */
const read = `
  select message.conversation_id, message.id
  from unnest($1::uuid[]) as asked (id)
  cross join lateral (
    select coalesce(($2::jsonb ->> asked.id::text)::uuid, $3::uuid) as id
  ) as position
  join messaging.conversations as conversation
    on conversation.id = asked.id
   and conversation.last_message_id > position.id
  cross join lateral (
    select candidate.conversation_id, candidate.id
    from messaging.messages as candidate
    where candidate.conversation_id = asked.id
      and candidate.id > position.id
    order by candidate.id
    limit $4::integer
  ) as message
  order by message.id
  limit $4::integer
`;

const readChanged = `
  select message.conversation_id, message.id
  from messaging.messages as message
  where message.conversation_id = any ($1::uuid[])
    and message.id = any ($2::uuid[])
`;
