import type { Client } from 'pg';
import { literal, nothing, only, refuse, type Step, steps, typeOid, type Writer } from './writer.ts';

export const writeSchema: Writer = async ({ identity, before, after }) => {
  const owner = /^owner=(\S+)/.exec(after ?? '')?.[1];
  if (after === undefined) return steps(`drop schema ${identity}`);
  if (before === undefined) return steps(`create schema ${identity}`);
  return steps(`alter schema ${identity} owner to ${owner}`);
};

export const writeExtension: Writer = async ({ identity, before, after }) => {
  if (after === undefined) return steps(`drop extension ${identity}`);
  const [, version = '', schema = ''] = /^version=(\S+) schema=(\S+)$/.exec(after) ?? [];
  const [, , oldSchema = ''] = /^version=(\S+) schema=(\S+)$/.exec(before ?? '') ?? [];
  if (before === undefined)
    return steps(`create extension ${identity} schema ${schema} version ${literal(version)}`);
  if (schema !== oldSchema) return steps(`alter extension ${identity} set schema ${schema}`);
  return steps(`alter extension ${identity} update to ${literal(version)}`);
};

const commentKinds: Readonly<Record<string, string>> = {
  'table column': 'column',
  'view column': 'column',
  'materialized view column': 'column',
  'foreign table column': 'column',
  'composite type column': 'column',
  'table constraint': 'constraint',
  'domain constraint': 'constraint',
  'statistics object': 'statistics',
};

const commentShape =
  /^(table column|view column|materialized view column|foreign table column|composite type column|table constraint|domain constraint|statistics object|materialized view|foreign table|event trigger|text search configuration|text search dictionary|schema|table|view|index|sequence|function|procedure|aggregate|type|domain|trigger|policy|rule|extension|publication|collation) (.*)$/s;

/** Whether the object that is described is still there, told by PostgreSQL's own parser of object names. */
export const writeComment: Writer = async ({ identity, after }) => {
  const [, kind = '', name = ''] = commentShape.exec(identity) ?? [];
  if (kind === '') return refuse('a comment on an object of this kind is written by hand');
  if (name.startsWith('parts.') || / on parts\./.test(name)) return nothing;
  const keyword = commentKinds[kind] ?? kind;
  const target = kind === 'domain constraint' ? name.replace(/ on /, ' on domain ') : name;
  return steps(`comment on ${keyword} ${target} is ${after === undefined ? 'null' : literal(after)}`);
};

interface Type {
  readonly type: string;
  readonly owner: string;
  readonly labels: readonly string[];
  readonly base: string | null;
  readonly isRequired: boolean;
  readonly fallback: string | null;
}

const typeQuery = `
  select
    type.typtype::text as type,
    quote_ident(pg_get_userbyid(type.typowner)) as owner,
    array(select enumlabel::text from pg_catalog.pg_enum where enumtypid = type.oid order by enumsortorder) as labels,
    case when type.typtype = 'd' then format_type(type.typbasetype, type.typtypmod) end as base,
    type.typnotnull as "isRequired",
    type.typdefault as fallback
  from pg_catalog.pg_type as type
  where type.oid = ${typeOid}`;

async function compositeText(client: Client, name: string): Promise<string> {
  const { rows } = await client.query<{ text: string }>(
    `select string_agg(format('%I %s', attname, format_type(atttypid, atttypmod)), ', ' order by attnum) as text
     from pg_catalog.pg_attribute
     where attrelid = (select typrelid from pg_catalog.pg_type where oid = ${typeOid}) and attnum > 0 and not attisdropped`,
    [name],
  );
  return rows[0]?.text ?? '';
}

function domainText(name: string, { base, fallback, isRequired }: Type): string {
  return `create domain ${name} as ${base}${fallback === null ? '' : ` default ${fallback}`}${isRequired ? ' not null' : ''}`;
}

export const writeType: Writer = async ({ identity: name }, { from, to }) => {
  const was = await only<Type>(from, typeQuery, [name]);
  const is = await only<Type>(to, typeQuery, [name]);
  if (!is) {
    if (!was) return nothing;
    return steps(`drop ${was.type === 'd' ? 'domain' : 'type'} ${name}`);
  }
  if (is.type === 'r' || is.type === 'm') return refuse('a range type is written by hand');
  if (!was) {
    if (is.type === 'd') return steps(domainText(name, is));
    if (is.type === 'c') return steps(`create type ${name} as (${await compositeText(to, name)})`);
    return steps(`create type ${name} as enum (${is.labels.map(literal).join(', ')})`);
  }
  const changes: Step[] = [];
  if (is.type === 'e') {
    if (was.labels.some((label) => !is.labels.includes(label))) {
      return refuse(
        'a value of an enumerated type cannot be taken away, and a renamed one cannot be told from another',
      );
    }
    for (const [index, label] of is.labels.entries()) {
      if (was.labels.includes(label)) continue;
      const before = is.labels[index - 1];
      const next = is.labels.slice(index + 1).find((other) => was.labels.includes(other));
      const place =
        before !== undefined
          ? ` after ${literal(before)}`
          : next === undefined
            ? ''
            : ` before ${literal(next)}`;
      changes.push({ sql: [`alter type ${name} add value ${literal(label)}${place}`] });
    }
  }
  if (is.type === 'd') {
    if (was.base !== is.base) return refuse('a domain keeps its type: write a new one and move its columns');
    if (was.fallback !== is.fallback) {
      changes.push({
        sql: [`alter domain ${name} ${is.fallback === null ? 'drop default' : `set default ${is.fallback}`}`],
      });
    }
    if (was.isRequired !== is.isRequired) {
      changes.push({ sql: [`alter domain ${name} ${is.isRequired ? 'set' : 'drop'} not null`] });
    }
  }
  if (was.owner !== is.owner) changes.push({ sql: [`alter type ${name} owner to ${is.owner}`] });
  return { steps: changes };
};

interface EventTrigger {
  readonly definition: string;
  readonly enabled: 'O' | 'D' | 'R' | 'A';
}

const eventTriggerQuery = `
  select
    format(
      'create event trigger %I on %s%s execute function %s()',
      evtname,
      evtevent,
      ' when tag in (' || (select string_agg(quote_literal(tag), ', ') from unnest(evttags) as tag) || ')',
      evtfoid::regproc
    ) as definition,
    evtenabled::text as enabled
  from pg_catalog.pg_event_trigger
  where quote_ident(evtname) = $1`;

const enabling = { O: 'enable', D: 'disable', R: 'enable replica', A: 'enable always' } as const;

export const writeEventTrigger: Writer = async ({ identity: name }, { from, to }) => {
  const was = await only<EventTrigger>(from, eventTriggerQuery, [name]);
  const is = await only<EventTrigger>(to, eventTriggerQuery, [name]);
  if (!is) return steps(`drop event trigger ${name}`);
  const state = `alter event trigger ${name} ${enabling[is.enabled]}`;
  if (was && was.definition === is.definition) return steps(state);
  return steps(
    ...(was ? [`drop event trigger ${name}`] : []),
    is.definition,
    ...(is.enabled === 'O' ? [] : [state]),
  );
};

/** The definition of a publication in the fingerprint is what `create publication` takes. */
export const writePublication: Writer = async ({ identity: name, before, after }) =>
  steps(
    ...(before === undefined ? [] : [`drop publication ${name}`]),
    ...(after === undefined ? [] : [`create publication ${name}${after.replace(/ owner=\S+$/, '')}`]),
  );
