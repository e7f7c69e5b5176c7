import type { Client } from 'pg';

/** One row of a catalog, as far as the planner compares it before and after a statement. */
export interface CatalogEntry {
  readonly catalog: 'relation' | 'column' | 'function' | 'trigger' | 'policy' | 'view definition' | 'type';
  /** Stays the same while the object lives, whatever it is called. */
  readonly id: string;
  /** Of a relation: `r` table, `p` partitioned table, `v` view, `m` materialized view, `i` index, … */
  readonly kind: string;
  readonly name: string;
  /** File in which a relation is stored: another one means that it was written anew. */
  readonly storage: string;
  /** Changes when the definition does. */
  readonly version: string;
  /** Of a table: row security is on. */
  readonly isSecured: boolean;
  /** PUBLIC has a privilege on it. */
  readonly isPublic: boolean;
  /** Of a column: null is refused, and there is no default. */
  readonly isRequired: boolean;
  /** A partition, or a column of one: what happens to it is told of its parent. */
  readonly isPartition: boolean;
}

export type Snapshot = ReadonlyMap<string, CatalogEntry>;

const ours = `n.nspname !~ '^pg_' and n.nspname <> 'information_schema'`;
const isPublic = (acl: string): string => `exists (select from aclexplode(${acl}) as a where a.grantee = 0)`;

const query = `
  select
    'relation' as catalog, c.oid::text as id, c.relkind::text as kind, format('%I.%I', n.nspname, c.relname) as name,
    c.relfilenode::text as storage, '' as version, c.relrowsecurity as "isSecured",
    ${isPublic('c.relacl')} as "isPublic", false as "isRequired", c.relispartition as "isPartition"
  from pg_class as c
  join pg_namespace as n on n.oid = c.relnamespace
  where ${ours}
  union all
  select
    'column', a.attrelid || '.' || a.attnum, c.relkind::text, format('%I.%I.%I', n.nspname, c.relname, a.attname),
    '', format_type(a.atttypid, a.atttypmod), false, ${isPublic('a.attacl')}, a.attnotnull and not a.atthasdef and a.attidentity = '',
    c.relispartition
  from pg_attribute as a
  join pg_class as c on c.oid = a.attrelid
  join pg_namespace as n on n.oid = c.relnamespace
  where ${ours} and a.attnum > 0 and not a.attisdropped and c.relkind in ('r', 'p', 'v', 'm', 'f')
  union all
  select
    'function', p.oid::text, p.prokind::text, p.oid::regprocedure::text, '',
    md5(concat(p.prosrc, p.prosqlbody::text, p.proargdefaults::text, p.proconfig::text, p.provolatile, p.prosecdef,
      p.prorettype, p.proretset, p.proparallel, p.proisstrict)),
    false, ${isPublic('p.proacl')}, false, false
  from pg_proc as p
  join pg_namespace as n on n.oid = p.pronamespace
  where ${ours}
  union all
  select
    'trigger', t.oid::text, '', format('%I on %s', t.tgname, t.tgrelid::regclass), '',
    concat(t.tgfoid, ' ', t.tgtype, ' ', t.tgenabled, ' ', t.tgattr, ' ', md5(t.tgqual::text)), false, false, false, false
  from pg_trigger as t
  where not t.tgisinternal and t.tgparentid = 0
  union all
  select
    'policy', p.oid::text, '', format('%I on %s', p.polname, p.polrelid::regclass), '',
    concat(p.polcmd, p.polpermissive, p.polroles::text, md5(concat(p.polqual::text, ' ', p.polwithcheck::text))),
    false, 0 = any (p.polroles), false, false
  from pg_policy as p
  union all
  select
    'view definition', r.oid::text, c.relkind::text, r.ev_class::regclass::text, '', md5(r.ev_action::text),
    false, false, false, false
  from pg_rewrite as r
  join pg_class as c on c.oid = r.ev_class
  join pg_namespace as n on n.oid = c.relnamespace
  where ${ours}
  union all
  select 'type', t.oid::text, t.typtype::text, format('%I.%I', n.nspname, t.typname), '',
    coalesce((select md5(string_agg(e.enumlabel, ',' order by e.enumsortorder)) from pg_enum as e where e.enumtypid = t.oid), ''),
    false, false, false, false
  from pg_type as t
  join pg_namespace as n on n.oid = t.typnamespace
  where ${ours} and t.typtype in ('e', 'd', 'r')`;

/** What the catalog says now, inside or outside a transaction. Names are qualified only when `search_path` is empty. */
export async function takeSnapshot(client: Client): Promise<Snapshot> {
  const { rows } = await client.query<CatalogEntry>(query);
  return new Map(rows.map((row) => [`${row.catalog} ${row.id}`, row]));
}

export interface NamedObject {
  /** `table`, `view`, `function`, `column`, … */
  readonly kind: string;
  readonly name: string;
}

/** What a statement did to objects that were there before it. */
export interface SnapshotChanges {
  /** Tables and materialized views that were written anew (or emptied: the file is another one, too). */
  readonly rewritten: readonly string[];
  readonly rebuiltIndexes: readonly string[];
  /** Functions, views, triggers, policies with another definition than before. */
  readonly replaced: readonly NamedObject[];
  readonly removed: readonly NamedObject[];
  readonly renamed: readonly (NamedObject & { readonly to: string })[];
  readonly retyped: readonly { readonly column: string; readonly from: string; readonly to: string }[];
  /** Columns that take no null any more and have no default: a writer that leaves them out fails. */
  readonly required: readonly string[];
  /** Tables whose row security was switched off. */
  readonly unsecured: readonly string[];
  /** Objects on which PUBLIC got its first privilege. */
  readonly madePublic: readonly NamedObject[];
}

const relationKinds = new Map([
  ['r', 'table'],
  ['p', 'table'],
  ['f', 'foreign table'],
  ['v', 'view'],
  ['m', 'materialized view'],
  ['i', 'index'],
  ['I', 'index'],
  ['S', 'sequence'],
  ['c', 'type'],
]);

function named(entry: CatalogEntry): NamedObject {
  if (entry.catalog === 'relation')
    return { kind: relationKinds.get(entry.kind) ?? 'relation', name: entry.name };
  if (entry.catalog === 'view definition') return { kind: 'view', name: entry.name };
  return { kind: entry.catalog, name: entry.name };
}

const stores = new Set(['r', 'm']);

/** `inUse`: what is there when the run begins; what the run itself has made is nobody's yet, and left out. */
export function snapshotChanges(before: Snapshot, after: Snapshot, inUse = before): SnapshotChanges {
  const rewritten: string[] = [];
  const rebuiltIndexes: string[] = [];
  const replaced: NamedObject[] = [];
  const removed: NamedObject[] = [];
  const renamed: (NamedObject & { to: string })[] = [];
  const retyped: { column: string; from: string; to: string }[] = [];
  const required: string[] = [];
  const unsecured: string[] = [];
  const madePublic: NamedObject[] = [];
  const relationOf = (id: string): string => `relation ${id.split('.', 1)[0]}`;
  for (const [key, was] of before) {
    if (!inUse.has(key)) continue;
    const is = after.get(key);
    if (is === undefined) {
      // The columns of a table and the definition of a view go with it.
      const isPart =
        was.catalog === 'view definition' ||
        (was.catalog === 'column' && (was.isPartition || !after.has(relationOf(was.id))));
      if (!isPart) removed.push(named(was));
      continue;
    }
    if (was.storage !== is.storage) {
      if (stores.has(was.kind)) rewritten.push(was.name);
      else if (was.kind === 'i') rebuiltIndexes.push(was.name);
    }
    if (was.catalog === 'column' && is.isPartition) continue;
    // A column is called otherwise when its table is; that is told once.
    const isCalledOtherwise =
      was.catalog === 'column' ? lastPart(was.name) !== lastPart(is.name) : was.name !== is.name;
    if (
      isCalledOtherwise &&
      (was.catalog === 'relation' || was.catalog === 'column' || was.catalog === 'function')
    ) {
      renamed.push({ ...named(was), to: is.name });
    }
    if (was.version !== is.version) {
      if (was.catalog === 'column') retyped.push({ column: is.name, from: was.version, to: is.version });
      else replaced.push(named(is));
    }
    if (was.isSecured && !is.isSecured) unsecured.push(is.name);
    if (!was.isPublic && is.isPublic) madePublic.push(named(is));
    if (was.catalog === 'column' && !was.isRequired && is.isRequired) required.push(is.name);
  }
  for (const [key, is] of after) {
    // A column that is new in a table which is not.
    if (before.has(key) || is.catalog !== 'column' || is.isPartition || !before.has(relationOf(is.id)))
      continue;
    if (is.isRequired) required.push(is.name);
  }
  return { rewritten, rebuiltIndexes, replaced, removed, renamed, retyped, required, unsecured, madePublic };
}

function lastPart(name: string): string {
  return /[^.]*$/.exec(name)?.[0] ?? name;
}
