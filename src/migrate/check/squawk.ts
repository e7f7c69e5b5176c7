import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { z } from 'zod';
import { exitCodes, StoaError } from '../../errors.ts';
import type { Level } from './rule.ts';

/** What squawk says, with lines and columns from 1. */
export interface SquawkFinding {
  readonly rule: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
  readonly cure: string | undefined;
}

/**
 * Rules that are not asked, because the engine sees to what they ask for: it sets timeouts for each class of
 * statement, runs a file in one transaction or goes on where it stopped, and refuses transaction control. A short
 * lock_timeout before CREATE INDEX CONCURRENTLY, as two of them want it, is what leaves invalid indexes behind.
 */
const seenToByTheEngine = [
  'require-lock-timeout',
  'require-statement-timeout',
  'require-timeout-settings',
  'prefer-robust-stmts',
  'ban-concurrent-index-creation-in-transaction',
  'ban-uncommitted-transaction',
  'transaction-nesting',
];

/** Opinions on types: heard, but nobody waits and nothing breaks. */
const opinions = new Set([
  'prefer-bigint-over-int',
  'prefer-bigint-over-smallint',
  'prefer-text-field',
  'prefer-identity',
]);

/** Every rule of squawk that may speak, so that a suppression can name it. */
export const squawkRules: readonly string[] = [
  'adding-field-with-default',
  'adding-foreign-key-constraint',
  'adding-not-nullable-field',
  'adding-required-field',
  'adding-serial-primary-key-field',
  'ban-alter-domain-with-add-constraint',
  'ban-char-field',
  'ban-create-domain-with-constraint',
  'ban-drop-column',
  'ban-drop-database',
  'ban-drop-not-null',
  'ban-drop-table',
  'ban-duplicate-column-assignments',
  'ban-truncate-cascade',
  'changing-column-type',
  'constraint-missing-not-valid',
  'disallowed-unique-constraint',
  'identifier-too-long',
  'prefer-bigint-over-int',
  'prefer-bigint-over-smallint',
  'prefer-identity',
  'prefer-repack',
  'prefer-text-field',
  'prefer-timestamp-tz',
  'renaming-column',
  'renaming-table',
  'require-concurrent-index-creation',
  'require-concurrent-index-deletion',
  'require-concurrent-partition-detach',
  'require-concurrent-reindex',
  'require-enum-value-ordering',
  'require-table-schema',
  'syntax-error',
  'unused-ignore',
];

/** Rules about how a new column or table is made; they hold for new tables too. */
const ofNewTables = new Set([
  ...opinions,
  'ban-char-field',
  'ban-create-domain-with-constraint',
  'ban-duplicate-column-assignments',
  'identifier-too-long',
  'prefer-timestamp-tz',
  'require-table-schema',
]);

export function levelOfSquawk(rule: string): Level {
  return opinions.has(rule) ? 'note' : 'warning';
}

export function holdsForNewTables(rule: string): boolean {
  return ofNewTables.has(rule);
}

/** The binary itself: starting it through its script for Node takes 60 ms longer. */
function binary(): string | undefined {
  const name = process.platform === 'win32' ? 'squawk.exe' : 'squawk';
  try {
    return createRequire(import.meta.url).resolve(
      `@squawk-cli/${process.platform}-${process.arch}/bin/${name}`,
    );
  } catch {
    return undefined;
  }
}

export function isSquawkInstalled(): boolean {
  return binary() !== undefined;
}

const report = z.array(
  z.object({
    rule_name: z.string(),
    line: z.int(),
    column: z.int(),
    message: z.string(),
    help: z.string().nullish(),
  }),
);

/**
 * Runs squawk over an up part. It would lint the down part as well, so it gets the text, not the file. Undefined when
 * it is not installed.
 */
export async function squawk(sql: string, firstLine: number): Promise<readonly SquawkFinding[] | undefined> {
  const program = binary();
  if (program === undefined) return undefined;
  const output = await run(
    program,
    [
      '--reporter',
      'json',
      '--assume-in-transaction',
      '--exclude',
      seenToByTheEngine.join(','),
      '--include',
      'require-table-schema',
      '--stdin-filepath',
      'up.sql',
    ],
    sql,
  );
  const lines = sql.split('\n');
  return report.parse(JSON.parse(output)).map(({ rule_name: rule, line, column, message, help }) => ({
    rule,
    // Its JSON counts from 0, and columns in bytes.
    line: line + firstLine,
    column: charactersIn(lines[line] ?? '', column) + 1,
    message,
    cure: help ?? undefined,
  }));
}

function charactersIn(line: string, bytes: number): number {
  return Array.from(Buffer.from(line, 'utf8').subarray(0, bytes).toString('utf8')).length;
}

function run(program: string, args: readonly string[], input: string): Promise<string> {
  return new Promise((resolve, reject) => {
    // Not in the project: a .squawk.toml there could silence a rule without a reason.
    const child = spawn(program, args, { cwd: tmpdir(), stdio: ['pipe', 'pipe', 'pipe'] });
    let output = '';
    let complaint = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      complaint += text;
    });
    child.on('error', reject);
    child.on('close', () => {
      // 1 is "found something" and "went wrong" alike; only the first prints JSON.
      if (output.trimStart().startsWith('[')) return resolve(output);
      reject(
        new StoaError('migrate.squawk', `squawk did not answer: ${complaint.trim().slice(0, 500)}`, {
          cure: 'Install it again: npm install.',
          exitCode: exitCodes.unexpected,
        }),
      );
    });
    // It may end before it has read everything.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
  });
}
