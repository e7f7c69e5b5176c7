import { loadModule, type Node, parseSync } from 'libpg-query';
import type { Client } from 'pg';
import { migratedSchemas } from '../schemas.ts';
import { takeApart } from './body-text.ts';
import type { Taken } from './taken.ts';

/** Who uses something, and how that is known. */
export interface User {
  /** `view forums.readable_posts` */
  readonly name: string;
  /**
   * dependency: PostgreSQL says so; parsed: the body of a function does; word: its code names it, which may mean
   * something else; dynamic: SQL that it puts together from texts may.
   */
  readonly evidence: 'dependency' | 'parsed' | 'word' | 'dynamic';
}

export async function usersOf(client: Client, taken: Taken): Promise<readonly User[]> {
  const users = [...(await dependents(client, taken)), ...(await bodies(client, taken))];
  return [...new Map(users.map((user) => [user.name, user])).values()];
}

/** Columns of constraints and indexes go with their column, and the policies of a table with the table. */
async function dependents(client: Client, taken: Taken): Promise<readonly User[]> {
  const { rows } = await client.query<{ name: string }>(
    `with taken as (
       select 'pg_catalog.pg_class'::regclass as class, relation.oid, coalesce(attribute.attnum, 0) as number
       from pg_catalog.pg_class as relation
       left join pg_catalog.pg_attribute as attribute
         on attribute.attrelid = relation.oid and attribute.attname = $2
       where relation.oid = to_regclass($1) and ($2::text is null or attribute.attnum is not null)
       union all
       select 'pg_catalog.pg_proc'::regclass, function.oid, 0
       from pg_catalog.pg_proc as function
       where $3::text is not null
         and format('%I.%I', function.pronamespace::regnamespace::text, function.proname) = $3
     )
     select distinct
       case depend.classid
         when 'pg_rewrite'::regclass then 'view ' || (
           select format('%I.%I', view.relnamespace::regnamespace::text, view.relname)
           from pg_rewrite as rule join pg_class as view on view.oid = rule.ev_class
           where rule.oid = depend.objid)
         when 'pg_policy'::regclass then (
           select format('policy %I on %I.%I', policy.polname, holder.relnamespace::regnamespace::text, holder.relname)
           from pg_policy as policy join pg_class as holder on holder.oid = policy.polrelid
           where policy.oid = depend.objid and not ($2::text is null and policy.polrelid = taken.oid))
         when 'pg_trigger'::regclass then (
           select format('trigger %I on %I.%I', tg.tgname, holder.relnamespace::regnamespace::text, holder.relname)
           from pg_trigger as tg join pg_class as holder on holder.oid = tg.tgrelid
           where tg.oid = depend.objid and not tg.tgisinternal and not ($2::text is null and tg.tgrelid = taken.oid))
         when 'pg_constraint'::regclass then (
           select format('foreign key %I of %I.%I', fk.conname, holder.relnamespace::regnamespace::text, holder.relname)
           from pg_constraint as fk join pg_class as holder on holder.oid = fk.conrelid
           where fk.oid = depend.objid and fk.contype = 'f' and fk.conrelid <> taken.oid)
         when 'pg_proc'::regclass then (
           select format('function %I.%I', body.pronamespace::regnamespace::text, body.proname)
           from pg_proc as body where body.oid = depend.objid)
       end as name
     from taken
     join pg_catalog.pg_depend as depend
       on depend.refclassid = taken.class
      and depend.refobjid = taken.oid
      and (taken.number = 0 or depend.refobjsubid = taken.number)
      and depend.deptype <> 'i'
      and not (depend.classid = taken.class and depend.objid = taken.oid)`,
    [
      taken.kind === 'function' ? null : taken.relation,
      taken.kind === 'column' ? bare(taken.column) : null,
      taken.kind === 'function' ? taken.name : null,
    ],
  );
  return rows.flatMap(({ name }) => (name === null ? [] : [{ name, evidence: 'dependency' as const }]));
}

interface Body {
  readonly name: string;
  readonly language: string;
  readonly text: string;
  /** It is a trigger of the table that loses something, and so knows it as NEW and OLD. */
  readonly isTrigger: boolean;
}

/** PostgreSQL knows nothing of what stands in a body that is a string. */
async function bodies(client: Client, taken: Taken): Promise<readonly User[]> {
  await loadModule();
  const relation = taken.kind === 'function' ? null : taken.relation;
  const { rows } = await client.query<Body>(
    `select
       format('%I.%I', body.pronamespace::regnamespace::text, body.proname) as name,
       language.lanname as language,
       body.prosrc as text,
       exists (select from pg_trigger as tg where tg.tgfoid = body.oid and tg.tgrelid = to_regclass($2)) as "isTrigger"
     from pg_catalog.pg_proc as body
     join pg_catalog.pg_language as language on language.oid = body.prolang
     where body.pronamespace::regnamespace::text = any ($1)
       and language.lanname in ('sql', 'plpgsql')
       and body.prosqlbody is null`,
    [migratedSchemas, relation],
  );
  return rows.flatMap((body): readonly User[] => {
    if (taken.kind === 'function' && body.name === taken.name) return [];
    const evidence = evidenceIn(body, taken);
    return evidence === undefined ? [] : [{ name: `function ${body.name}`, evidence }];
  });
}

function evidenceIn(body: Body, taken: Taken): User['evidence'] | undefined {
  const { code, literals, isDynamic } = takeApart(body.text);
  if (body.language === 'sql') {
    try {
      const tree: { stmts?: readonly { stmt?: Node }[] } = parseSync(body.text);
      return isIn(tree, taken) ? 'parsed' : undefined;
    } catch {
      return namesIt(code, body, taken) ? 'word' : undefined;
    }
  }
  if (namesIt(code, body, taken)) return 'word';
  // A name that only stands in a text is a message or a key, unless texts are run.
  return isDynamic && namesIt([code, ...literals].join('\n'), body, taken) ? 'dynamic' : undefined;
}

function namesIt(text: string, { isTrigger }: Body, taken: Taken): boolean {
  const object = taken.kind === 'function' ? taken.name : taken.relation;
  const namesObject = hasWord(text, bare(object.slice(object.lastIndexOf('.') + 1)));
  if (taken.kind !== 'column') return namesObject;
  return hasWord(text, bare(taken.column)) && (namesObject || isTrigger);
}

/** Whether a parsed body names the relation or calls the function and, for a column, names one like it. */
function isIn(tree: unknown, taken: Taken): boolean {
  const object = (taken.kind === 'function' ? taken.name : taken.relation).split('.').map(bare);
  let namesObject = false;
  let namesColumn = taken.kind !== 'column';
  const visit = (value: unknown): void => {
    if (Array.isArray(value)) {
      for (const item of value) visit(item);
      return;
    }
    if (typeof value !== 'object' || value === null) return;
    if ('relname' in value && value.relname === object.at(-1)) namesObject = true;
    if ('sval' in value && value.sval === object.at(-1)) namesObject = true;
    if (taken.kind === 'column') {
      const column = bare(taken.column);
      if ('sval' in value && value.sval === column) namesColumn = true;
      if ('name' in value && value.name === column) namesColumn = true;
      if ('A_Star' in value) namesColumn = true;
    }
    for (const item of Object.values(value)) visit(item);
  };
  visit(tree);
  return namesObject && namesColumn;
}

function hasWord(text: string, word: string): boolean {
  return new RegExp(`(?<![\\w$])${word.replaceAll(/[^\w]/g, '\\$&')}(?![\\w$])`, 'i').test(text);
}

/** A name without its quotes. */
function bare(name: string): string {
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name;
}
