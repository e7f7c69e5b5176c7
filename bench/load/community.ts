import { createHash } from 'node:crypto';
import type { Pool } from 'pg';
import { authDatabase } from '../../src/auth/database.ts';
import { type Argon2Parameters, PasswordHashes } from '../../src/auth/password-hashes.ts';
import { openSession } from '../../src/auth/sessions.ts';
import { loadDemo } from '../../src/demo/index.ts';
import { createPool } from '../../src/postgres/connect.ts';

/** A member who is signed in, with the places that they write in. */
export interface Client {
  readonly id: string;
  readonly username: string;
  readonly token: string;
  readonly passkey: string;
  /** Of a network for measurements (RFC 2544): each client is its own address. */
  readonly address: string;
  readonly conversationId: string;
  readonly channelId: string;
}

export interface Community {
  readonly clients: readonly Client[];
  readonly conversationIds: readonly string[];
  readonly channelIds: readonly string[];
  readonly forumId: string;
  readonly postIds: readonly string[];
  /** In hex. */
  readonly infoHashes: readonly string[];
  /** Who may sign in with the password, which takes the server long by design. */
  readonly logins: readonly string[];
  readonly password: string;
}

export interface CommunityOptions {
  /** As superuser; migrated and empty. */
  readonly databaseUrl: string;
  /** The same, logged in as the role that opens sessions. */
  readonly authUrl: string;
  readonly clients: number;
  readonly argon2: Argon2Parameters;
}

const password = 'a long walk by the river';
const peopleOfAConversation = 10;
const channels = 4;
const logins = 10;
const demoPeople = 50;

/** Demo data, and for the traffic conversations of ten and a group of four channels that everybody is in. */
export async function fillCommunity(options: CommunityOptions): Promise<Community> {
  const { databaseUrl, authUrl, clients, argon2 } = options;
  await loadDemo({ databaseUrl, password, argon2, scale: Math.max(1, (clients + 5) / demoPeople) });
  const owner = createPool(databaseUrl, { applicationName: 'load set-up', max: 2 });
  const auth = createPool(authUrl, { applicationName: 'load set-up', max: 1 });
  try {
    return await fill(owner, auth, clients, argon2);
  } finally {
    await Promise.all([owner.end(), auth.end()]);
  }
}

async function fill(owner: Pool, auth: Pool, clients: number, argon2: Argon2Parameters): Promise<Community> {
  const list = async (text: string, values: unknown[] = []): Promise<string[]> =>
    (await owner.query<{ value: string }>(text, values)).rows.map(({ value }) => value);
  const { rows: people } = await owner.query<{ id: string; username: string }>(
    `select person.id, person.username
     from core.users as person
     left join auth.accounts as account on account.user_id = person.id
     where not person.is_system and person.role = 'user' and account.user_id is null
     order by person.id
     limit $1`,
    [clients],
  );
  if (people.length < clients)
    throw new Error(`there are only ${people.length} people for ${clients} clients`);
  const ids = people.map(({ id }) => id);

  const conversationIds: string[] = [];
  for (let from = 0; from < ids.length; from += peopleOfAConversation) {
    conversationIds.push(
      ...(await list(
        `with made as (
           insert into messaging.conversations (kind, owner_id, name) values ('group', $1, 'load') returning id
         ),
         people as (
           insert into messaging.conversation_participants (conversation_id, user_id)
           select made.id, person from made, unnest($2::uuid[]) as person
         )
         select id as value from made`,
        [ids[from], ids.slice(from, from + peopleOfAConversation)],
      )),
    );
  }
  // 68608: see the channel, read its history, write into it.
  const channelIds = await list(
    `with made as (insert into groups.groups (name, owner_id) values ('load', $1) returning id),
     everyone as (
       insert into groups.roles (group_id, name, is_default, permissions)
       select id, 'everyone', true, 68608 from made
     ),
     members as (
       insert into groups.group_members (group_id, user_id) select made.id, person from made, unnest($2::uuid[]) as person
     )
     insert into groups.channels (group_id, name) select id, 'load ' || n from made, generate_series(1, $3) as n
     returning id as value`,
    [ids[0], ids, channels],
  );
  const [forumId = ''] = await list(
    `select forum.id as value from forums.forums as forum where forum.is_public
     order by (select count(*) from forums.posts as post where post.forum_id = forum.id) desc limit 1`,
  );
  const postIds = await list(
    `select id as value from forums.posts where forum_id = $1 and deleted_at is null order by id desc limit 100`,
    [forumId],
  );
  const infoHashes = await list(
    `select encode(info_hash, 'hex') as value from tracker.torrents where moderation_status = 'approved'`,
  );
  await owner.query('delete from tracker.passkeys where user_id = any ($1::uuid[])', [ids]);
  await owner.query(
    `insert into tracker.passkeys (passkey_hash, user_id, passkey_ciphertext, key_id)
     select sha256(convert_to('load-' || person, 'UTF8')), person, '\\x00', 'k' from unnest($1::uuid[]) as person`,
    [ids],
  );
  const hash = await (await PasswordHashes.create(argon2)).hash(password);
  await owner.query(
    `insert into auth.accounts (user_id, email, email_verified_at, password_hash, password_changed_at)
     select person, 'load-' || person || '@example.org', now(), $2, now() from unnest($1::uuid[]) as person`,
    [ids.slice(0, logins), hash],
  );
  const made: Client[] = [];
  for (const [index, { id, username }] of people.entries()) {
    made.push({
      id,
      username,
      token: (await openSession(authDatabase(auth), id, {})).accessToken,
      passkey: `load-${id}`,
      address: `198.18.${index >> 8}.${index & 255}`,
      conversationId: conversationIds[Math.floor(index / peopleOfAConversation)] ?? '',
      channelId: channelIds[index % channels] ?? '',
    });
  }
  return {
    clients: made,
    conversationIds,
    channelIds,
    forumId,
    postIds,
    infoHashes,
    logins: people.slice(0, logins).map(({ username }) => username),
    password,
  };
}

/** A name of twenty bytes for the client of a person, in hex. */
export function peerIdOf(client: Client): string {
  return createHash('sha1').update(client.id).digest('hex');
}
