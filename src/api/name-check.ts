import 'postgraphile';
import { withPgClientFromPgService } from 'postgraphile/@dataplan/pg';
import { exitCodes, StoaError } from '../errors.ts';

interface ExposedTable {
  readonly schema: string;
  readonly table: string;
  readonly name: string | null;
}

interface ExposedFunction {
  readonly schema: string;
  readonly function: string;
  readonly name: string;
  readonly is_mutation: boolean;
  readonly is_overloaded: boolean;
}

/** Exposed: some role that the gateway may become has a grant. */
const exposedTables = `
  select
    nspname as schema,
    relname as table,
    (regexp_match(obj_description(pg_class.oid, 'pg_class'), '^@name +(\\S+)', 'n'))[1] as name
  from pg_class
    join pg_namespace on pg_namespace.oid = relnamespace
  where nspname = any ($1)
    and relkind in ('r', 'p', 'v', 'm', 'f')
    and exists (
      select
      from pg_roles
      where pg_has_role(current_user, pg_roles.oid, 'member')
        and has_any_column_privilege(pg_roles.oid, pg_class.oid, 'select')
    )
  order by 1, 2
`;

/** Functions of a row are fields of its type, not of the root: their names cannot clash here. */
const exposedFunctions = `
  select
    nspname as schema,
    proname as function,
    coalesce(
      (regexp_match(obj_description(pg_proc.oid, 'pg_proc'), '^@name +(\\S+)', 'n'))[1],
      proname
    ) as name,
    provolatile = 'v' as is_mutation,
    exists (
      select
      from pg_proc as other
      where other.pronamespace = pg_proc.pronamespace
        and other.proname = pg_proc.proname
        and other.oid <> pg_proc.oid
    ) as is_overloaded
  from pg_proc
    join pg_namespace on pg_namespace.oid = pronamespace
  where nspname = any ($1)
    and prokind = 'f'
    and prorettype not in ('trigger'::regtype, 'event_trigger'::regtype)
    and not exists (
      select
      from pg_type
      where pg_type.oid = proargtypes[0]
        and typtype = 'c'
        and provolatile <> 'v'
    )
    and coalesce(obj_description(pg_proc.oid, 'pg_proc'), '') !~ '(?n)^@internal'
    and exists (
      select
      from pg_roles
      where pg_has_role(current_user, pg_roles.oid, 'member')
        and has_function_privilege(pg_roles.oid, pg_proc.oid, 'execute')
    )
  order by 1, 2
`;

/** Fails the start, with all faults at once, rather than serve a name that clients would have to unlearn. */
export const NameCheckPlugin: GraphileConfig.Plugin = {
  name: 'StoaNameCheckPlugin',
  version: '1.0.0',
  description: 'Every exposed table has a name of its own, without stutter; no two things share one.',
  // Before the registry is built, which would stop at the first clash with a message about codecs.
  before: ['PgRegistryPlugin'],
  gather: {
    async main(_output, info) {
      const faults: string[] = [];
      for (const service of info.resolvedPreset.pgServices ?? []) {
        await withPgClientFromPgService(service, null, async (client) => {
          const values = [service.schemas ?? []];
          const tables = await client.query<ExposedTable>({ text: exposedTables, values });
          const functions = await client.query<ExposedFunction>({ text: exposedFunctions, values });
          faults.push(...findNameFaults(tables.rows, functions.rows, info.inflection));
        });
      }
      if (faults.length === 0) return;
      throw new StoaError(
        'api.names',
        `Names of the API are not settled:\n${faults.map((fault) => `- ${fault}`).join('\n')}`,
        {
          cure: 'Give each a name of its own in its comment: a first line "@name post".',
          exitCode: exitCodes.configuration,
        },
      );
    },
  },
};

export function findNameFaults(
  tables: readonly ExposedTable[],
  functions: readonly ExposedFunction[],
  inflection: GraphileBuild.Inflection,
): string[] {
  const faults: string[] = [];
  const owners = new Map<string, string>();
  const claim = (kind: string, name: string, owner: string): void => {
    const key = `${kind} ${name}`;
    const other = owners.get(key);
    if (other) faults.push(`${owner} and ${other} would both be the ${key}`);
    else owners.set(key, owner);
  };

  for (const { schema, table, name } of tables) {
    const owner = `the table ${schema}.${table}`;
    if (name === null) {
      faults.push(`${owner} is exposed and has no @name`);
      continue;
    }
    const single = inflection.singularize(name);
    const words = single.split('_').map((word) => inflection.singularize(word));
    if (words.some((word, place) => word === words[place + 1])) {
      faults.push(`${owner} stutters: ${inflection.upperCamelCase(single)}`);
    }
    claim('type', inflection.upperCamelCase(single), owner);
    claim('query', inflection.camelCase(single), owner);
    if (inflection.pluralize(single) !== single)
      claim('query', inflection.camelCase(inflection.pluralize(single)), owner);
  }
  for (const { schema, function: sqlName, name, is_mutation, is_overloaded } of functions) {
    const owner = `the function ${schema}.${sqlName}`;
    if (is_overloaded)
      faults.push(`${owner} exists with several argument lists, so that none would be exposed`);
    else claim(is_mutation ? 'mutation' : 'query', inflection.camelCase(name), owner);
  }
  return faults;
}
