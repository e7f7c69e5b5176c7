import { createHash } from 'node:crypto';
import type { ClientBase } from 'pg';
import { type Difference, differences, type Fact, fingerprint } from '../catalog/fingerprint.ts';
import { migratedSchemas } from '../migrate/schemas.ts';
import { type RollingPartition, rollingPartitions, splitFacts } from './rolling.ts';
import { settingFacts } from './settings.ts';

/** What a database says of itself, ready to be compared. */
export interface Portrait {
  readonly facts: readonly Fact[];
  readonly partitions: readonly RollingPartition[];
  readonly settings: readonly Fact[];
}

/** What a DBA adds to look into the server: it belongs to no schema of the modules, and the doctor recommends it. */
const ofTheServer = new Set(['extension pg_stat_statements', 'comment extension pg_stat_statements']);

/** The client must not be inside a transaction. */
export async function portray(client: ClientBase): Promise<Portrait> {
  const facts = await fingerprint(client, migratedSchemas);
  return {
    facts: facts.filter(({ kind, identity }) => !ofTheServer.has(`${kind} ${identity}`)),
    partitions: await rollingPartitions(client),
    settings: await settingFacts(client),
  };
}

export interface Drift extends Difference {
  /** Stays the same while the difference does; another one when either side changes again. */
  readonly id: string;
}

/** How `live` differs from what its history made: `added` is what only the live database has. */
export function drift(history: Portrait, live: Portrait): readonly Drift[] {
  const expected = splitFacts(history.facts, history.partitions);
  const found = splitFacts(live.facts, live.partitions);
  const lasting = differences(expected.lasting, found.lasting);
  const rolling = found.shapes.flatMap(({ partition, facts }) => {
    const model = expected.shapes.find((shape) => shape.partition.parent === partition.parent);
    if (!model) return [];
    const named = (text: string): string => text.replaceAll('*', partition.plainName);
    return compareShapes(model.facts, facts)
      .filter((difference) => !isInherited(difference, partition, lasting))
      .map((difference) => ({
        ...difference,
        identity: named(difference.identity),
      }));
  });
  // A setting belongs to the server or the database, and is never part of history.
  const settings = differences([], live.settings);
  return [...lasting, ...rolling, ...settings].map((difference) => ({ ...difference, id: idOf(difference) }));
}

function compareShapes(model: readonly Fact[], facts: readonly Fact[]): readonly Difference[] {
  const hashed = (list: readonly Fact[]): Fact[] => list.map((fact) => ({ ...fact, hash: fact.definition }));
  return differences(hashed(model), hashed(facts));
}

/** What was done to the parent reaches its partitions; it is told once. */
function isInherited(
  { kind, identity }: Difference,
  partition: RollingPartition,
  ofParent: readonly Difference[],
): boolean {
  const identityOfParent = identity.replaceAll('parts.*', partition.parent);
  return ofParent.some((other) => other.kind === kind && other.identity === identityOfParent);
}

function idOf({ change, kind, identity, before, after }: Difference): string {
  const digest = createHash('sha256')
    .update(`${before ?? ''}\0${after ?? ''}`)
    .digest('hex')
    .slice(0, 8);
  return `drift ${change} ${kind} ${identity} ${digest}`;
}
