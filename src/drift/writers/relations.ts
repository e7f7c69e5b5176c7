import type { Client } from 'pg';
import { splitLast } from '../identity.ts';
import { columnsOf, columnText } from './columns.ts';
import { nothing, only, optionChanges, refuse, relationOid, type Step, type Writer } from './writer.ts';

interface Relation {
  readonly kind: 'r' | 'p' | 'v' | 'm' | 'f' | 'S';
  readonly owner: string;
  readonly persistence: string;
  readonly isSecured: boolean;
  readonly isForced: boolean;
  readonly replicaIdentity: string;
  readonly replicaIndex: string | null;
  readonly options: readonly string[];
  readonly toastOptions: readonly string[];
  readonly accessMethod: string | null;
  readonly tablespace: string | null;
  readonly partitionedBy: string | null;
  readonly parents: readonly string[];
  readonly bound: string | null;
  readonly query: string | null;
  readonly sequence: string | null;
  readonly ownedBy: string | null;
  readonly isIdentity: boolean;
}

const relationQuery = `
  select
    class.relkind::text as kind,
    quote_ident(pg_get_userbyid(class.relowner)) as owner,
    class.relpersistence::text as persistence,
    class.relrowsecurity as "isSecured",
    class.relforcerowsecurity as "isForced",
    class.relreplident::text as "replicaIdentity",
    (
      select quote_ident(chosen.relname)
      from pg_catalog.pg_index as index
      join pg_catalog.pg_class as chosen on chosen.oid = index.indexrelid
      where index.indrelid = class.oid and index.indisreplident
    ) as "replicaIndex",
    coalesce(class.reloptions, '{}') as options,
    coalesce(toast.reloptions, '{}') as "toastOptions",
    (select amname::text from pg_catalog.pg_am where oid = class.relam) as "accessMethod",
    (select spcname::text from pg_catalog.pg_tablespace where oid = class.reltablespace) as tablespace,
    case when class.relkind = 'p' then pg_get_partkeydef(class.oid) end as "partitionedBy",
    array(
      select inhparent::regclass::text from pg_catalog.pg_inherits where inhrelid = class.oid order by inhseqno
    ) as parents,
    pg_get_expr(class.relpartbound, class.oid) as bound,
    case when class.relkind in ('v', 'm') then pg_get_viewdef(class.oid) end as query,
    case when class.relkind = 'S' then format(
      'as %s increment by %s minvalue %s maxvalue %s start with %s cache %s %s',
      sequence.seqtypid::regtype, sequence.seqincrement, sequence.seqmin, sequence.seqmax, sequence.seqstart,
      sequence.seqcache, case when sequence.seqcycle then 'cycle' else 'no cycle' end
    ) end as sequence,
    (
      select format('%s.%I', depend.refobjid::regclass, attribute.attname)
      from pg_catalog.pg_depend as depend
      join pg_catalog.pg_attribute as attribute
        on attribute.attrelid = depend.refobjid and attribute.attnum = depend.refobjsubid
      where depend.classid = 'pg_catalog.pg_class'::regclass
        and depend.objid = class.oid
        and depend.deptype in ('a', 'i')
        and class.relkind = 'S'
    ) as "ownedBy",
    exists (
      select
      from pg_catalog.pg_depend as depend
      where depend.classid = 'pg_catalog.pg_class'::regclass and depend.objid = class.oid and depend.deptype = 'i'
    ) and class.relkind = 'S' as "isIdentity"
  from pg_catalog.pg_class as class
  left join pg_catalog.pg_class as toast on toast.oid = class.reltoastrelid
  left join pg_catalog.pg_sequence as sequence on sequence.seqrelid = class.oid
  where class.oid = ${relationOid}`;

const read = (client: Client, name: string): Promise<Relation | undefined> =>
  only<Relation>(client, relationQuery, [name]);

const keywords: Readonly<Record<Relation['kind'], string>> = {
  r: 'table',
  p: 'table',
  f: 'foreign table',
  v: 'view',
  m: 'materialized view',
  S: 'sequence',
};

const withOptions = (options: readonly string[]): string => {
  const { set } = optionChanges([], options);
  return set === undefined ? '' : ` with (${set})`;
};

/** A view is stored with a semicolon at its end. */
const queryOf = ({ query }: Relation): string => (query ?? '').trim().replace(/;$/, '');

async function create(name: string, is: Relation, to: Client): Promise<Step | string> {
  switch (is.kind) {
    case 'f':
      return 'a foreign table needs a server and its credentials, which no migration holds';
    case 'S':
      return { sql: [`create sequence ${name} ${is.sequence}`] };
    case 'v':
      return { sql: [`create view ${name}${withOptions(is.options)} as\n${queryOf(is)}`] };
    case 'm':
      return { sql: [`create materialized view ${name}${withOptions(is.options)} as\n${queryOf(is)}`] };
    default: {
      const [parent] = is.parents;
      const columns = (await columnsOf(to, name)).filter(({ isOwn }) => isOwn || is.bound !== null);
      const body =
        is.bound !== null && parent !== undefined
          ? ` partition of ${parent} ${is.bound}`
          : ` (\n  ${columns.map(columnText).join(',\n  ')}\n)${is.parents.length === 0 ? '' : ` inherits (${is.parents.join(', ')})`}`;
      return {
        sql: [
          `create ${is.persistence === 'u' ? 'unlogged ' : ''}table ${name}${body}${
            is.partitionedBy === null ? '' : ` partition by ${is.partitionedBy}`
          }${withOptions(is.options)}`,
        ],
      };
    }
  }
}

function alterTable(name: string, was: Relation, is: Relation): string[] {
  const changes: string[] = [];
  if (was.persistence !== is.persistence)
    changes.push(is.persistence === 'u' ? 'set unlogged' : 'set logged');
  if (was.isSecured !== is.isSecured)
    changes.push(`${is.isSecured ? 'enable' : 'disable'} row level security`);
  if (was.isForced !== is.isForced) changes.push(`${is.isForced ? '' : 'no '}force row level security`);
  if (was.replicaIdentity !== is.replicaIdentity || was.replicaIndex !== is.replicaIndex) {
    const identities: Readonly<Record<string, string>> = { d: 'default', f: 'full', n: 'nothing' };
    changes.push(`replica identity ${identities[is.replicaIdentity] ?? `using index ${is.replicaIndex}`}`);
  }
  const toast = optionChanges(was.toastOptions, is.toastOptions);
  if (toast.set !== undefined) {
    changes.push(`set (${toast.set.replaceAll(/(^|, )(?=\w+ =)/g, '$1toast.')})`);
  }
  if (toast.reset !== undefined) changes.push(`reset (${toast.reset.replaceAll(/(^|, )/g, '$1toast.')})`);
  if (was.accessMethod !== is.accessMethod && is.accessMethod !== null) {
    changes.push(`set access method ${is.accessMethod}`);
  }
  if (was.bound === null && is.bound === null) {
    for (const parent of is.parents) if (!was.parents.includes(parent)) changes.push(`inherit ${parent}`);
    for (const parent of was.parents) if (!is.parents.includes(parent)) changes.push(`no inherit ${parent}`);
  }
  return changes.map((change) => `alter table ${name} ${change}`);
}

export const writeRelation: Writer = async ({ identity: name }, { from, to }) => {
  const was = await read(from, name);
  const is = await read(to, name);
  if (!is) {
    if (!was || was.isIdentity) return nothing;
    return { steps: [{ sql: [`drop ${keywords[was.kind]} ${name}`] }] };
  }
  if (!was) {
    // It comes with its column.
    if (is.isIdentity) return nothing;
    const step = await create(name, is, to);
    return typeof step === 'string' ? refuse(step) : { steps: [step] };
  }
  if (was.kind !== is.kind || was.partitionedBy !== is.partitionedBy) {
    return refuse(
      'a table cannot become partitioned, or otherwise, without moving its rows: write that by hand',
    );
  }
  if (was.tablespace !== is.tablespace) {
    return refuse('a tablespace belongs to one server; history must run on others');
  }
  const keyword = keywords[is.kind];
  const steps: Step[] = [];
  const alter = (...sql: string[]): void => {
    for (const statement of sql) steps.push({ sql: [statement] });
  };
  if (is.query !== null && was.query !== is.query) {
    const recreate = [
      `drop ${keyword} ${name}`,
      `create ${keyword} ${name}${withOptions(is.options)} as\n${queryOf(is)}`,
    ];
    steps.push(
      is.kind === 'v'
        ? {
            sql: [`create or replace view ${name}${withOptions(is.options)} as\n${queryOf(is)}`],
            otherwise: recreate,
          }
        : { sql: recreate },
    );
  } else {
    const { set, reset } = optionChanges(was.options, is.options);
    if (set !== undefined) alter(`alter ${keyword} ${name} set (${set})`);
    if (reset !== undefined) alter(`alter ${keyword} ${name} reset (${reset})`);
  }
  if (is.sequence !== null && was.sequence !== is.sequence) alter(`alter sequence ${name} ${is.sequence}`);
  if (was.ownedBy !== is.ownedBy && !is.isIdentity && !was.isIdentity) {
    alter(`alter sequence ${name} owned by ${is.ownedBy ?? 'none'}`);
  }
  if (is.kind === 'r' || is.kind === 'p' || is.kind === 'm') alter(...alterTable(name, was, is));
  const [wasParent] = was.parents;
  const [isParent] = is.parents;
  if (was.bound !== is.bound) {
    if (was.bound !== null) alter(`alter table ${wasParent} detach partition ${name}`);
    if (is.bound !== null) alter(`alter table ${isParent} attach partition ${name} ${is.bound}`);
  }
  if (was.owner !== is.owner) alter(`alter ${keyword} ${name} owner to ${is.owner}`);
  return { steps };
};

interface Index {
  readonly definition: string;
  readonly isPart: boolean;
  readonly rule: string | null;
  readonly isValid: boolean;
  readonly isClustered: boolean;
  readonly options: readonly string[];
  readonly table: string;
  readonly statistics: string | null;
}

const indexQuery = `
  select
    pg_get_indexdef(index.indexrelid) as definition,
    class.relispartition as "isPart",
    (
      select quote_ident(rule.conname)
      from pg_catalog.pg_constraint as rule
      where rule.conindid = index.indexrelid and rule.contype in ('p', 'u', 'x') and rule.conrelid = index.indrelid
    ) as rule,
    index.indisvalid and index.indisready as "isValid",
    index.indisclustered as "isClustered",
    coalesce(class.reloptions, '{}') as options,
    index.indrelid::regclass::text as table,
    (
      select string_agg(format('%s %s', attnum, attstattarget), ',' order by attnum)
      from pg_catalog.pg_attribute
      where attrelid = index.indexrelid and coalesce(attstattarget, -1) >= 0
    ) as statistics
  from pg_catalog.pg_index as index
  join pg_catalog.pg_class as class on class.oid = index.indexrelid
  where index.indexrelid = ${relationOid}`;

/** What an index is, its storage parameters left out. */
const keyOf = ({ definition }: Index): string => definition.replace(/ WITH \([^)]*\)/, '');
const creation = ({ definition }: Index): string =>
  definition
    .replace(/^CREATE (UNIQUE )?INDEX /, (_, unique) => `create ${unique ? 'unique ' : ''}index `)
    .replace(' ON ONLY ', ' ON ');

export const writeIndex: Writer = async ({ identity: name, before, after }, { from, to }) => {
  const was = await only<Index>(from, indexQuery, [name]);
  const is = await only<Index>(to, indexQuery, [name]);
  if (is && !is.isValid) {
    return refuse(`the index is not valid; mend it first: reindex index concurrently ${name}`);
  }
  if (is?.isPart || was?.isPart) return nothing;
  if (!is) {
    if (!was || was.rule !== null) return nothing;
    return { steps: [{ sql: [`drop index ${name}`] }] };
  }
  const { name: plainName } = splitLast(name);
  const clustered = is.isClustered ? [`alter table ${is.table} cluster on ${plainName}`] : [];
  // The index of a key comes with the key.
  if (!was) return is.rule !== null ? nothing : { steps: [{ sql: [creation(is), ...clustered] }] };
  if (keyOf(was) !== keyOf(is)) {
    if (is.rule !== null || was.rule !== null) return nothing;
    return { steps: [{ sql: [`drop index ${name}`, creation(is), ...clustered] }] };
  }
  const { set, reset } = optionChanges(was.options, is.options);
  const sql: string[] = [];
  if (set !== undefined) sql.push(`alter index ${name} set (${set})`);
  if (reset !== undefined) sql.push(`alter index ${name} reset (${reset})`);
  if (was.isClustered !== is.isClustered) {
    sql.push(...(is.isClustered ? clustered : [`alter table ${is.table} set without cluster`]));
  }
  if (was.statistics !== is.statistics) {
    const entries = (text: string | null): Map<string, string> =>
      new Map(
        (text ?? '')
          .split(',')
          .flatMap((entry) => (entry === '' ? [] : [[entry.split(' ')[0] ?? '', entry.split(' ')[1] ?? '']])),
      );
    const wanted = entries(is.statistics);
    for (const [column] of entries(was.statistics)) if (!wanted.has(column)) wanted.set(column, '-1');
    for (const [column, target] of wanted)
      sql.push(`alter index ${name} alter column ${column} set statistics ${target}`);
  }
  if (sql.length > 0) return { steps: [{ sql }] };
  const ownerOf = (definition = ''): string | undefined => / owner=(\S+)$/.exec(definition)?.[1];
  return ownerOf(before) === ownerOf(after) ? nothing : refuse('the owner of an index is that of its table');
};
