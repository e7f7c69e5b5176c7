import type { ClientBase } from 'pg';

export interface BaseResult {
  /** How many of the first forums were added; 0 where they are there or the module is not. */
  readonly forums: number;
}

/** The account that owns what nobody has taken over yet. Nobody can sign in as it. */
const systemAccount = { username: 'stoa', displayName: 'Stoa' };

const firstForums = [
  { slug: 'announcements', name: 'Announcements', description: 'News of this community.' },
  { slug: 'general', name: 'General', description: 'Anything that has no forum of its own.' },
  { slug: 'help', name: 'Help', description: 'Questions about how things work here.' },
];

/** Whether the database has the forums module. */
export async function hasForums(client: ClientBase): Promise<boolean> {
  const { rows } = await client.query<{ yes: boolean }>(
    `select to_regclass('forums.forums') is not null as yes`,
  );
  return rows[0]?.yes ?? false;
}

/** What every community starts with: the system account and three forums that it owns. Adds what is missing. */
export async function fillBase(client: ClientBase): Promise<BaseResult> {
  await client.query(
    `insert into core.users (username, display_name, is_system)
     values ($1, $2, true)
     on conflict (username) do nothing`,
    [systemAccount.username, systemAccount.displayName],
  );
  if (!(await hasForums(client))) return { forums: 0 };
  const { rowCount } = await client.query(
    `insert into forums.forums (name, slug, description, position, owner_id)
     select forum.name, forum.slug, forum.description, forum.place, account.id
     from jsonb_to_recordset($1) as forum (name text, slug text, description text, place integer)
     cross join core.users as account
     where account.username::text = $2 and account.is_system
     on conflict (slug) do nothing`,
    [JSON.stringify(firstForums.map((forum, place) => ({ ...forum, place }))), systemAccount.username],
  );
  return { forums: rowCount ?? 0 };
}
