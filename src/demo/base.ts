import type { ClientBase } from 'pg';

export interface BaseResult {
  /** How many of the first forums were added; 0 where they are there or the module is not. */
  readonly forums: number;
}

/** The account that owns what nobody has taken over yet. Nobody can sign in as it. */
const systemAccount = { username: 'stoa', displayName: 'Stoa' };

const firstForums = [
  { slug: 'announcements', name: 'Announcements', description: 'News of this community.', staffOnly: true },
  {
    slug: 'general',
    name: 'General',
    description: 'Anything that has no forum of its own.',
    staffOnly: false,
  },
  { slug: 'help', name: 'Help', description: 'Questions about how things work here.', staffOnly: false },
];

/** Whether the database has the forums module. */
export async function hasForums(client: ClientBase): Promise<boolean> {
  const { rows } = await client.query<{ yes: boolean }>(
    `select to_regclass('forums.forums') is not null as yes`,
  );
  return rows[0]?.yes ?? false;
}

/**
 * What every community starts with: the system account and three forums that it owns, in the first of which only
 * staff posts. Adds what is missing.
 */
export async function fillBase(client: ClientBase): Promise<BaseResult> {
  await client.query(
    `insert into core.users (username, display_name, is_system)
     values ($1, $2, true)
     on conflict (username) do nothing`,
    [systemAccount.username, systemAccount.displayName],
  );
  if (!(await hasForums(client))) return { forums: 0 };
  const { rowCount } = await client.query(
    `insert into forums.forums (name, slug, description, position, owner_id, min_post_class_id)
     select forum.name, forum.slug, forum.description, forum.place, account.id,
       case when forum."staffOnly" then (
         select id from core.user_classes where role = 'moderator' order by sort_order limit 1
       ) end
     from jsonb_to_recordset($1)
       as forum (name text, slug text, description text, place integer, "staffOnly" boolean)
     cross join core.users as account
     where account.username::text = $2 and account.is_system
     on conflict (slug) do nothing`,
    [JSON.stringify(firstForums.map((forum, place) => ({ ...forum, place }))), systemAccount.username],
  );
  return { forums: rowCount ?? 0 };
}
