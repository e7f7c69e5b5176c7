import { globSync, readFileSync } from 'node:fs';
import type { ClientBase } from 'pg';

/**
 * Applies `sql/<module>/` on top of the migrations, in whatever order works: an object that needs another one is
 * tried again after it. Returns what could not be applied.
 */
export async function applyWorkingCopies(client: ClientBase): Promise<{ file: string; message: string }[]> {
  const kinds = ['functions', 'views', 'triggers', 'policies'];
  let pending = kinds.flatMap((kind) => globSync(`sql/*/${kind}/*.sql`).sort());
  await client.query('set role stoa_owner; set check_function_bodies = off');
  for (;;) {
    const refused: { file: string; message: string }[] = [];
    for (const file of pending) {
      try {
        await client.query(readFileSync(file, 'utf8'));
      } catch (error) {
        refused.push({ file, message: error instanceof Error ? error.message : String(error) });
      }
    }
    if (refused.length === 0 || refused.length === pending.length) {
      await client.query('reset role; reset check_function_bodies');
      return refused;
    }
    pending = refused.map(({ file }) => file);
  }
}
