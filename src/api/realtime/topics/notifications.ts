import { z } from 'zod';
import { busKey } from '../bus.ts';
import { decodeCursor, encodeCursor, lateCommitMs } from '../cursors.ts';
import type { Listener, Topic } from '../topic.ts';

export interface BellEvent {
  /** The one whose bell it is. */
  readonly userIds: readonly string[];
  readonly ids: readonly string[];
  readonly unreadCount: number;
  readonly cursor: string;
}

interface Entry {
  readonly id: string;
  /** Microseconds since 1970: exact below the year 2255. */
  readonly at: string;
}

const cursorShape = z.object({
  /** Every entry that was written or counted into up to here is known: microseconds since 1970. */
  w: z.number().int().nonnegative(),
  /** What is known after that, with the time of each. */
  s: z.record(z.uuid(), z.number().int().nonnegative()),
});

/** The bell of a person: entries that are new, and entries that something was counted into. */
export function notifications(
  listener: Listener,
  after: string | undefined,
  batchSize: number,
): Topic<BellEvent> {
  let horizon: number | undefined;
  let seen = new Map<string, number>();
  let shownUnread: number | undefined;

  return {
    async read(query, news, watch) {
      const { userId } = listener;
      if (userId === undefined) return query.refuse('session.required');
      const reached = (query.startedAt - lateCommitMs) * 1000;
      const isFirst = horizon === undefined;
      if (isFirst) watch([busKey('bell', userId)]);

      const entries = (text: string, name: string, values: readonly unknown[]): Promise<Entry[]> =>
        query.rows<Entry>(name, text, values);
      if (horizon === undefined && after !== undefined) {
        const { w, s } = await decodeCursor(query, cursorShape, after);
        horizon = w;
        seen = new Map(Object.entries(s));
      } else if (horizon === undefined) {
        horizon = Math.floor(reached);
        const known = await entries(readSince, 'bell_since', [userId, horizon, null]);
        seen = new Map(known.map(({ id, at }) => [id, Number(at)]));
      }

      const announced = [...(news.keys.get('bell')?.get(userId) ?? [])];
      const candidates = news.isAll
        ? await entries(readSince, 'bell_since', [userId, horizon, batchSize + seen.size])
        : await entries(readNamed, 'bell_named', [userId, announced]);
      const found = candidates.filter(({ id, at }) => seen.get(id) !== Number(at)).slice(0, batchSize);
      for (const { id, at } of found) seen.set(id, Number(at));
      const hasMore = found.length === batchSize;
      if (news.isAll && !hasMore && reached > horizon) {
        const known = Math.floor(reached);
        horizon = known;
        seen = new Map([...seen].filter(([, at]) => at > known));
      }

      const [count] = await query.rows<{ unread: number }>('bell_unread', readUnread, []);
      const unreadCount = count?.unread ?? 0;
      const isSame = unreadCount === (shownUnread ?? unreadCount);
      shownUnread = unreadCount;
      if (!isFirst && found.length === 0 && isSame) return { hasMore };
      return {
        event: {
          userIds: [userId],
          ids: found.map(({ id }) => id),
          unreadCount,
          cursor: encodeCursor({ w: horizon, s: Object.fromEntries(seen) }),
        },
        hasMore,
      };
    },
  };
}

/** Unread entries only: what was read on another device needs no telling. */
const readSince = `
  select entry.id, (extract(epoch from entry.updated_at) * 1000000)::bigint::text as at
  from notifications.notifications as entry
  where entry.user_id = $1
    and entry.read_at is null
    and entry.updated_at > to_timestamp($2::float8 / 1000000)
  order by entry.updated_at, entry.id
  limit $3::integer
`;

const readNamed = `
  select entry.id, (extract(epoch from entry.updated_at) * 1000000)::bigint::text as at
  from notifications.notifications as entry
  where entry.user_id = $1
    and entry.id = any ($2::uuid[])
    and entry.read_at is null
  order by entry.updated_at, entry.id
`;

const readUnread = 'select notifications.unread_count() as unread';
