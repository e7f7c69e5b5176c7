import { busKey } from '../bus.ts';
import type { Listener, Topic } from '../topic.ts';

export interface PresenceEvent {
  /** Whose presence can be read now. */
  readonly userIds: readonly string[];
  /** Whose could be before, on this subscription. */
  readonly hiddenUserIds: readonly string[];
}

/** How many people one subscription follows. */
const maxPeople = 1_000;

/**
 * The presence of friends, or of the people in a conversation. It is a state and not a log: the first event says how
 * things stand, so there is nothing to replay.
 */
export function presence(
  listener: Listener,
  conversationId: string | undefined,
  batchSize: number,
): Topic<PresenceEvent> {
  let people: ReadonlySet<string> = new Set();
  /** Whose presence the client has, as it was told. */
  const shown = new Map<string, string>();
  const due = new Set<string>();
  let isFirst = true;

  return {
    async read(query, news, watch) {
      const { userId } = listener;
      if (userId === undefined) return query.refuse('session.required');
      if (news.isAll || news.keys.has('access')) {
        const rows =
          conversationId === undefined
            ? await query.rows<{ id: string }>('presence_friends', friends, [maxPeople])
            : await query.rows<{ id: string }>('presence_peers', peers, [conversationId, maxPeople]);
        if (conversationId !== undefined && !rows.some(({ id }) => id === userId)) {
          return query.refuse(isFirst ? 'conversation.unknown' : 'subscription.access_lost');
        }
        people = new Set(rows.map(({ id }) => id).filter((id) => id !== userId));
        watch([busKey('access', userId), ...[...people].map((id) => busKey('presence', id))]);
        for (const id of [...people, ...shown.keys()]) due.add(id);
      }
      for (const id of news.keys.get('presence')?.keys() ?? []) due.add(id);

      const ids = [...due].slice(0, isFirst ? maxPeople : batchSize);
      for (const id of ids) due.delete(id);
      const rows = await query.rows<{ user_id: string; state: string }>('presence', read, [
        ids.filter((id) => people.has(id)),
      ]);
      const readable = new Map(rows.map(({ user_id, state }) => [user_id, state]));
      const told = isFirst
        ? // Who is not there needs no telling.
          [...readable].filter(([, state]) => !state.startsWith('offline'))
        : [...readable].filter(([id, state]) => shown.get(id) !== state);
      const hiddenUserIds = ids.filter((id) => shown.has(id) && !readable.has(id));
      for (const [id, state] of readable) shown.set(id, state);
      for (const id of hiddenUserIds) shown.delete(id);

      const hasMore = due.size > 0;
      if (!isFirst && told.length === 0 && hiddenUserIds.length === 0) return { hasMore };
      isFirst = false;
      return { event: { userIds: told.map(([id]) => id), hiddenUserIds }, hasMore };
    },
  };
}

const friends = 'select mine.id from core.my_friend_ids() as mine (id) limit $1::integer';

const peers = `
  select participant.user_id as id
  from messaging.conversation_participants as participant
  where participant.conversation_id = $1
    and participant.left_at is null
  limit $2::integer
`;

/** Row security says whose. */
const read = `
  select shown.user_id, core.presence_effective_status(shown) as state
  from core.presence as shown
  where shown.user_id = any ($1::uuid[])
`;
