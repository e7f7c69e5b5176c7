import type { Queryable } from '../queryable.ts';
import { parseComment } from './comment.ts';
import type { Routine } from './model.ts';

const routines = `
  select
    f.pronamespace::regnamespace::text as schema,
    f.oid::regproc::text as name,
    f.oid::regprocedure::text as signature,
    pg_catalog.pg_get_function_arguments(f.oid) as arguments,
    coalesce(pg_catalog.pg_get_function_result(f.oid), 'nothing') as result,
    l.lanname::text as language,
    case f.provolatile when 'i' then 'immutable' when 's' then 'stable' else 'volatile' end as volatility,
    f.prosecdef as "isSecurityDefiner",
    f.prorettype = 'trigger'::regtype as "isTrigger",
    coalesce(
      (
        select array_agg(granted.grantee::regrole::text order by
          position(granted.grantee::regrole::text in 'stoa_anonymous stoa_member stoa_moderator stoa_admin stoa_worker stoa_auth'),
          granted.grantee::regrole::text collate "C")
        from pg_catalog.aclexplode(f.proacl) as granted
        where granted.privilege_type = 'EXECUTE' and granted.grantee <> 0 and granted.grantee <> f.proowner
      ),
      '{}'
    ) as roles,
    coalesce(pg_catalog.pg_get_function_sqlbody(f.oid), f.prosrc) as body,
    pg_catalog.obj_description(f.oid, 'pg_proc') as comment
  from pg_catalog.pg_proc as f
  join pg_catalog.pg_language as l on l.oid = f.prolang
  where f.pronamespace::regnamespace::text = any ($1)
    and not exists (
      select from pg_catalog.pg_depend as d
      where d.classid = 'pg_proc'::regclass and d.objid = f.oid and d.deptype = 'e'
    )
  order by f.proname collate "C", f.oid::regprocedure::text collate "C"`;

interface RoutineRow extends Omit<Routine, 'comment' | 'calls' | 'ownReasons' | 'reasons'> {
  readonly schema: string;
  readonly body: string;
  readonly comment: string | null;
}

/** What a function body names: functions of the modules, and registered reasons. Comments are not looked at. */
function mentions(
  body: string,
  known: { functions: ReadonlySet<string>; reasons: ReadonlySet<string> },
): { calls: readonly string[]; reasons: readonly string[] } {
  const code = body.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/--[^\n]*/g, '');
  const calls = [...code.matchAll(/\b([a-z_]+\.[a-z_0-9]+)\s*\(/g)].map(([, name = '']) => name);
  const literals = [...code.matchAll(/'([a-z][a-z0-9_.]*)'/g)].map(([, literal = '']) => literal);
  return {
    calls: [...new Set(calls)].filter((name) => known.functions.has(name)).sort(),
    reasons: [...new Set(literals)].filter((literal) => known.reasons.has(literal)).sort(),
  };
}

/** The reasons of a function and of everything that it calls. Overloads share a name and are taken together. */
function reach(
  name: string,
  direct: ReadonlyMap<string, { calls: readonly string[]; reasons: readonly string[] }[]>,
) {
  const seen = new Set<string>();
  const reasons = new Set<string>();
  const visit = (current: string): void => {
    if (seen.has(current)) return;
    seen.add(current);
    for (const mentioned of direct.get(current) ?? []) {
      for (const reason of mentioned.reasons) reasons.add(reason);
      for (const called of mentioned.calls) visit(called);
    }
  };
  visit(name);
  return [...reasons].sort();
}

/** The functions and procedures of these schemas. `search_path` must be empty, so that every name comes qualified. */
export async function readRoutines(
  database: Queryable,
  schemas: readonly string[],
  reasons: ReadonlySet<string>,
): Promise<(schema: string) => readonly Routine[]> {
  const { rows } = await database.query<RoutineRow>(routines, [schemas]);
  const functions = new Set(rows.map(({ name }) => name));
  const direct = new Map<string, { calls: readonly string[]; reasons: readonly string[] }[]>();
  for (const { name, body } of rows) {
    direct.set(name, [...(direct.get(name) ?? []), mentions(body, { functions, reasons })]);
  }

  return (schema) =>
    rows
      .filter((row) => row.schema === schema)
      .map(({ schema: _, body, comment, ...row }) => {
        const own = mentions(body, { functions, reasons });
        return {
          ...row,
          calls: own.calls.filter((called) => called !== row.name),
          ownReasons: own.reasons,
          reasons: reach(row.name, direct),
          comment: parseComment(comment),
        };
      });
}
