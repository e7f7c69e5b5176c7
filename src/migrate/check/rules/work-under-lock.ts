import type { Node } from 'libpg-query';
import { stringOf } from '../../objects/typename.ts';
import { spelledMode } from '../../plan/lock-modes.ts';
import type { TakenLock } from '../../plan/measure.ts';
import type { Statement } from '../../split.ts';
import { addedConstraints, alterations, relationName } from '../ast.ts';
import { nothing, type Rule } from '../rule.ts';

/** The table that is gone through from end to end, or may be. */
function bulkWork(node: Node, above: readonly Statement[]): string | undefined {
  if ('UpdateStmt' in node)
    return namesItsRows(node.UpdateStmt.whereClause) ? undefined : relationName(node.UpdateStmt.relation);
  if ('DeleteStmt' in node)
    return namesItsRows(node.DeleteStmt.whereClause) ? undefined : relationName(node.DeleteStmt.relation);
  if ('RefreshMatViewStmt' in node) return relationName(node.RefreshMatViewStmt.relation);
  const { table, actions } = alterations(node);
  // What was added above is the business of validated-in-the-same-file.
  const added = addedConstraints(above, table);
  const validates = actions.some(
    ({ subtype, name = '' }) => subtype === 'AT_ValidateConstraint' && !added.has(name),
  );
  return validates ? table : undefined;
}

/** `… = value` or `… in (values)`: the rows are counted on fingers, as in a registry. */
function namesItsRows(where: Node | undefined): boolean {
  if (where === undefined) return false;
  if ('BoolExpr' in where) {
    return where.BoolExpr.boolop === 'AND_EXPR' && (where.BoolExpr.args ?? []).some(namesItsRows);
  }
  if (!('A_Expr' in where)) return false;
  const { kind, name = [], rexpr } = where.A_Expr;
  const isEqual = name.some((part) => stringOf(part) === '=');
  if (kind === 'AEXPR_IN') return isEqual;
  return kind === 'AEXPR_OP' && isEqual && rexpr !== undefined && ('A_Const' in rexpr || 'TypeCast' in rexpr);
}

function spelled(held: readonly TakenLock[]): string {
  return held.map(({ relation, mode }) => `${spelledMode(mode)} on ${relation}`).join(', ');
}

export const workUnderLock: Rule = {
  id: 'work-under-lock',
  level: 'warning',
  condition:
    'Rows are read or written in bulk after a statement that keeps others out, in the same transaction',
  effect:
    'A lock is held until the end of the file. What would have been an instant becomes as long as everything that follows.',
  cure: 'Put the statements that take locks into a file of their own, at the end.',
  covers: [],
  examples: {
    bad: `alter table app.posts add column language text;
delete from app.events where at < date '2030-02-01';`,
    good: [
      `delete from app.events where at < date '2030-02-01';`,
      `alter table app.posts add column language text;`,
    ],
  },
  find: ({ node, world, held, isTransactional, statements, index }) => {
    if (!isTransactional || held.length === 0) return nothing;
    const work = bulkWork(node, statements.slice(0, index));
    if (work === undefined || world.isNew(work)) return nothing;
    return [{ message: `${spelled(held)} is held since further up, while ${work} is worked through` }];
  },
};
