import type { ClientBase } from 'pg';
import { type Argon2Parameters, PasswordHashes } from '../auth/password-hashes.ts';
import { connect } from '../postgres/connect.ts';
import {
  addFirstAdministrator,
  type BaseResult,
  type FirstAdministrator,
  fillBase,
  hasTable,
} from './base.ts';
import type { Chance } from './chance.ts';
import { fillForums } from './forums.ts';
import { fillGovernance } from './governance.ts';
import { fillGroups } from './groups.ts';
import { fillInsight } from './insight.ts';
import { fillMessaging } from './messaging.ts';
import { fillModeration } from './moderation.ts';
import { addLogin, demoUsername, fillFriendships, fillPeople } from './people.ts';
import { fillTracker } from './tracker.ts';
import { fillWorkspace } from './workspace.ts';

export type { BaseResult, FirstAdministrator } from './base.ts';
export type { LoadOptions, LoadProgress, LoadResult, StepResult } from './load/index.ts';
export { loadScale } from './load/index.ts';
export { demoUsername } from './people.ts';

export interface DemoOptions {
  readonly databaseUrl: string;
  /** What the demo account signs in with. */
  readonly password: string;
  readonly argon2: Argon2Parameters;
  /** 1 is 50 people, 200 friendships, about 240 posts and 1,300 messages. */
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

/**
 * The default forums, the account of the platform itself and, where one is named and there is none, an administrator
 * without a password. Doing it again adds nothing.
 */
export function loadBase(options: {
  readonly databaseUrl: string;
  readonly administrator?: FirstAdministrator;
}): Promise<BaseResult> {
  const { administrator } = options;
  return asOwner(options.databaseUrl, async (client) => {
    const base = await fillBase(client, new Date());
    const link = administrator && (await addFirstAdministrator(client, administrator));
    return link ? { ...base, administrator: link } : base;
  });
}

/**
 * A made-up community to look at, whole or not at all, for the modules that the database has. Doing it again changes
 * nothing.
 */
export async function loadDemo(options: DemoOptions): Promise<DemoResult> {
  const { scale = 1, seed = 1, now = new Date() } = options;
  // Here, because the words of which it makes names cost every other command a fifth of its start.
  const chances = await import('./chance.ts');
  const hashes = await PasswordHashes.create(options.argon2);
  const passwordHash = await hashes.hash(options.password);
  const result = await asOwner(options.databaseUrl, async (client) => {
    const { rows } = await client.query(
      'select from core.users where username operator(extensions.=) $1::extensions.citext',
      [demoUsername],
    );
    if (rows.length > 0) return { isNew: false, counts: {} };

    await fillBase(client, now);
    const chance = new chances.Chance(seed);
    const people = await fillPeople(client, chance, Math.max(5, Math.round(50 * scale)), now);
    const [visitor] = people;
    if (!visitor) throw new Error('nobody was made');
    await addLogin(client, visitor, passwordHash, now);
    const friendships = await fillFriendships(client, chance, people, Math.round(200 * scale), now);
    const counts: Record<string, number> = { people: people.length, friendships };
    const hasForums = await hasTable(client, 'forums.forums');
    // A sequence of its own for each module: leaving one out changes nothing in the others.
    const fillers: readonly [table: string, fill: (chance: Chance) => Promise<object>][] = [
      ['forums.forums', (own) => fillForums(client, own, people, { posts: Math.round(240 * scale), now })],
      [
        'messaging.messages',
        (own) => fillMessaging(client, own, people, { messages: Math.round(600 * scale), now }),
      ],
      ['groups.groups', (own) => fillGroups(client, own, people, { messages: Math.round(700 * scale), now })],
      ['governance.proposals', (own) => fillGovernance(client, own, people, now)],
      ['moderation.reports', (own) => fillModeration(client, own, people, { hasForums, now })],
      ['tracker.torrents', (own) => fillTracker(client, own, people, now)],
      ['workspace.projects', (own) => fillWorkspace(client, own, people, now)],
      ['insight.message_analyses', (own) => fillInsight(client, own, now)],
    ];
    for (const [index, [table, fill]] of fillers.entries()) {
      if (!(await hasTable(client, table))) continue;
      Object.assign(counts, await fill(new chances.Chance(seed * 1_000 + index)));
    }
    return { isNew: true, counts };
  });
  return { ...result, logins: [{ username: demoUsername, password: options.password }] };
}
