import type { ClientBase } from 'pg';
import type { Chance } from './chance.ts';

export const demoUsername = 'demo';

export interface Person {
  readonly id: string;
  readonly username: string;
  readonly joinedAt: Date;
}

interface NewPerson {
  readonly username: string;
  readonly display_name: string;
  readonly bio: string;
  readonly joined_at: Date;
}

const dayMs = 86_400_000;

/** Names that no two people share, in the form that a username has. */
function inventPeople(chance: Chance, amount: number, now: Date): NewPerson[] {
  const people = new Map<string, NewPerson>();
  const add = (username: string, displayName: string, days: number): void => {
    people.set(username, {
      username,
      display_name: displayName,
      bio: `${chance.faker.person.jobTitle()}. ${chance.pick(['Reads more than writes.', 'Here for the stories.', 'Ask me about soup.', 'Slow to answer.', 'On two wheels.'])}`,
      joined_at: new Date(now.getTime() - days * dayMs),
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

/**
 * Accounts without credentials, with profile and settings, who joined in the last two years. The first is the one
 * that a visitor signs in as.
 */
export async function fillPeople(
  client: ClientBase,
  chance: Chance,
  amount: number,
  now: Date,
): Promise<Person[]> {
  const people = inventPeople(chance, amount, now);
  const { rows } = await client.query<{ id: string; username: string; joined_at: Date }>(
    `with made as materialized (
       select auth.create_user(person.username, person.display_name, p_is_anonymous => false) as id,
              person.username, person.bio, person.joined_at
       from jsonb_to_recordset($1) as person (username text, display_name text, bio text, joined_at timestamptz)
     )
     select id, username, joined_at, bio from made`,
    [JSON.stringify(people)],
  );
  await client.query(
    `update core.users as person
     set inserted_at = invented.joined_at, last_active_on = ($2::timestamptz)::date
     from jsonb_to_recordset($1) as invented (username text, joined_at timestamptz)
     where person.username operator(extensions.=) invented.username::extensions.citext`,
    [JSON.stringify(people), now],
  );
  await client.query(
    `update core.profiles as profile
     set bio = invented.bio
     from jsonb_to_recordset($1) as invented (username text, bio text)
     join core.users as person on person.username operator(extensions.=) invented.username::extensions.citext
     where profile.user_id = person.id`,
    [JSON.stringify(people)],
  );
  return rows.map((row) => ({ id: row.id, username: row.username, joinedAt: new Date(row.joined_at) }));
}

/** Lets the demo account sign in. */
export async function addLogin(client: ClientBase, person: Person, passwordHash: string): Promise<void> {
  await client.query(
    `insert into auth.accounts (user_id, email, email_verified_at, password_hash, password_changed_at)
     values ($1, $2, now(), $3, now())`,
    [person.id, `${person.username}@example.org`, passwordHash],
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
      user_id: one.id,
      friend_id: other.id,
      status: isAccepted ? 'accepted' : 'pending',
      requested_at: asked,
      accepted_at: isAccepted ? answered : null,
    });
  }
  const { rowCount } = await client.query(
    `insert into social.friendships (user_id, friend_id, status, requested_at, accepted_at, inserted_at)
     select user_id, friend_id, status, requested_at, accepted_at, requested_at
     from jsonb_to_recordset($1)
       as pair (user_id uuid, friend_id uuid, status text, requested_at timestamptz, accepted_at timestamptz)`,
    [JSON.stringify([...pairs.values()])],
  );
  return rowCount ?? 0;
}
