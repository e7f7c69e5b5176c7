import type { ClientBase } from 'pg';
import { type Argon2Parameters, PasswordHashes } from '../auth/password-hashes.ts';
import { connect } from '../postgres/connect.ts';
import { type BaseResult, fillBase, hasForums } from './base.ts';
import { Chance } from './chance.ts';
import { fillForums } from './forums.ts';
import { addLogin, demoUsername, fillFriendships, fillPeople } from './people.ts';

export type { BaseResult } from './base.ts';
export { demoUsername } from './people.ts';

export interface DemoOptions {
  readonly databaseUrl: string;
  /** What the demo account signs in with. */
  readonly password: string;
  readonly argon2: Argon2Parameters;
  /** 1 is 50 people, 200 friendships and about 240 posts. */
  readonly scale?: number;
  /** The same seed and moment give the same community. */
  readonly seed?: number;
  /** The end of the four weeks that are told. */
  readonly now?: Date;
}

export interface DemoResult {
  /** False when the demo account is there already: then nothing was changed. */
  readonly isNew: boolean;
  readonly logins: readonly { readonly username: string; readonly password: string }[];
  /** Rows by kind. */
  readonly counts: Readonly<Record<string, number>>;
}

async function asOwner<Result>(
  databaseUrl: string,
  work: (client: ClientBase) => Promise<Result>,
): Promise<Result> {
  const client = await connect(databaseUrl, 'stoa seed');
  try {
    await client.query('begin; set local role stoa_owner; set local synchronous_commit = off');
    // Two at once: the second finds what the first made.
    await client.query(`select pg_advisory_xact_lock(hashtextextended('stoa.seed', 0))`);
    const result = await work(client);
    await client.query('commit');
    return result;
  } catch (error) {
    await client.query('rollback').catch(() => undefined);
    throw error;
  } finally {
    await client.end();
  }
}

/** The default forums and the account of the platform itself. Doing it again adds nothing. */
export function loadBase(options: { readonly databaseUrl: string }): Promise<BaseResult> {
  return asOwner(options.databaseUrl, fillBase);
}

/**
 * A made-up community to look at, whole or not at all, for the modules that the database has. Doing it again changes
 * nothing.
 */
export async function loadDemo(options: DemoOptions): Promise<DemoResult> {
  const { scale = 1, seed = 1, now = new Date() } = options;
  const hashes = await PasswordHashes.create(options.argon2);
  const passwordHash = await hashes.hash(options.password);
  const result = await asOwner(options.databaseUrl, async (client) => {
    const { rows } = await client.query(
      'select from core.users where username operator(extensions.=) $1::extensions.citext',
      [demoUsername],
    );
    if (rows.length > 0) return { isNew: false, counts: {} };

    await fillBase(client);
    const chance = new Chance(seed);
    const people = await fillPeople(client, chance, Math.max(5, Math.round(50 * scale)), now);
    const [visitor] = people;
    if (!visitor) throw new Error('nobody was made');
    await addLogin(client, visitor, passwordHash);
    const friendships = await fillFriendships(client, chance, people, Math.round(200 * scale), now);
    const forums = (await hasForums(client))
      ? await fillForums(client, chance, people, { posts: Math.round(240 * scale), now })
      : {};
    return { isNew: true, counts: { people: people.length, friendships, ...forums } };
  });
  return { ...result, logins: [{ username: demoUsername, password: options.password }] };
}
