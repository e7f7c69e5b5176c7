/**
 * What every advisor looks like, after the model of Supabase's splinter: one check is one file, and all of them
 * answer in one row shape.
 *
 * A check is a query over the system catalogs. It takes the module schemas as `$1 text[]`, so that it never has
 * its own opinion about which schemas are ours, and returns `object`, `detail` and `remediation`. The two
 * examples are part of the rule: tests run them (the check must report the first and stay silent on the second)
 * and the reference page prints them, so neither can lie. They are run as `stoa_owner` in an empty schema
 * `scratch`. Tests also run the remediation of each row as it is printed, after which the row must be gone.
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
  /**
   * Returns (object text, detail text, remediation text) for the schemas in `$1`. One row an object. The remediation
   * is SQL, statement for statement, without comments: it is printed in lines of whatever width. What only people
   * know stands in it as one of the `blanks`; a choice that people have is told in the detail.
   */
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

/** What a remediation leaves to whoever runs it: each is replaced, brackets included, and nothing else is. */
export const blanks = {
  '<text>': 'a sentence, with quotes doubled',
  '<name>': 'a name in lower case, in the singular, such as forum_post',
  '<condition>': 'an SQL condition over the columns of the row',
  '<expression>': 'an SQL expression over the columns of the row',
  '<type>': 'a type whose comparison is leak-proof, such as bigint or text',
  '<sqlstate>': 'one of ST401, ST403, ST404, ST409, ST410, ST422, ST423, ST429',
  '<action>': 'one of delete, scrub, keep',
  '<key_kind>': 'one of uuidv7, timestamptz',
} as const satisfies Readonly<Record<string, string>>;

export type Blank = keyof typeof blanks;

/** The roles that a request of the API may run as, as a SQL array. */
export const apiRoles = `array['stoa_anonymous', 'stoa_member', 'stoa_moderator', 'stoa_admin']`;

/**
 * The roles, as one list, that a role of the API has its rights on the relation `c` from: itself, one that it belongs
 * to, or PUBLIC. A right is taken from whoever holds it, not from whoever inherits it.
 */
export const granteesOfRelation = `(
    select string_agg(distinct case granted.grantee when 0 then 'public' else granted.grantee::regrole::text end, ', ')
    from (
      select (pg_catalog.aclexplode(c.relacl)).grantee
      union all
      select (pg_catalog.aclexplode(a.attacl)).grantee from pg_catalog.pg_attribute as a where a.attrelid = c.oid
    ) as granted
    where granted.grantee <> c.relowner
      and (
        granted.grantee = 0
        or exists (select from unnest(${apiRoles}) as api (name) where pg_has_role(api.name, granted.grantee, 'usage'))
      )
  )`;

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
