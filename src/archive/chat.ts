import pg from 'pg';
import { z } from 'zod';
import type { ArchiveColumn } from './manifest.ts';
import { columnsOf } from './partition.ts';
import { freeName, moveRows, type RowArchive, type RowsMoved, unfinishedRows } from './rows.ts';
import { type ArchiveSession, throwIfStopped } from './session.ts';

export const chatTable = 'groups.channel_messages';

const scopeShape = z.object({ channel: z.uuid(), before: z.iso.datetime({ offset: true }) });

/** What hangs on a message goes with it, so it is in the archive of the message. */
const hangsOn = [
  { name: 'attachments', table: 'groups.message_attachments' },
  { name: 'reactions', table: 'groups.message_reactions' },
] as const;

async function chatArchive(
  session: ArchiveSession,
  name: string,
  scope: z.infer<typeof scopeShape>,
): Promise<RowArchive> {
  const { client } = session;
  const own = await columnsOf(client, chatTable);
  const columns: ArchiveColumn[] = [
    ...own.map((column) => ({ ...column, isBlanked: false })),
    ...hangsOn.map((part) => ({ name: part.name, type: 'jsonb', isBlanked: false })),
  ];
  const { rows } = await client.query<{ held: string | null }>(
    "select ops.held_condition($1, 'message') as held",
    [chatTable],
  );
  const held = rows[0]?.held ?? null;
  const parts = hangsOn.map(
    ({ name: column, table }) =>
      `(select jsonb_agg(to_jsonb(part)) from ${table} as part where part.channel_id = message.channel_id and part.message_id = message.id) as ${column}`,
  );
  return {
    parent: chatTable,
    name,
    scope,
    columns,
    query: `
      select ${own.map((column) => `message.${pg.escapeIdentifier(column.name)}`).join(', ')}, ${parts.join(', ')}
      from groups.channel_messages as message
      where message.channel_id = ${pg.escapeLiteral(scope.channel)}
        and message.id < core.uuidv7_floor(${pg.escapeLiteral(scope.before)})
        ${held === null ? '' : `and not ${held}`}
      order by message.id`,
    keyColumns: ['id'],
    async remove(keys) {
      const answer = await client.query<{ gone: number }>(
        'select groups.archive_chat($1, $2, now(), $3, $4) as gone',
        [scope.channel, scope.before, keys.length, keys.map(([id]) => id)],
      );
      return answer.rows[0]?.gone ?? 0;
    },
  };
}

/** Midnight, in UTC: the archives of a channel follow one another day by day. */
function startOfDay(moment: Date): string {
  return `${moment.toISOString().slice(0, 10)}T00:00:00.000Z`;
}

/**
 * Exports the messages of channels that keep them for a number of days only, reads each archive back and deletes what it
 * holds. Archives that a run before left open come first.
 */
export async function archiveChat(session: ArchiveSession): Promise<readonly RowsMoved[]> {
  const moved: RowsMoved[] = [];
  for (const open of await unfinishedRows(
    session,
    chatTable,
    (scope) => scopeShape.safeParse(scope).success,
  )) {
    throwIfStopped(session.signal);
    moved.push(await moveRows(session, await chatArchive(session, open.name, scopeShape.parse(open.scope))));
  }
  const { rows: due } = await session.client.query<{ channel: string; before: Date }>(
    'select channel_id as channel, before from groups.chat_to_archive()',
  );
  for (const { channel, before } of due) {
    throwIfStopped(session.signal);
    const scope = { channel, before: startOfDay(before) };
    const draft = await chatArchive(session, '', scope);
    const { rows } = await session.client.query(`select from (${draft.query} limit 1) as message`);
    if (rows.length === 0) continue;
    const name = await freeName(session, chatTable, `channel-${channel}.before-${scope.before.slice(0, 10)}`);
    moved.push(await moveRows(session, { ...draft, name }));
  }
  return moved;
}
