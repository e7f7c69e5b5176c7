import type { ClientBase } from 'pg';
import type { Chance } from './chance.ts';
import { insertRows } from './rows.ts';

export const demoUsername = 'demo';

export interface Person {
  readonly id: string;
  readonly username: string;
  readonly displayName: string;
  readonly joinedAt: Date;
}

interface NewPerson extends Person {
  readonly bio: string;
}

const dayMs = 86_400_000;

const remarks = [
  'Reads more than writes.',
  'Here for the stories.',
  'Ask me about soup.',
  'Slow to answer.',
  'On two wheels.',
  'Collects old maps.',
  'Plays the viola, badly.',
  'Has opinions on bread.',
];

const statuses = ['At work', 'Away until Monday', 'Baking', 'On the road', 'Listening'];

/** Names that no two people share, in the form that a username has. */
function inventPeople(chance: Chance, amount: number, now: Date): NewPerson[] {
  const people = new Map<string, NewPerson>();
  const add = (username: string, displayName: string, days: number): void => {
    const joinedAt = new Date(now.getTime() - days * dayMs);
    people.set(username, {
      id: chance.idAt(joinedAt),
      username,
      displayName,
      bio: `${chance.faker.person.jobTitle()}. ${chance.pick(remarks)}`,
      joinedAt,
    });
  };
  add(demoUsername, 'Demo', 180);
  while (people.size < amount) {
    const [first, last] = [chance.faker.person.firstName(), chance.faker.person.lastName()];
    const letters = `${first}_${last}`
      .toLowerCase()
      .replace(/[^a-z_]/g, '')
      .slice(0, 24);
    const username = people.has(letters) ? `${letters}${people.size}` : letters;
    if (username.length >= 3) add(username, `${first} ${last}`, 30 + chance.below(700));
  }
  return [...people.values()];
}

/** The second person moderates, everybody else is a member. */
async function classIds(client: ClientBase): Promise<{ member: number; moderator: number }> {
  const { rows } = await client.query<{ member: number; moderator: number }>(
    `select
       (select id from core.user_classes where is_default) as member,
       (select id from core.user_classes where role = 'moderator' order by sort_order limit 1) as moderator`,
  );
  const [ids] = rows;
  if (!ids) throw new Error('there are no account classes');
  return ids;
}

/**
 * Accounts without credentials, with profile, settings and presence, who joined in the last two years. The first is the
 * one that a visitor signs in as.
 */
export async function fillPeople(
  client: ClientBase,
  chance: Chance,
  amount: number,
  now: Date,
): Promise<Person[]> {
  const people = inventPeople(chance, amount, now);
  const classes = await classIds(client);
  await insertRows(
    client,
    'core.users',
    people.map(({ id, username, displayName, joinedAt }, index) => ({
      id,
      username,
      display_name: displayName,
      class_id: index === 1 ? classes.moderator : classes.member,
      role: index === 1 ? 'moderator' : 'user',
      last_active_on: now,
      inserted_at: joinedAt,
      updated_at: joinedAt,
    })),
  );
  await insertRows(
    client,
    'core.user_settings',
    people.map(({ id, joinedAt }, index) => ({
      user_id: id,
      theme: chance.pick(['dark', 'light']),
      language: chance.pick(['en-US', 'en-GB', 'de-DE', 'fr-FR', 'es-ES']),
      timezone: chance.pick([
        'Europe/Berlin',
        'Europe/Lisbon',
        'America/New_York',
        'America/Lima',
        'Asia/Tokyo',
      ]),
      profile_visibility: index > 0 && chance.next() < 0.1 ? 'friends' : 'public',
      dm_policy: index > 0 && chance.next() < 0.2 ? 'friends' : 'everyone',
      inserted_at: joinedAt,
      updated_at: joinedAt,
    })),
  );
  await insertRows(
    client,
    'core.profiles',
    people.map(({ id, username, bio, joinedAt }) => ({
      user_id: id,
      bio,
      custom_status: chance.next() < 0.3 ? chance.pick(statuses) : null,
      website: chance.next() < 0.3 ? `https://${username.replaceAll('_', '-')}.example.org` : null,
      twitter: chance.next() < 0.25 ? username : null,
      telegram: chance.next() < 0.15 ? username : null,
      inserted_at: joinedAt,
      updated_at: joinedAt,
    })),
  );
  await insertRows(
    client,
    'core.presence',
    people.slice(0, Math.ceil(people.length / 3)).map(({ id }) => ({
      user_id: id,
      status: chance.pick(['online', 'idle', 'dnd', 'offline']),
      last_seen_at: new Date(now.getTime() - chance.below(3_600_000)),
      device_count: 0,
    })),
  );
  return people.map(({ id, username, displayName, joinedAt }) => ({ id, username, displayName, joinedAt }));
}

/** Lets the demo account sign in. */
export async function addLogin(
  client: ClientBase,
  person: Person,
  passwordHash: string,
  now: Date,
): Promise<void> {
  await client.query(
    `insert into auth.accounts (user_id, email, email_verified_at, password_hash, password_changed_at, inserted_at)
     values ($1, $2, $4, $3, $4, $4)`,
    [person.id, `${person.username}@example.org`, passwordHash, now],
  );
}

/** Distinct pairs, four in five of them friends, the rest waiting for an answer. */
export async function fillFriendships(
  client: ClientBase,
  chance: Chance,
  people: readonly Person[],
  amount: number,
  now: Date,
): Promise<number> {
  const possible = (people.length * (people.length - 1)) / 2;
  const pairs = new Map<string, object>();
  while (pairs.size < Math.min(amount, possible)) {
    const [one, other] = chance.several(people, 2);
    if (!one || !other) break;
    const key = [one.id, other.id].sort().join();
    if (pairs.has(key)) continue;
    const since = Math.max(one.joinedAt.getTime(), other.joinedAt.getTime());
    const asked = new Date(since + chance.next() * (now.getTime() - since));
    const answered = new Date(asked.getTime() + chance.next() * (now.getTime() - asked.getTime()));
    const isAccepted = chance.next() < 0.8;
    pairs.set(key, {
      id: chance.idAt(asked),
      user_id: one.id,
      friend_id: other.id,
      status: isAccepted ? 'accepted' : 'pending',
      requested_at: asked,
      accepted_at: isAccepted ? answered : null,
      inserted_at: asked,
      updated_at: isAccepted ? answered : asked,
    });
  }
  return insertRows(client, 'social.friendships', [...pairs.values()]);
}
