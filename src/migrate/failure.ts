import { DatabaseError } from 'pg';
import { exitCodes, StoaError } from '../errors.ts';
import { describeBlocker, queryOf } from './blockers.ts';
import { caret, positionAt } from './caret.ts';
import type { Blocker } from './events.ts';
import { utf16Offset } from './split.ts';
import type { Step } from './step.ts';

export function sqlstateOf(error: unknown): string | undefined {
  return error instanceof DatabaseError ? error.code : undefined;
}

/** The server's complaint with file, line, column and a caret under the place. */
export function explainFailure(
  error: unknown,
  step: Step,
  failedAt: number | undefined,
  circumstances: { readonly attempts: number; readonly blockers: readonly Blocker[] },
): unknown {
  const statement = failedAt === undefined ? undefined : step.statements[failedAt];
  if (!(error instanceof DatabaseError) || !statement) return error;
  const { file } = step.migration;
  const inText =
    error.position === undefined
      ? { line: 1, column: 1 }
      : positionAt(statement.text, utf16Offset(statement.text, Number(error.position) - 1));
  const line = statement.start.line + inText.line - 1;
  const column = inText.line === 1 ? statement.start.column + inText.column - 1 : inText.column;
  const lines = [
    `${file}:${line}:${column}: ${error.message} (SQLSTATE ${error.code ?? 'unknown'})`,
    // The caret stands in the statement, whose first line may begin anywhere in the file's line.
    caret(statement.text, inText, statement.start.line),
  ];
  if (error.detail) lines.push(`Detail: ${error.detail}`);
  if (error.hint) lines.push(`Hint: ${error.hint}`);
  if (error.where) lines.push(`Where: ${error.where}`);
  if (circumstances.attempts > 1) lines.push(`Tried ${circumstances.attempts} times.`);
  for (const blocker of circumstances.blockers) {
    lines.push(`In the way: ${describeBlocker(blocker)}`);
    const query = queryOf(blocker);
    if (query !== undefined) lines.push(`            ${query.slice(0, 200)}`);
  }
  return new StoaError('migrate.statement_failed', lines.join('\n'), {
    cure: cureFor(error.code, step),
    exitCode: error.code === '55P03' || error.code === '40P01' ? exitCodes.busy : exitCodes.database,
    cause: error,
  });
}

function cureFor(code: string | undefined, step: Step): string {
  if (code === '55P03' || code === '40P01')
    return 'Let the sessions above end, or end them, and run it again.';
  if (code === '57014') return 'It took longer than its timeout, or was cancelled: see --statement-timeout.';
  return step.isTransactional
    ? 'Nothing of this migration was kept. Correct the file and run it again.'
    : 'What stands before it in the file is done and stays. Correct this statement and run it again.';
}
