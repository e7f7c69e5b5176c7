import type { SnapshotChanges } from './snapshot.ts';

/** Objects by which a query, a client or a function may know something. */
const visible = new Set([
  'table',
  'view',
  'materialized view',
  'foreign table',
  'sequence',
  'column',
  'function',
  'type',
]);

/** What stops working, or stops being safe, for those who used it before; a sentence for each. */
export function breakagesOf(changes: SnapshotChanges): readonly string[] {
  return [
    ...changes.removed
      .filter(({ kind }) => visible.has(kind))
      .map(({ kind, name }) => `${kind} ${name} is gone`),
    ...changes.renamed
      .filter(({ kind }) => visible.has(kind))
      .map(({ kind, name, to }) => `${kind} ${name} is called ${to}`),
    ...changes.retyped.map(({ column, from, to }) => `column ${column} was ${from}, is ${to}`),
    ...changes.required.map((column) => `column ${column} must be given by whoever inserts`),
    ...changes.unsecured.map((table) => `table ${table} has no row security any more`),
    ...changes.madePublic.map(({ kind, name }) => `${kind} ${name} is open to PUBLIC`),
  ];
}
