import type { Client } from 'pg';
import type { Difference } from '../../catalog/fingerprint.ts';

/** The database that is to be changed, and the one that it is to become like. Both with an empty search_path. */
export interface Sides {
  readonly from: Client;
  readonly to: Client;
}

/** Statements that stand or fall together. */
export interface Step {
  readonly sql: readonly string[];
  /** Where PostgreSQL cannot change the object in place. */
  readonly otherwise?: readonly string[];
}

export interface Written {
  readonly steps: readonly Step[];
  /** Why there is no honest statement for it. */
  readonly refusal?: string;
}

/** Writes what turns one fact of `from` into that of `to`. */
export type Writer = (difference: Difference, sides: Sides) => Promise<Written>;

export const nothing: Written = { steps: [] };

export function steps(...sql: readonly string[]): Written {
  return sql.length === 0 ? nothing : { steps: [{ sql }] };
}

export function refuse(refusal: string): Written {
  return { steps: [], refusal };
}

export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** `{fillfactor=70,x=y}` of two sides, as what is to be set and reset. */
export function optionChanges(
  from: readonly string[],
  to: readonly string[],
): { readonly set: string | undefined; readonly reset: string | undefined } {
  const key = (option: string): string => option.slice(0, option.indexOf('='));
  const set = to
    .filter((option) => !from.includes(option))
    .map((option) => `${key(option)} = ${literal(option.slice(key(option).length + 1))}`);
  const kept = new Set(to.map(key));
  const reset = from.map(key).filter((name) => !kept.has(name));
  return {
    set: set.length === 0 ? undefined : set.join(', '),
    reset: reset.length === 0 ? undefined : reset.join(', '),
  };
}

/** The one row that a query about one object returns. */
export async function only<Row extends object>(
  client: Client,
  text: string,
  values: readonly unknown[],
): Promise<Row | undefined> {
  return (await client.query<Row>(text, [...values])).rows[0];
}

/** The table, view, index or sequence `$1`. Unlike to_regclass, it needs no privilege on the schema. */
export const relationOid = `(
    select named.oid
    from pg_catalog.pg_class as named
    join pg_catalog.pg_namespace as place on place.oid = named.relnamespace
    where format('%I.%I', place.nspname, named.relname) = $1
  )`;

/** The type `$1`. */
export const typeOid = `(
    select named.oid
    from pg_catalog.pg_type as named
    join pg_catalog.pg_namespace as place on place.oid = named.typnamespace
    where format('%I.%I', place.nspname, named.typname) = $1
  )`;

export async function hasRelation(client: Client, name: string): Promise<boolean> {
  return (
    (await only<{ answer: boolean }>(client, `select ${relationOid} is not null as answer`, [name]))
      ?.answer === true
  );
}
