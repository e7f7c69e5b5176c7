import { type Client, escapeIdentifier } from 'pg';
import type { Statement } from './split.ts';

/** What an interrupted run of a concurrent statement has left in the catalog. */
export interface Leftovers {
  /** It had come to its end; only the record of it was lost. */
  readonly isDone: boolean;
  /** Sent first. */
  readonly clearing: readonly Clearing[];
  /** Sent in place of the statement. */
  readonly instead?: string;
}

export interface Clearing {
  readonly object: string;
  readonly sql: string;
  readonly reason: string;
}

const nothing: Leftovers = { isDone: false, clearing: [] };

/**
 * `wasBegun`: an earlier run has recorded that it began this very statement. Without that, a valid index of the name
 * is somebody else's and the statement shall fail on it.
 */
export async function leftovers(client: Client, { node }: Statement, wasBegun: boolean): Promise<Leftovers> {
  if ('IndexStmt' in node) {
    const { relation, idxname } = node.IndexStmt;
    if (!relation?.relname || !idxname) return nothing;
    const index = await findIndex(client, { schema: relation.schemaname, name: idxname });
    if (!index) return nothing;
    if (!index.isValid) return { isDone: false, clearing: [dropping(index)] };
    return { isDone: wasBegun, clearing: [] };
  }
  if ('DropStmt' in node) {
    const names = (node.DropStmt.objects ?? []).map(nameParts);
    const found = await Promise.all(names.map((name) => findIndex(client, name)));
    return { isDone: wasBegun && found.every((index) => index === undefined), clearing: [] };
  }
  if ('ReindexStmt' in node) {
    const { kind, relation, name } = node.ReindexStmt;
    const scope =
      kind === 'REINDEX_OBJECT_SCHEMA'
        ? { schema: name, name: undefined }
        : { schema: relation?.schemaname, name: relation?.relname };
    return { isDone: false, clearing: (await reindexRemains(client, scope)).map(dropping) };
  }
  if ('AlterTableStmt' in node) {
    const [command] = node.AlterTableStmt.cmds ?? [];
    const parent = node.AlterTableStmt.relation;
    if (!command || !('AlterTableCmd' in command)) return nothing;
    const { def } = command.AlterTableCmd;
    const partition = def && 'PartitionCmd' in def ? def.PartitionCmd.name : undefined;
    if (!parent?.relname || !partition?.relname) return nothing;
    const parentName = qualified({ schema: parent.schemaname, name: parent.relname });
    const partitionName = qualified({ schema: partition.schemaname, name: partition.relname });
    const state = await attachment(client, parentName, partitionName);
    if (state === 'pending') {
      return { ...nothing, instead: `alter table ${parentName} detach partition ${partitionName} finalize` };
    }
    return { isDone: wasBegun && state === 'detached', clearing: [] };
  }
  return nothing;
}

interface Name {
  readonly schema: string | undefined;
  readonly name: string;
}

function qualified({ schema, name }: Name): string {
  return schema === undefined
    ? escapeIdentifier(name)
    : `${escapeIdentifier(schema)}.${escapeIdentifier(name)}`;
}

function nameParts(node: unknown): Name {
  const parts = strings(node);
  return { schema: parts.length > 1 ? parts.at(-2) : undefined, name: parts.at(-1) ?? '' };
}

/** `{List: {items: [{String: {sval}}, …]}}` */
function strings(node: unknown): string[] {
  if (typeof node !== 'object' || node === null) return [];
  if ('sval' in node && typeof node.sval === 'string') return [node.sval];
  return Object.values(node).flatMap((value: unknown) =>
    Array.isArray(value) ? value.flatMap(strings) : strings(value),
  );
}

interface Index {
  readonly schema: string;
  readonly name: string;
  readonly isValid: boolean;
}

const indexColumns = `
  select space.nspname as schema, class.relname as name, index.indisvalid as "isValid"
  from pg_index as index
  join pg_class as class on class.oid = index.indexrelid
  join pg_namespace as space on space.oid = class.relnamespace`;

async function findIndex(client: Client, wanted: Name): Promise<Index | undefined> {
  const { rows } = await client.query<Index>(`${indexColumns} where class.oid = to_regclass($1)`, [
    qualified(wanted),
  ]);
  return rows[0];
}

/** `…_ccnew` was being built, `…_ccold` was being dropped (manual, REINDEX, "Rebuilding Indexes Concurrently"). */
async function reindexRemains(
  client: Client,
  scope: { readonly schema: string | undefined; readonly name: string | undefined },
): Promise<readonly Index[]> {
  const { rows } = await client.query<Index>(
    `${indexColumns}
     where not index.indisvalid
       and class.relname ~ '_cc(new|old)[0-9]*$'
       and case
         when $2::text is null then space.nspname = $1
         else index.indrelid in (
           select coalesce(reindexed.indrelid, to_regclass($2))
           from (select) as always
           left join pg_index as reindexed on reindexed.indexrelid = to_regclass($2)
         )
       end`,
    [scope.schema, scope.name === undefined ? null : qualified({ schema: scope.schema, name: scope.name })],
  );
  return rows;
}

function dropping(index: Index): Clearing {
  return {
    object: `index ${index.schema}.${index.name}`,
    sql: `drop index concurrently if exists ${qualified(index)}`,
    reason: 'an interrupted build left it invalid',
  };
}

async function attachment(
  client: Client,
  parent: string,
  partition: string,
): Promise<'attached' | 'pending' | 'detached'> {
  const { rows } = await client.query<{ pending: boolean }>(
    `select inhdetachpending as pending
     from pg_inherits
     where inhparent = to_regclass($1) and inhrelid = to_regclass($2)`,
    [parent, partition],
  );
  const [row] = rows;
  if (!row) return 'detached';
  return row.pending ? 'pending' : 'attached';
}
