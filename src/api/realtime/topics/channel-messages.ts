import { busKey } from '../bus.ts';
import { parseIdCursor } from '../cursors.ts';
import type { Listener, Topic } from '../topic.ts';
import type { MessagesEvent } from './messages-event.ts';

interface Row {
  readonly may: boolean;
  readonly ids: string[];
  readonly changed: string[];
}

/** The messages of one channel or thread of a group. Visitors may follow where they may read. */
export function channelMessages(
  listener: Listener,
  channelId: string,
  after: string | undefined,
  batchSize: number,
): Topic<MessagesEvent> {
  let position: string | undefined;
  let groupId: string | undefined;
  const ofListener = listener.userId === undefined ? [] : [busKey('access', listener.userId)];
  return {
    async read(query, news, watch) {
      const isFirst = groupId === undefined;
      if (groupId === undefined) {
        watch([busKey('channel', channelId), ...ofListener]);
        const start = after === undefined ? undefined : await parseIdCursor(query, after);
        const [channel] = await query.rows<{ group_id: string; last: string | null }>('channel', find, [
          channelId,
        ]);
        if (!channel) return query.refuse('channel.unknown');
        groupId = channel.group_id;
        // On the bus before the read below, which decides once more.
        watch([busKey('channel', channelId), busKey('group', groupId), ...ofListener]);
        position = start ?? channel.last ?? nothingYet;
      }
      const changed = [...(news.keys.get('channel')?.get(channelId) ?? [])];
      const [row] = await query.rows<Row>('channel_messages', read, [
        channelId,
        position,
        batchSize,
        changed,
        groupId,
      ]);
      if (!row?.may) return query.refuse('subscription.access_lost');
      position = row.ids.at(-1) ?? position ?? nothingYet;
      if (!isFirst && row.ids.length === 0 && changed.length === 0) return {};
      const visible = new Set(row.changed);
      return {
        event: {
          containerIds: [channelId],
          ids: row.ids,
          changedIds: row.changed,
          // A deleted message is not read any more.
          removedIds: changed.filter((id) => !visible.has(id)),
          cursor: position,
        },
        hasMore: row.ids.length === batchSize,
      };
    },
  };
}

const nothingYet = '00000000-0000-0000-0000-000000000000';

/** 66560: VIEW_CHANNEL and READ_HISTORY. */
const find = `
  select channel.group_id, channel.last_message_id as last
  from groups.channels as channel
  where channel.id = $1
    and channel.deleted_at is null
    and groups.my_permissions(channel.group_id, channel.id) & 66560 = 66560
`;

/**
 * A null cursor is now: no message is after it. Who gets a message may read the channel; the permissions, which cost more
 * than all the rest, are worked out only where there is none.
 */
const read = `
  select
    cardinality(found.ids) > 0 or groups.my_permissions($5, $1) & 66560 = 66560 as may,
    found.ids,
    found.changed
  from (
    select
      array(
        select message.id
        from groups.channel_messages as message
        where message.channel_id = $1
          and message.id > $2::uuid
        order by message.id
        limit $3::integer
      ) as ids,
      case
        when cardinality($4::uuid[]) = 0 then '{}'::uuid[]
        else array(
          select message.id
          from groups.channel_messages as message
          where message.channel_id = $1
            and message.id = any ($4::uuid[])
        )
      end as changed
    offset 0
  ) as found
`;
