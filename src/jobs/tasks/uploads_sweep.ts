import pg from 'pg';
import { openStorage } from '../../storage/open.ts';
import type { Storage } from '../../storage/storage.ts';
import { recorded, type StoaTask, type TaskContext } from '../task.ts';

const batch = 500;
/** restrict_violation since PostgreSQL 18, foreign_key_violation before. */
const stillReferenced = ['23001', '23503'];

/** Uploads whose messages were deleted in bulk or went with their partition: nothing points at them any more. */
async function release(context: TaskContext): Promise<number> {
  let released = 0;
  for (let after: string | null = null; ; ) {
    context.abortSignal?.throwIfAborted();
    const { rows }: { rows: { id: string; is_referenced: boolean }[] } = await context.query(
      'select id, is_referenced from media.unreferenced_uploads($1, $2)',
      [after, batch],
    );
    const ids = rows.filter((row) => !row.is_referenced).map(({ id }) => id);
    if (ids.length > 0) {
      const answer = await context.query<{ count: number }>('select media.release_uploads($1) as count', [
        ids,
      ]);
      released += answer.rows[0]?.count ?? 0;
    }
    const last = rows.at(-1);
    if (rows.length < batch || last === undefined) return released;
    after = last.id;
  }
}

/**
 * Row and bytes, or neither: the row is deleted first, which fails while something points at it, and that is
 * committed when the bytes are gone. Bytes that are gone already are no failure.
 */
async function remove(
  context: TaskContext,
  storage: Storage,
  upload: { readonly id: string; readonly storage_path: string },
): Promise<void> {
  await context.withPgClient(async (client) => {
    const removeBytes = async (): Promise<void> => {
      await storage.delete(upload.storage_path);
      await storage.delete(`incoming/${upload.id}`);
    };
    await client.query('begin');
    try {
      await client.query('delete from media.uploads where id = $1', [upload.id]);
      await removeBytes();
      await client.query('commit');
    } catch (error) {
      await client.query('rollback');
      if (!(error instanceof pg.DatabaseError) || !stillReferenced.includes(error.code ?? '')) throw error;
      await removeBytes();
      await client.query('update media.uploads set purged_at = now() where id = $1', [upload.id]);
    }
  });
}

/** Removes the bytes and rows of uploads that were never attached, or deleted 30 days ago. */
const uploadsSweep: StoaTask = async (_payload, context) => {
  const storage = await openStorage(context.config);
  try {
    await recorded('uploads_sweep', context, async () => {
      const released = await release(context);
      let removed = 0;
      for (;;) {
        const { rows } = await context.query<{ id: string; storage_path: string }>(
          'select id, storage_path from media.expired_uploads(now(), $1)',
          [batch],
        );
        for (const upload of rows) {
          context.abortSignal?.throwIfAborted();
          await remove(context, storage, upload);
          removed += 1;
        }
        if (rows.length === 0) return { rowsAffected: removed, detail: { released } };
      }
    });
  } finally {
    storage.close();
  }
};

export default uploadsSweep;
