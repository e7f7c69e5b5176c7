import type { ClientBase } from 'pg';
import type { Fact } from '../catalog/fingerprint.ts';

/**
 * What `alter database … set` and `alter role … set` have left for this database. History has none: a migration runs
 * as stoa_owner, which may make no such setting, so whatever stands here was made by hand.
 */
const query = `
  select
    'setting' as kind,
    case
      when setting.setrole = 0 then 'database'
      when setting.setdatabase = 0 then format('role %I', pg_get_userbyid(setting.setrole))
      else format('role %I in this database', pg_get_userbyid(setting.setrole))
    end || ': ' || split_part(entry, '=', 1) as identity,
    encode(sha256(convert_to(entry, 'UTF8')), 'hex') as hash,
    substr(entry, strpos(entry, '=') + 1) as definition
  from pg_catalog.pg_db_role_setting as setting
  cross join unnest(setting.setconfig) as entry
  where setting.setdatabase in (0, (select oid from pg_catalog.pg_database where datname = current_database()))
    and (setting.setrole = 0 or pg_get_userbyid(setting.setrole) ~ '^stoa_')
    -- The marks of Stoa itself, such as "may be emptied".
    and entry !~ '^stoa\\.'
  order by 2`;

export async function settingFacts(client: ClientBase): Promise<readonly Fact[]> {
  return (await client.query<Fact>(query)).rows;
}

/** What takes a setting back, for a superuser. */
export function resetSetting(identity: string, database: string): string {
  const [whose = '', parameter = ''] = identity.split(': ');
  if (whose === 'database') return `alter database ${database} reset ${parameter};`;
  const role = /^role (\S+)/.exec(whose)?.[1] ?? '';
  return whose.endsWith(' in this database')
    ? `alter role ${role} in database ${database} reset ${parameter};`
    : `alter role ${role} reset ${parameter};`;
}
