import type { Person } from './cells.ts';

/** A fixed time-ordered identifier: of 20 October 2025, so that it falls into the first partition for ever. */
export function id(number: number): string {
  return `019a0000-0000-7000-8000-${number.toString(16).padStart(12, '0')}`;
}

const classes = { user: 1, moderator: 11, admin: 12 } as const;

interface Account {
  readonly id: string;
  readonly username: string;
  readonly role: keyof typeof classes;
  readonly classId: number;
  readonly bannedUntil: string | null;
}

function account(
  number: number,
  username: string,
  role: keyof typeof classes = 'user',
  bannedUntil: string | null = null,
): Account {
  return { id: id(number), username, role, classId: classes[role], bannedUntil };
}

export const people: Readonly<Record<Person, Account>> = {
  owner: account(1, 'ada'),
  member: account(2, 'ben'),
  moderator: account(3, 'cleo', 'moderator'),
  admin: account(4, 'dora', 'admin'),
  banned: account(5, 'eve', 'user', 'infinity'),
  /** An accepted friend of the owner. */
  friend: account(6, 'finn'),
  /** Has blocked the owner. */
  foe: account(7, 'gil'),
  stranger: account(8, 'hana'),
};

/** The identifier of a person, for the values of a row. */
export function idOf(person: Person): string {
  return people[person].id;
}

export const everybody: readonly Person[] = [
  'owner',
  'member',
  'moderator',
  'admin',
  'banned',
  'friend',
  'foe',
  'stranger',
];
