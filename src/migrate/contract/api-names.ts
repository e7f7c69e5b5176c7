import type { Queryable } from '../../catalog/queryable.ts';
import type { Taken } from './taken.ts';

interface Name {
  readonly type: string;
  readonly field: string | undefined;
}

/** What clients of the API know something by: the tag `@name` of its comment, else its own name. */
export async function apiNamesOf(client: Queryable, taken: readonly Taken[]): Promise<readonly Name[]> {
  const names: Name[] = [];
  for (const each of taken) {
    if (each.kind === 'function') {
      const field = camel(each.name.slice(each.name.lastIndexOf('.') + 1));
      names.push({ type: 'Query', field }, { type: 'Mutation', field });
      continue;
    }
    const { rows } = await client.query<{ type: string; field: string | null }>(
      `select
         coalesce(substring(obj_description(relation.oid, 'pg_class') from '@name (\\w+)'), relation.relname) as type,
         coalesce(substring(col_description(relation.oid, attribute.attnum) from '@name (\\w+)'), attribute.attname) as field
       from pg_catalog.pg_class as relation
       left join pg_catalog.pg_attribute as attribute
         on attribute.attrelid = relation.oid and attribute.attname = $2
       where relation.oid = to_regclass($1)`,
      [each.relation, each.kind === 'column' ? each.column : null],
    );
    for (const { type, field } of rows) {
      names.push({ type: pascal(type), field: field === null ? undefined : camel(field) });
    }
  }
  return names;
}

function camel(name: string): string {
  return name.replaceAll(/_+(\w)/g, (_, letter: string) => letter.toUpperCase());
}

function pascal(name: string): string {
  const text = camel(name);
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
