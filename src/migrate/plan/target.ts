import { createHash } from 'node:crypto';
import type { Client } from 'pg';
import { type Difference, differences, type Fact, fingerprint } from '../../catalog/fingerprint.ts';
import { readLedger } from '../ledger.ts';
import { migratedSchemas } from '../schemas.ts';
import { hasLedger } from '../survey.ts';

/** What a plan remembers of the database it was made for. */
export interface TargetState {
  /** Over everything below. */
  readonly fingerprint: string;
  /** Names of the applied migrations, in order. */
  readonly applied: readonly string[];
  /** `table forums.posts` to the beginning of the digest of its definition. */
  readonly facts: Readonly<Record<string, string>>;
}

export interface TargetReading {
  readonly state: TargetState;
  readonly facts: readonly Fact[];
}

const digits = 12;

export async function readTarget(client: Client): Promise<TargetReading> {
  const applied = (await hasLedger(client)) ? (await readLedger(client)).map(({ name }) => name) : [];
  const isNew = applied.length === 0;
  const facts = (await fingerprint(client, migratedSchemas)).filter(
    (fact) => counts(fact) && !(isNew && isOfTheEngine(fact)),
  );
  return { state: stateOf(applied, facts), facts };
}

function stateOf(applied: readonly string[], facts: readonly Fact[]): TargetState {
  const short = Object.fromEntries(
    facts.map(({ kind, identity, hash }) => [`${kind} ${identity}`, hash.slice(0, digits)]),
  );
  const text = JSON.stringify([applied, Object.entries(short).sort(([a], [b]) => (a < b ? -1 : 1))]);
  return { fingerprint: createHash('sha256').update(text).digest('hex'), applied, facts: short };
}

/**
 * The engine's own tables are made by the first run, and partitions are made and retired by the jobs all the time:
 * neither changes what a plan says.
 */
function counts({ identity }: Fact): boolean {
  return (
    !/\bops\.(pgmigrations|schema_migrations|migration_steps)/.test(identity) && !/\bparts\b/.test(identity)
  );
}

/** Before the first migration there is nothing in `ops` but what the engine has made, or is about to make. */
function isOfTheEngine({ identity }: Fact): boolean {
  return /\bops\b/.test(identity);
}

/** What moved since the plan was made, a line for each; nothing when nothing has. */
export function movedSince(planned: TargetState, now: TargetState): readonly string[] {
  if (planned.fingerprint === now.fingerprint) return [];
  const lines: string[] = [];
  const known = new Set(planned.applied);
  const present = new Set(now.applied);
  for (const name of now.applied) if (!known.has(name)) lines.push(`migration ${name} was applied`);
  for (const name of planned.applied) if (!present.has(name)) lines.push(`migration ${name} was undone`);
  for (const [what, hash] of Object.entries(now.facts)) {
    const was = planned.facts[what];
    if (was === undefined) lines.push(`${what} was added`);
    else if (was !== hash) lines.push(`${what} was changed`);
  }
  for (const what of Object.keys(planned.facts)) {
    if (now.facts[what] === undefined) lines.push(`${what} was removed`);
  }
  return lines.length > 0 ? lines : ['the order in which migrations were applied'];
}

/** How a database differs from what its migrations make. */
export function driftOf(replayed: readonly Fact[], target: readonly Fact[]): readonly Difference[] {
  return differences(replayed.filter(counts), target.filter(counts));
}
