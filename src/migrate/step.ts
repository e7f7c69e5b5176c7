import { exitCodes, StoaError } from '../errors.ts';
import type { Direction, StatementPlace } from './events.ts';
import type { Migration } from './load.ts';
import { refuseLocalSetting, refuseStatement } from './refused.ts';
import { type Statement, splitStatements } from './split.ts';
import { classify, kindOf, runsInTransaction } from './traits.ts';

/** One migration in one direction, cut into statements and judged: what a run applies as a unit. */
export interface Step {
  readonly migration: Migration;
  readonly direction: Direction;
  readonly statements: readonly Statement[];
  /** False when one of the statements cannot run inside a transaction: then each is its own. */
  readonly isTransactional: boolean;
}

export async function planStep(migration: Migration, direction: Direction): Promise<Step> {
  const section = migration[direction];
  if (section === undefined) {
    throw new StoaError(
      'migrate.irreversible',
      `${migration.file} has no down section: it cannot be undone.`,
      {
        cure: 'Restore a backup, or write a new migration that changes things back as far as that is possible.',
        exitCode: exitCodes.refused,
      },
    );
  }
  const source = { path: migration.file, line: section.line };
  const statements = await splitStatements(section.text, source);
  const isTransactional = statements.every((statement) => runsInTransaction(statement.node));
  for (const statement of statements) {
    refuseStatement(statement, migration.file);
    if (!isTransactional) refuseLocalSetting(statement, migration.file);
  }
  return { migration, direction, statements, isTransactional };
}

export function placeOf(step: Step, index: number): StatementPlace {
  const statement = step.statements[index];
  if (!statement) throw new RangeError(`statement ${index} of ${step.statements.length}`);
  return {
    migration: step.migration.name,
    direction: step.direction,
    statement: index + 1,
    statements: step.statements.length,
    kind: kindOf(statement),
    line: statement.start.line,
  };
}

/** A mixed file is not atomic: what stands before the concurrent statement stays when that one fails. */
export function mixesClasses(step: Step): boolean {
  const concurrent = step.statements.filter((statement) => classify(statement.node) === 'concurrent').length;
  return concurrent > 0 && concurrent < step.statements.length;
}
