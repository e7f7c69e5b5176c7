import type { Client } from 'pg';
import type { Definition } from './definition.ts';
import type { World } from './dependency.ts';

export interface Coverage {
  /** `function core.fail(text, integer)`: in the database, in no file. */
  readonly withoutFile: readonly string[];
  readonly withSeveralFiles: readonly { readonly object: string; readonly files: readonly string[] }[];
  readonly notInDatabase: readonly { readonly object: string; readonly file: string }[];
}

/** Compares what is defined in the database, in the given schemas, with what the files define. */
export async function coverageOf(
  client: Client,
  workingCopy: World,
  schemas: readonly string[],
): Promise<Coverage> {
  const definitions = [...workingCopy.values()].flatMap(({ path, definitions: each }) =>
    each.map((definition) => ({ definition, file: `sql/${path}` })),
  );
  const files = new Map<string, string[]>();
  const notInDatabase: { object: string; file: string }[] = [];
  for (const { definition, file } of definitions) {
    const key = await catalogKey(client, definition);
    if (key === undefined) notInDatabase.push({ object: `${definition.kind} ${definition.identity}`, file });
    else files.set(key, [...(files.get(key) ?? []), file]);
  }
  const { rows } = await client.query<{ key: string; object: string }>(everything, [schemas]);
  return {
    withoutFile: rows.filter(({ key }) => !files.has(key)).map(({ object }) => object),
    withSeveralFiles: rows.flatMap(({ key, object }) => {
      const found = files.get(key) ?? [];
      return found.length > 1 ? [{ object, files: found }] : [];
    }),
    notInDatabase,
  };
}

/** Lets the server resolve the name, so that `int`, `integer` and `int4` are one. */
async function catalogKey(
  client: Client,
  { kind, identity, table, name }: Definition,
): Promise<string | undefined> {
  const { rows } = await client.query<{ key: string | null }>(
    kind === 'function'
      ? "select 'function ' || to_regprocedure($1)::oid as key"
      : kind === 'view'
        ? "select 'view ' || to_regclass($1)::oid as key"
        : `select case when to_regclass($1) is not null then '${kind} ' || to_regclass($1)::oid || ' ' || $2 end as key`,
    kind === 'trigger' || kind === 'policy' ? [table, name] : [identity],
  );
  return rows[0]?.key ?? undefined;
}

/** A trigger of a partition that was cloned from its parent belongs to the parent. */
const everything = `
  with space as (select oid, nspname from pg_namespace where nspname = any ($1::text[]))
  select 'function ' || proc.oid as key, 'function ' || proc.oid::regprocedure as object
  from pg_proc as proc
  join space on space.oid = proc.pronamespace
  where not exists (
    select from pg_depend where classid = 'pg_proc'::regclass and objid = proc.oid and deptype = 'e'
  )
  union all
  select 'view ' || class.oid, 'view ' || class.oid::regclass
  from pg_class as class
  join space on space.oid = class.relnamespace
  where class.relkind in ('v', 'm')
  union all
  select
    'trigger ' || class.oid || ' ' || trigger.tgname,
    'trigger ' || trigger.tgname || ' on ' || class.oid::regclass
  from pg_trigger as trigger
  join pg_class as class on class.oid = trigger.tgrelid
  join space on space.oid = class.relnamespace
  where not trigger.tgisinternal and trigger.tgparentid = 0
  union all
  select
    'policy ' || class.oid || ' ' || policy.polname,
    'policy ' || policy.polname || ' on ' || class.oid::regclass
  from pg_policy as policy
  join pg_class as class on class.oid = policy.polrelid
  join space on space.oid = class.relnamespace
  order by 2`;
