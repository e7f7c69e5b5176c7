import { createHash } from 'node:crypto';
import type { Client } from 'pg';

/**
 * What decides who may do what, one line each: row security, policies, grants, roles and their members, functions that
 * run as their owner. Restored rows without it would be open to everybody.
 */
const lines = `
  with own as (
    select oid, nspname
    from pg_catalog.pg_namespace
    where nspname !~ '^pg_' and nspname not in ('information_schema', 'graphile_worker', 'parts')
  )
  select 'row security of ' || own.nspname || '.' || class.relname as subject,
    concat_ws(' ', class.relrowsecurity, class.relforcerowsecurity, pg_get_userbyid(class.relowner)) as content
  from pg_catalog.pg_class as class
  join own on own.oid = class.relnamespace
  where class.relkind in ('r', 'p')
  union all
  select 'policy ' || policy.schemaname || '.' || policy.tablename || '/' || policy.policyname,
    concat_ws(' | ', policy.permissive, policy.roles, policy.cmd, policy.qual, policy.with_check)
  from pg_catalog.pg_policies as policy
  join own on own.nspname = policy.schemaname
  union all
  select 'grants on ' || own.nspname || '.' || class.relname,
    (select string_agg(entry::text, ' ' order by entry::text) from unnest(class.relacl) as entry)
      || coalesce((
        select string_agg(attribute.attname || ':' || entry::text, ' ' order by attribute.attname, entry::text)
        from pg_catalog.pg_attribute as attribute, unnest(attribute.attacl) as entry
        where attribute.attrelid = class.oid
      ), '')
  from pg_catalog.pg_class as class
  join own on own.oid = class.relnamespace
  where class.relkind in ('r', 'p', 'v', 'm', 'S')
  union all
  select 'function ' || own.nspname || '.' || procedure.proname || '(' || pg_get_function_identity_arguments(procedure.oid) || ')',
    concat_ws(' ', procedure.prosecdef, pg_get_userbyid(procedure.proowner), (
      select string_agg(entry::text, ' ' order by entry::text) from unnest(procedure.proacl) as entry
    ))
  from pg_catalog.pg_proc as procedure
  join own on own.oid = procedure.pronamespace
  union all
  select 'schema ' || namespace.nspname,
    (select string_agg(entry::text, ' ' order by entry::text) from unnest(namespace.nspacl) as entry)
  from pg_catalog.pg_namespace as namespace
  join own on own.oid = namespace.oid
  union all
  select 'role ' || role.rolname,
    concat_ws(' ', role.rolsuper, role.rolinherit, role.rolcreaterole, role.rolcreatedb, role.rolreplication, role.rolbypassrls, (
      select string_agg(granted.rolname, ' ' order by granted.rolname)
      from pg_catalog.pg_auth_members as membership
      join pg_catalog.pg_roles as granted on granted.oid = membership.roleid
      where membership.member = role.oid
    ))
  from pg_catalog.pg_roles as role
  where role.rolname ~ '^stoa_'`;

/** A short hash of each, by its subject. Whether a role may log in is left out: a restore shuts everybody out first. */
export async function securityOf(client: Client): Promise<Readonly<Record<string, string>>> {
  const { rows } = await client.query<{ subject: string; content: string | null }>(lines);
  return Object.fromEntries(
    rows.map(({ subject, content }): [string, string] => [
      subject,
      createHash('sha256')
        .update(content ?? '')
        .digest('hex')
        .slice(0, 16),
    ]),
  );
}
