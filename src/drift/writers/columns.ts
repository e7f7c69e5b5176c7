import type { Client } from 'pg';
import { partsOf, splitLast } from '../identity.ts';
import { hasRelation, nothing, only, optionChanges, refuse, relationOid, type Writer } from './writer.ts';

export interface Column {
  readonly name: string;
  readonly type: string;
  readonly isRequired: boolean;
  readonly expression: string | null;
  readonly identity: '' | 'a' | 'd';
  readonly generated: '' | 's' | 'v';
  readonly collation: string | null;
  readonly storage: string;
  readonly compression: string;
  readonly statistics: number;
  readonly options: readonly string[];
  readonly relkind: string;
  readonly isOwn: boolean;
  /** Of its not-null rule, where PostgreSQL keeps a name for it (18 on) and it is not the one that it would choose. */
  readonly ruleName: string | null;
}

const columnQuery = `
  select
    quote_ident(attribute.attname) as name,
    format_type(attribute.atttypid, attribute.atttypmod) as type,
    attribute.attnotnull as "isRequired",
    pg_get_expr(held.adbin, held.adrelid) as expression,
    attribute.attidentity::text as identity,
    attribute.attgenerated::text as generated,
    case when attribute.attcollation <> type.typcollation then attribute.attcollation::regcollation::text end as collation,
    attribute.attstorage::text as storage,
    attribute.attcompression::text as compression,
    coalesce(attribute.attstattarget::integer, -1) as statistics,
    coalesce(attribute.attoptions, '{}') as options,
    class.relkind::text as relkind,
    attribute.attislocal as "isOwn",
    (
      select quote_ident(rule.conname)
      from pg_catalog.pg_constraint as rule
      where rule.conrelid = attribute.attrelid
        and rule.contype = 'n'
        and rule.conkey = array[attribute.attnum]
        and rule.conname <> class.relname || '_' || attribute.attname || '_not_null'
    ) as "ruleName"
  from pg_catalog.pg_attribute as attribute
  join pg_catalog.pg_class as class on class.oid = attribute.attrelid
  join pg_catalog.pg_type as type on type.oid = attribute.atttypid
  left join pg_catalog.pg_attrdef as held on held.adrelid = attribute.attrelid and held.adnum = attribute.attnum
  where attribute.attrelid = ${relationOid}
    and attribute.attnum > 0
    and not attribute.attisdropped
    and ($2::text is null or quote_ident(attribute.attname) = $2)
  order by attribute.attnum`;

export async function columnsOf(client: Client, relation: string): Promise<readonly Column[]> {
  return (await client.query<Column>(columnQuery, [relation, null])).rows;
}

const identities = { a: 'always', d: 'by default' } as const;

/** As it stands in `create table` and `add column`. */
export function columnText(column: Column): string {
  const { name, type, collation, expression, identity, generated, isRequired } = column;
  return [
    name,
    type,
    ...(collation === null ? [] : [`collate ${collation}`]),
    ...(generated !== ''
      ? [`generated always as (${expression}) ${generated === 's' ? 'stored' : 'virtual'}`]
      : identity !== ''
        ? [`generated ${identities[identity]} as identity`]
        : expression !== null
          ? [`default ${expression}`]
          : []),
    ...(isRequired && identity === '' ? ['not null'] : []),
  ].join(' ');
}

const storages: Readonly<Record<string, string>> = { p: 'plain', e: 'external', m: 'main', x: 'extended' };
const compressions: Readonly<Record<string, string>> = { '': 'default', p: 'pglz', l: 'lz4' };

function alterations(table: string, was: Column, is: Column): readonly string[] {
  const changes: string[] = [];
  const column = is.name;
  const isRetyped = was.type !== is.type || was.collation !== is.collation;
  const holdsDefault = (side: Column): boolean =>
    side.expression !== null && side.generated === '' && side.identity === '';
  if (isRetyped) {
    // The default of the old type may not fit the new one.
    if (holdsDefault(was)) changes.push(`alter column ${column} drop default`);
    changes.push(
      `alter column ${column} type ${is.type}${is.collation === null ? '' : ` collate ${is.collation}`} using ${column}::${is.type}`,
    );
  }
  if (was.identity !== '' && is.identity === '') changes.push(`alter column ${column} drop identity`);
  if (!holdsDefault(is)) {
    if (holdsDefault(was) && !isRetyped) changes.push(`alter column ${column} drop default`);
  } else if (was.expression !== is.expression || isRetyped) {
    changes.push(`alter column ${column} set default ${is.expression}`);
  }
  if (was.isRequired !== is.isRequired) {
    changes.push(
      !is.isRequired
        ? `alter column ${column} drop not null`
        : is.ruleName === null
          ? `alter column ${column} set not null`
          : `add constraint ${is.ruleName} not null ${column}`,
    );
  }
  if (is.identity !== '' && was.identity !== is.identity) {
    changes.push(
      was.identity === ''
        ? `alter column ${column} add generated ${identities[is.identity]} as identity`
        : `alter column ${column} set generated ${identities[is.identity]}`,
    );
  }
  if (was.storage !== is.storage || (isRetyped && is.storage !== 'p')) {
    if (was.storage !== is.storage)
      changes.push(`alter column ${column} set storage ${storages[is.storage]}`);
  }
  if (was.compression !== is.compression) {
    changes.push(`alter column ${column} set compression ${compressions[is.compression]}`);
  }
  if (was.statistics !== is.statistics)
    changes.push(`alter column ${column} set statistics ${is.statistics}`);
  const { set, reset } = optionChanges(was.options, is.options);
  if (set !== undefined) changes.push(`alter column ${column} set (${set})`);
  if (reset !== undefined) changes.push(`alter column ${column} reset (${reset})`);
  return changes.map((change) => `alter table ${table} ${change}`);
}

export const writeColumn: Writer = async ({ identity }, { from, to }) => {
  const { owner: relation, name } = splitLast(identity);
  if (partsOf(identity)[0] === 'parts') {
    return refuse('a partition follows its parent; what was done to one of them alone is undone on the spot');
  }
  const was = await only<Column>(from, columnQuery, [relation, name]);
  const is = await only<Column>(to, columnQuery, [relation, name]);
  const side = is ?? was;
  // The columns of a view are its query.
  if (!side || side.relkind === 'v' || side.relkind === 'm') return nothing;
  // With the relation comes and goes what it has.
  if (!(await hasRelation(from, relation))) return nothing;
  if (!is) {
    if (!(await hasRelation(to, relation))) return nothing;
    if (side.relkind === 'c') return { steps: [{ sql: [`alter type ${relation} drop attribute ${name}`] }] };
    return { steps: [{ sql: [`alter table ${relation} drop column ${name}`] }] };
  }
  if (side.relkind === 'c') {
    const text = `${is.name} ${is.type}${is.collation === null ? '' : ` collate ${is.collation}`}`;
    return {
      steps: [
        {
          sql: [
            was
              ? `alter type ${relation} alter attribute ${is.name} type ${text.slice(is.name.length + 1)}`
              : `alter type ${relation} add attribute ${text}`,
          ],
        },
      ],
    };
  }
  if (!was) return { steps: [{ sql: [`alter table ${relation} add column ${columnText(is)}`] }] };
  if (was.generated !== is.generated || (is.generated !== '' && was.expression !== is.expression)) {
    return {
      steps: [
        {
          sql: [
            `alter table ${relation} drop column ${name}`,
            `alter table ${relation} add column ${columnText(is)}`,
          ],
        },
      ],
    };
  }
  const sql = alterations(relation, was, is);
  return sql.length === 0 ? nothing : { steps: [{ sql }] };
};
