import type { Client } from 'pg';

const log = 'audit.logs';

/** What hangs on a message is archived as columns of its row. A file belongs to whoever sent the message. */
const chat = 'groups.channel_messages';

async function count(client: Client, text: string, values: readonly unknown[]): Promise<number> {
  const { rows } = await client.query<{ erased: string }>(text, [...values]);
  return Number(rows[0]?.erased ?? 0);
}

/**
 * Takes everybody who was erased since out of rows that came back from an archive, before anybody can see them. `isLog`: what
 * they become is what the audit log has of these entries from now on. Answers with how many rows were deleted or changed.
 */
export async function eraseRestored(
  client: Client,
  parent: string,
  table: string,
  { isLog }: { readonly isLog: boolean },
): Promise<number> {
  if (parent === log) {
    return count(client, 'select audit.scrub_restored($1, $2) as erased', [table, isLog]);
  }
  const erased = await count(client, 'select audit.erase_restored($1, $2) as erased', [parent, table]);
  const { rows } = await client.query<{ is_there: boolean }>(
    `select exists (
       select from pg_catalog.pg_attribute where attrelid = $1::regclass and attname = 'attachments'
     ) as is_there`,
    [table],
  );
  if (parent === chat && rows[0]?.is_there) {
    await client.query(
      `update ${table} as target set attachments = null
       from audit.erasures as done
       where target.sender_id = done.user_id and target.attachments is not null`,
    );
  }
  return erased;
}
