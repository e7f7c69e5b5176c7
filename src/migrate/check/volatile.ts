import type { ColumnDef, Node } from 'libpg-query';
import { calledFunctions, columnType, constraintsOf } from './ast.ts';

const serials = new Set(['serial', 'bigserial', 'smallserial', 'serial2', 'serial4', 'serial8']);

export function isSerial(column: ColumnDef): boolean {
  return serials.has(columnType(column.typeName)?.name ?? '');
}

/** Functions that give the same value for the whole statement, so that it is computed once and kept in the catalog. */
const stable = new Set(
  (
    'now transaction_timestamp statement_timestamp current_setting current_schema current_database to_timestamp ' +
    'to_date make_interval make_date make_time lower upper coalesce jsonb_build_object jsonb_build_array array_fill ' +
    'md5 length btrim trim replace current_user_id'
  ).split(' '),
);

/** Why adding the column writes every row anew; undefined when it does not. */
export function rewritingReason(column: ColumnDef): string | undefined {
  if (isSerial(column)) return 'numbers each row';
  for (const { contype, raw_expr: expression, generated_when: when } of constraintsOf(column)) {
    if (contype === 'CONSTR_IDENTITY') return 'numbers each row';
    // A virtual one (PostgreSQL 18) is computed when it is read.
    if (contype === 'CONSTR_GENERATED' && when !== undefined) return 'is computed for each row';
    if (contype === 'CONSTR_DEFAULT') {
      const volatile = volatileCalls(expression);
      if (volatile.length > 0) return `has a default that ${volatile.join(', ')} computes for each row`;
    }
  }
  return undefined;
}

function volatileCalls(expression: Node | undefined): readonly string[] {
  return calledFunctions(expression).filter((name) => !stable.has(name.replace(/^.*\./, '')));
}
