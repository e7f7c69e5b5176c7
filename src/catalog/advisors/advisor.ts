/**
 * What every advisor looks like, after the model of Supabase's splinter: one check is one file, and all of them
 * answer in one row shape.
 *
 * A check is a query over the system catalogs. It takes the module schemas as `$1 text[]`, so that it never has
 * its own opinion about which schemas are ours, and returns `object`, `detail` and `remediation`. The two
 * examples are part of the rule: tests run them (the check must report the first and stay silent on the second)
 * and the reference page prints them, so neither can lie. They are run as `stoa_owner` in an empty schema
 * `scratch`.
 */
export interface Advisor {
  /** Stable, for machines and for file names: `table_without_row_security`. */
  readonly name: string;
  /** `error`: must not ship. `warning`: look at it, there may be a reason. */
  readonly level: 'error' | 'warning';
  /** What was found, as the title of a section. */
  readonly title: string;
  /** What goes wrong when it stays. */
  readonly why: string;
  /** Returns (object text, detail text, remediation text) for the schemas in `$1`. */
  readonly query: string;
  readonly examples: { readonly bad: string; readonly good: string };
}

export interface Finding {
  readonly name: string;
  readonly level: Advisor['level'];
  /** The object as one would type it: `forums.posts`, `forums.posts.score`, `forums.vote_post(uuid, integer)`. */
  readonly object: string;
  readonly detail: string;
  readonly remediation: string;
}

/** The roles that a request of the API may run as, as a SQL array. */
export const apiRoles = `array['stoa_anonymous', 'stoa_member', 'stoa_moderator', 'stoa_admin']`;

/** The text of a function, whichever way its body is stored; comments are left out, so that they are never read as calls. */
export const functionBody = `regexp_replace(
    regexp_replace(coalesce(pg_catalog.pg_get_function_sqlbody(f.oid), f.prosrc), '/\\*.*?\\*/', '', 'g'),
    '--[^\\n]*', '', 'g'
  )`;

/** True of an object (`classid`, `oid`) that an extension brought: its upkeep is not ours. */
export function fromExtension(classid: string, oid: string): string {
  return `exists (
    select from pg_catalog.pg_depend as d
    where d.classid = '${classid}'::regclass and d.objid = ${oid} and d.deptype = 'e'
  )`;
}
