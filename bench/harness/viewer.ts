import type { ClientBase } from 'pg';
import pg from 'pg';

/** Who asks: a member as the API lets them, or the owner of the tables, whom row security does not bind. */
export type Viewer = 'stoa_member' | 'stoa_owner';

/** The session acts for this person from now on. */
export async function actAs(client: ClientBase, viewer: Viewer, userId: string): Promise<void> {
  await client.query(`reset role; set role ${viewer}; set stoa.user_id = ${pg.escapeLiteral(userId)}`);
}
