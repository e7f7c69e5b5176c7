import type { Client } from 'pg';
import { chatTable } from './chat.ts';
import type { ArchiveManifest } from './manifest.ts';

const log = 'audit.logs';

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
  { parent, columns }: Pick<ArchiveManifest, 'parent' | 'columns'>,
  table: string,
  { isLog }: { readonly isLog: boolean },
): Promise<number> {
  if (parent === log) {
    return count(client, 'select audit.scrub_restored($1, $2) as erased', [table, isLog]);
  }
  const erased = await count(client, 'select audit.erase_restored($1, $2) as erased', [parent, table]);
  // What hangs on a message is archived as columns of its row. A file belongs to whoever sent the message.
  if (parent === chatTable && columns.some(({ name }) => name === 'attachments')) {
    await client.query(
      `update ${table} as target set attachments = null
       from audit.erasures as done
       where target.sender_id = done.user_id and target.attachments is not null`,
    );
  }
  return erased;
}
