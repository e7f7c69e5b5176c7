import { exitCodes, StoaError } from '../errors.ts';
import type { Statement } from './split.ts';

/** Statements that would change what the engine stands on, or outlive the migration that they stand in. */
export function refuseStatement(statement: Statement, file: string): void {
  const { node, start } = statement;
  const refuse = (message: string, cure: string): never => {
    throw new StoaError('migrate.refused_statement', `${file}:${start.line}: ${message}`, {
      cure,
      exitCode: exitCodes.input,
    });
  };
  if ('TransactionStmt' in node) {
    refuse(
      'a migration does not begin, commit or roll back: the engine does, and it could not undo the rest otherwise.',
      'Take the statement out. What cannot run inside a transaction is seen and run without one.',
    );
  }
  if ('VariableSetStmt' in node) {
    const { is_local: isLocal, name = 'a setting', kind } = node.VariableSetStmt;
    // "set transaction …" ends with the transaction, as "set local …" does.
    if (isLocal !== true && !(kind === 'VAR_SET_MULTI' && name.startsWith('TRANSACTION'))) {
      refuse(
        `SET without LOCAL: ${name} would stay set for every migration after this one.`,
        `Write "set local ${name} …".`,
      );
    }
  }
  if ('DiscardStmt' in node) refuse('DISCARD would drop the migration lock of this session.', 'Take it out.');
  if ('IndexStmt' in node && node.IndexStmt.concurrent && node.IndexStmt.if_not_exists) {
    refuse(
      'CREATE INDEX CONCURRENTLY IF NOT EXISTS reports success when an invalid index of that name is there.',
      'Leave out IF NOT EXISTS: an interrupted build is found and repeated anyway.',
    );
  }
  if ('IndexStmt' in node && node.IndexStmt.concurrent && node.IndexStmt.idxname === undefined) {
    refuse(
      'CREATE INDEX CONCURRENTLY without a name cannot be found again after an interruption.',
      'Name the index.',
    );
  }
}

/** Where each statement is a transaction of its own, a setting that ends with the transaction does nothing. */
export function refuseLocalSetting({ node, start }: Statement, file: string): void {
  if (!('VariableSetStmt' in node)) return;
  throw new StoaError(
    'migrate.refused_statement',
    `${file}:${start.line}: SET LOCAL does nothing here: the file runs statement by statement, because one of them is concurrent.`,
    { cure: 'Put the concurrent statements into a migration of their own.', exitCode: exitCodes.input },
  );
}
