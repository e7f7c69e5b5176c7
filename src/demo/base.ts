import type { ClientBase } from 'pg';
import { insertAdministrator, type PasswordLink } from '../auth/operator.ts';
import { uuidv7At } from '../uuidv7.ts';

export interface BaseResult {
  /** How many categories of torrents were added. */
  readonly categories: number;
  /** How many of the first forums were added; 0 where they are there or the module is not. */
  readonly forums: number;
  /** The link of the administrator who was made; absent where there is one already, or none was wanted. */
  readonly administrator?: PasswordLink;
}

/** Who runs the community. Has no password until the link has been used. */
export interface FirstAdministrator {
  readonly username: string;
  readonly email: string;
}

/** The account that owns what nobody has taken over yet. Nobody can sign in as it. */
const systemAccount = { username: 'stoa', displayName: 'Stoa' };

const firstForums = [
  {
    slug: 'announcements',
    name: 'Announcements',
    description: 'News of this community.',
    staffOnly: true,
    sections: ['News', 'Rules'],
  },
  {
    slug: 'general',
    name: 'General',
    description: 'Anything that has no forum of its own.',
    staffOnly: false,
    sections: ['Introductions', 'Conversations'],
  },
  {
    slug: 'help',
    name: 'Help',
    description: 'Questions about how things work here.',
    staffOnly: false,
    sections: ['Questions', 'Ideas'],
  },
];

/** Categories of torrents, with the outside catalogue that describes what stands in them. */
const firstCategories = [
  { slug: 'film', name: 'Film', provider: 'tmdb', parent: null },
  { slug: 'music', name: 'Music', provider: 'musicbrainz', parent: null },
  { slug: 'games', name: 'Games', provider: 'igdb', parent: null },
  { slug: 'reading', name: 'Reading', provider: null, parent: null },
  { slug: 'books', name: 'Books', provider: null, parent: 'reading' },
  { slug: 'audiobooks', name: 'Audiobooks', provider: null, parent: 'reading' },
  { slug: 'pictures', name: 'Pictures', provider: null, parent: null },
  { slug: 'software', name: 'Software', provider: null, parent: null },
];

/** Whether the database has a module: whether its tables are there. */
export async function hasTable(client: ClientBase, table: string): Promise<boolean> {
  const { rows } = await client.query<{ yes: boolean }>('select to_regclass($1) is not null as yes', [table]);
  return rows[0]?.yes ?? false;
}

/**
 * What every community starts with, beside what the migrations bring (account classes, permission bits, settings): the
 * system account and three forums that it owns, in the first of which only staff posts. Adds what is missing.
 */
export async function fillBase(client: ClientBase, now: Date): Promise<BaseResult> {
  const idOf = (name: string): string => uuidv7At(now, `stoa.base.${name}`);
  await client.query(
    `insert into core.users (id, username, display_name, is_system, inserted_at)
     values ($1, $2, $3, true, $4)
     on conflict (username) do nothing`,
    [idOf('account'), systemAccount.username, systemAccount.displayName, now],
  );
  const categories = await addCategories(client, now);
  if (!(await hasTable(client, 'forums.forums'))) return { forums: 0, categories };
  const { rows } = await client.query<{ forums: number }>(
    `with wanted as (
       select forum.*
       from jsonb_to_recordset($1)
         as forum (id uuid, name text, slug text, description text, place integer, "staffOnly" boolean, sections jsonb)
     ),
     made as (
       insert into forums.forums (id, name, slug, description, position, owner_id, inserted_at, min_post_class_id)
       select wanted.id, wanted.name, wanted.slug, wanted.description, wanted.place, account.id, $3,
         case when wanted."staffOnly" then (
           select id from core.user_classes where role = 'moderator' order by sort_order limit 1
         ) end
       from wanted
       cross join core.users as account
       where account.username::text = $2 and account.is_system
       on conflict (slug) do nothing
       returning id, slug
     ),
     divided as (
       insert into forums.categories (id, forum_id, name, slug, position, inserted_at)
       select section.id, made.id, section.name, lower(section.name), section.place, $3
       from made
       join wanted on wanted.slug = made.slug
       cross join lateral jsonb_to_recordset(wanted.sections) as section (id uuid, name text, place integer)
     )
     select count(*)::integer as forums from made`,
    [
      JSON.stringify(
        firstForums.map((forum, place) => ({
          ...forum,
          id: idOf(forum.slug),
          place,
          sections: forum.sections.map((name, position) => ({
            id: idOf(`${forum.slug}.${name}`),
            name,
            place: position,
          })),
        })),
      ),
      systemAccount.username,
      now,
    ],
  );
  return { forums: rows[0]?.forums ?? 0, categories };
}

/** Parents first: a category names the one that it stands under. */
async function addCategories(client: ClientBase, now: Date): Promise<number> {
  if (!(await hasTable(client, 'tracker.categories'))) return 0;
  let added = 0;
  for (const isRoot of [true, false]) {
    const { rowCount } = await client.query(
      `insert into tracker.categories (parent_id, name, slug, position, metadata_provider, inserted_at, updated_at)
       select parent.id, wanted.name, wanted.slug, wanted.place, wanted.provider, $3, $3
       from jsonb_to_recordset($1) as wanted (slug text, name text, provider text, parent text, place integer)
       left join tracker.categories as parent on parent.slug = wanted.parent
       where (wanted.parent is null) = $2 and (wanted.parent is null or parent.id is not null)
       order by wanted.place
       on conflict (slug) do nothing`,
      [JSON.stringify(firstCategories.map((category, place) => ({ ...category, place }))), isRoot, now],
    );
    added += rowCount ?? 0;
  }
  return added;
}

/** Makes an administrator where there is none; undefined where there is one, with a password or still without. */
export async function addFirstAdministrator(
  client: ClientBase,
  account: FirstAdministrator,
): Promise<PasswordLink | undefined> {
  const { rows } = await client.query(
    `select from core.users where role = 'admin' and erased_at is null and not is_system limit 1`,
  );
  return rows.length > 0 ? undefined : insertAdministrator(client, account);
}
