import { busKey } from '../bus.ts';
import { parseIdCursor } from '../cursors.ts';
import type { Listener, Topic } from '../topic.ts';
import type { MessagesEvent } from './messages-event.ts';

interface Row {
  readonly may: boolean;
  readonly last: string | null;
  readonly ids: string[];
  readonly changed: string[];
}

/**
 * The messages of one conversation. Its ids are in the order of the commits (the row of the conversation is locked until
 * then), so the last id is the whole cursor.
 */
export function conversationMessages(
  listener: Listener,
  conversationId: string,
  after: string | undefined,
  batchSize: number,
): Topic<MessagesEvent> {
  let position: string | undefined;
  return {
    async read(query, news, watch) {
      if (listener.userId === undefined) return query.refuse('session.required');
      const isFirst = position === undefined;
      if (isFirst) watch([busKey('conversation', conversationId), busKey('access', listener.userId)]);
      const start = after === undefined ? undefined : await parseIdCursor(query, after);
      const changed = [...(news.keys.get('conversation')?.get(conversationId) ?? [])];
      const [row] = await query.rows<Row>('conversation_messages', read, [
        conversationId,
        position ?? start ?? null,
        batchSize,
        changed,
      ]);
      if (!row?.may) {
        return query.refuse(isFirst ? 'conversation.unknown' : 'subscription.access_lost');
      }
      position = row.ids.at(-1) ?? position ?? start ?? row.last ?? nothingYet;
      if (!isFirst && row.ids.length === 0 && row.changed.length === 0) return {};
      return {
        event: {
          containerIds: [conversationId],
          ids: row.ids,
          changedIds: row.changed,
          removedIds: [],
          cursor: position,
        },
        hasMore: row.ids.length === batchSize,
      };
    },
  };
}

const nothingYet = '00000000-0000-0000-0000-000000000000';

/** A null cursor is now: no message is after it. */
const read = `
  select
    messaging.is_participant($1) as may,
    (select conversation.last_message_id from messaging.conversations as conversation where conversation.id = $1) as last,
    array(
      select message.id
      from messaging.messages as message
      where message.conversation_id = $1
        and message.id > $2::uuid
      order by message.id
      limit $3::integer
    ) as ids,
    array(
      select message.id
      from messaging.messages as message
      where message.conversation_id = $1
        and message.id = any ($4::uuid[])
    ) as changed
`;
