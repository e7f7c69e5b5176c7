import type { TestDatabase } from './database.ts';

export interface NewUser {
  readonly username: string;
  readonly role?: 'user' | 'moderator' | 'admin';
}

/** An account without credentials: enough to act as. Returns its id. */
export async function createUser(db: TestDatabase, user: NewUser): Promise<string> {
  const { rows } = await db.query<{ id: string }>(
    `insert into core.users (username, class_id, role)
     select $1, id, role
     from core.user_classes
     where role = $2
     order by is_default desc, sort_order
     limit 1
     returning id`,
    [user.username, user.role ?? 'user'],
  );
  const id = rows[0]?.id;
  if (id === undefined) throw new Error(`no account class gives the role ${user.role ?? 'user'}`);
  return id;
}
