import type { ClientBase } from 'pg';
import type { Fact } from '../catalog/fingerprint.ts';

/** A partition that the partition manager made, so that no two databases have the same ones. */
export interface RollingPartition {
  /** `parts.audit_logs_2026_12` */
  readonly name: string;
  /** `audit_logs_2026_12` */
  readonly plainName: string;
  readonly parent: string;
}

export async function rollingPartitions(client: ClientBase): Promise<readonly RollingPartition[]> {
  const { rows: known } = await client.query<{ answer: boolean }>(
    "select to_regclass('ops.partition_policies') is not null as answer",
  );
  if (!known[0]?.answer) return [];
  const { rows } = await client.query<RollingPartition>(
    `select
       format('%I.%I', space.nspname, part.relname) as name,
       part.relname::text as "plainName",
       policy.parent
     from ops.partition_policies as policy
     join pg_catalog.pg_inherits as link on link.inhparent = to_regclass(policy.parent)
     join pg_catalog.pg_class as part on part.oid = link.inhrelid
     join pg_catalog.pg_namespace as space on space.oid = part.relnamespace
     order by 1`,
  );
  return rows;
}

/**
 * What of a partition is compared: who owns it, who may use it, whether row security and triggers hold, and what
 * somebody added to it alone. Its columns and rules are those of its parent, which PostgreSQL sees to; comments and
 * storage parameters are copied from the parent when it is made and then left alone.
 */
function shapeOf(facts: readonly Fact[], partition: RollingPartition): readonly Fact[] {
  return facts.flatMap((fact) => {
    const { kind, definition } = fact;
    if (kind === 'comment' || kind === 'column' || kind === 'statistics') return [];
    if (kind === 'constraint' && / inherited\b/.test(definition)) return [];
    if (kind === 'index' && / partition of /.test(definition) && !/ invalid\b/.test(definition)) return [];
    const kept =
      kind === 'table'
        ? (/^owner=\S+ persistence=\S+ row_security=\S+/.exec(definition)?.[0] ?? definition)
        : definition;
    return [
      {
        kind,
        identity: fact.identity.replaceAll(partition.plainName, '*'),
        hash: '',
        definition: kept.replaceAll(partition.plainName, '*'),
      },
    ];
  });
}

export interface SplitFacts {
  /** All but those of rolling partitions. */
  readonly lasting: readonly Fact[];
  readonly shapes: readonly { readonly partition: RollingPartition; readonly facts: readonly Fact[] }[];
}

export function splitFacts(facts: readonly Fact[], partitions: readonly RollingPartition[]): SplitFacts {
  if (partitions.length === 0) return { lasting: facts, shapes: [] };
  const names = new Map(partitions.map((partition) => [partition.plainName, partition]));
  const byPartition = new Map<RollingPartition, Fact[]>(partitions.map((partition) => [partition, []]));
  const lasting: Fact[] = [];
  for (const fact of facts) {
    const partition = partitionOf(fact, names);
    if (partition) byPartition.get(partition)?.push(fact);
    // A foreign key to a partitioned table has a copy for each partition.
    else if (!(fact.kind === 'constraint' && mentionsPartition(fact.definition, partitions)))
      lasting.push(fact);
  }
  return {
    lasting,
    shapes: [...byPartition].map(([partition, own]) => ({ partition, facts: shapeOf(own, partition) })),
  };
}

function mentionsPartition(definition: string, partitions: readonly RollingPartition[]): boolean {
  const target = / REFERENCES (\S+?)\(/.exec(definition)?.[1];
  return target !== undefined && partitions.some(({ name }) => name === target);
}

function partitionOf(
  { kind, identity, definition }: Fact,
  names: ReadonlyMap<string, RollingPartition>,
): RollingPartition | undefined {
  if (!identity.includes('parts.')) return undefined;
  // An index has a name of its own, which may be cut off: the table that it is on is in its definition.
  const named = kind === 'index' ? definition : identity;
  const exact = /\bparts\."?([\w$]+)"?/.exec(
    kind === 'index' ? named.slice(named.indexOf(' ON ')) : named,
  )?.[1];
  const found = exact === undefined ? undefined : names.get(exact);
  if (found) return found;
  // `comment index parts.audit_logs_2026_12_pkey`
  if (kind !== 'comment' || exact === undefined) return undefined;
  for (const [name, partition] of names) if (exact.startsWith(`${name}_`)) return partition;
  return undefined;
}
