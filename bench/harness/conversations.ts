import type { Client } from 'pg';

/**
 * For `settle` of a rate: what each message leaves dead, at its conversation, its sender and the job that waits for it, would
 * slow the rounds after.
 */
export const settleSending = [
  'vacuum (index_cleanup on) messaging.conversations, messaging.conversation_participants',
  'vacuum (index_cleanup on) graphile_worker._private_jobs',
];

/** These conversations, with their messages and the jobs that wait to tell of them: the next pass makes others. */
export async function removeConversations(client: Client, ids: readonly string[]): Promise<void> {
  await client.query('begin');
  // By their keys alone: what is left cannot name them, and nobody has to be told.
  await client.query("set local session_replication_role = 'replica'");
  await client.query('delete from messaging.messages where conversation_id = any ($1::uuid[])', [ids]);
  await client.query(
    'delete from messaging.conversation_participants where conversation_id = any ($1::uuid[])',
    [ids],
  );
  await client.query('delete from messaging.conversations where id = any ($1::uuid[])', [ids]);
  await client.query(
    "delete from graphile_worker._private_jobs where payload ->> 'conversationId' = any ($1::text[])",
    [ids],
  );
  await client.query('commit');
  await client.query(
    'vacuum (analyze) messaging.messages, messaging.conversation_participants, messaging.conversations',
  );
  await client.query('vacuum graphile_worker._private_jobs');
}
