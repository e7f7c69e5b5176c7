import { resolve } from 'node:path';
import { exitCodes, StoaError } from '../../errors.ts';
import { modules as registry } from '../../modules.ts';
import { caret, positionAt } from '../caret.ts';
import { loadMigration, loadMigrations, type Migration, type Section } from '../load.ts';
import { blocks } from '../plan/lock-modes.ts';
import type { TakenLock } from '../plan/measure.ts';
import { readReleases } from '../released.ts';
import { projectRoot } from '../root.ts';
import { type Statement, splitStatements } from '../split.ts';
import { runsInTransaction } from '../traits.ts';
import { alterations, namedRelations } from './ast.ts';
import { predictedLocks } from './locks.ts';
import type { Level, Subject } from './rule.ts';
import { rules } from './rules/index.ts';
import { holdsForNewTables, levelOfSquawk, type SquawkFinding, squawk, squawkRules } from './squawk.ts';
import { type Suppression, suppressionsIn } from './suppressions.ts';
import { World } from './world.ts';

export interface Finding {
  readonly rule: string;
  readonly source: 'stoa' | 'squawk';
  readonly level: Level;
  /** From the root of the project. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
  readonly cure: string | undefined;
  /** Locks that the statement is expected to take on tables that were there before. */
  readonly locks: readonly TakenLock[];
  /** The line, with a caret under the place. */
  readonly excerpt: string;
}

export interface SuppressedFinding extends Finding {
  readonly reason: string;
  readonly until: string | undefined;
}

export interface CheckResult {
  readonly files: readonly string[];
  readonly statements: number;
  readonly findings: readonly Finding[];
  readonly suppressed: readonly SuppressedFinding[];
  /** False: squawk is not installed, only the rules of Stoa were asked. */
  readonly askedSquawk: boolean;
  /** No error and no warning. */
  readonly isClean: boolean;
}

export interface CheckOptions {
  readonly root?: string;
  /** Files to check; default: every migration that is not released. */
  readonly files?: readonly string[];
  /** Every migration, each against a database in which those before it have long been in use. */
  readonly all?: boolean;
  /** `2030-12-31`, to tell which suppressions are over. */
  readonly today?: string;
  readonly onFile?: (done: number) => void;
}

/** Names that suppressions may use. `suppression` itself is none: a bad suppression is corrected, not suppressed. */
export const knownRules: ReadonlySet<string> = new Set([...rules.map(({ id }) => id), ...squawkRules]);

/** Reads the up parts of migrations and tells what would hurt on a database that is in use. Needs no database. */
export async function checkMigrations(options: CheckOptions = {}): Promise<CheckResult> {
  const root = options.root ?? projectRoot;
  const today = options.today ?? new Date().toISOString().slice(0, 10);
  const every = await loadMigrations(root, registry);
  const checked = await chosen(root, every, options);
  const paths = new Set(checked.map(({ path }) => path));
  const findings: Finding[] = [];
  const suppressed: SuppressedFinding[] = [];
  let statements = 0;
  let askedSquawk = true;
  let world = new World();
  const timeline = [...every, ...checked.filter(({ path }) => !every.some((each) => each.path === path))];
  for (const [index, migration] of timeline.entries()) {
    options.onFile?.(index);
    const parsed = await splitStatements(migration.up.text, {
      path: migration.file,
      line: migration.up.line,
    });
    if (!paths.has(migration.path)) {
      for (const { node } of parsed) world.learn(node, false);
      continue;
    }
    statements += parsed.length;
    // With --all each file meets tables that are in use, whichever file made them.
    const own = options.all ? world.copy() : world;
    const result = await checkFile(migration, parsed, own, today);
    findings.push(...result.findings);
    suppressed.push(...result.suppressed);
    askedSquawk &&= result.askedSquawk;
    if (options.all) for (const { node } of parsed) world.learn(node, false);
    else world = own;
  }
  return {
    files: checked.map(({ file }) => file),
    statements,
    findings,
    suppressed,
    askedSquawk,
    isClean: findings.every(({ level }) => level === 'note'),
  };
}

async function chosen(
  root: string,
  every: readonly Migration[],
  { files, all }: CheckOptions,
): Promise<readonly Migration[]> {
  if (files && files.length > 0) {
    const found: Migration[] = [];
    for (const file of files) {
      const path = resolve(file);
      const known = every.find((migration) => migration.path === path);
      found.push(
        known ??
          (await loadMigration(root, '', path).catch((error: unknown) =>
            Promise.reject(unreadable(file, error)),
          )),
      );
    }
    return found;
  }
  if (all) return every;
  const released = new Set((await readReleases(root)).map(({ file }) => file));
  return every.filter(({ file }) => !released.has(file));
}

function unreadable(file: string, error: unknown): unknown {
  if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) return error;
  return new StoaError('migrate.no_file', `There is no file ${file}.`, {
    cure: 'Give the path of a migration, from this folder or from the root.',
    exitCode: exitCodes.usage,
  });
}

/** As much of a migration as the rules read. */
export interface CheckedFile {
  readonly file: string;
  readonly up: Section;
}

interface Raw {
  readonly rule: string;
  readonly source: Finding['source'];
  readonly level: Level;
  readonly statement: number | undefined;
  readonly line: number;
  readonly column: number;
  readonly message: string;
  readonly cure: string | undefined;
}

/** Checks one file against what is known, and takes in what it does. */
export async function checkFile(
  migration: CheckedFile,
  statements: readonly Statement[],
  world: World,
  today: string,
): Promise<{ findings: readonly Finding[]; suppressed: readonly SuppressedFinding[]; askedSquawk: boolean }> {
  const { up } = migration;
  const asked = await squawk(up.text, up.line);
  const isTransactional = statements.every(({ node }) => runsInTransaction(node));
  const raw: Raw[] = [];
  const locks: (readonly TakenLock[])[] = [];
  const held: TakenLock[] = [];
  const answered = new Map<number, Set<string>>();
  /** Statements that touch only what is new. */
  const harmless = new Set<number>();
  for (const [index, statement] of statements.entries()) {
    const { node } = statement;
    const subject: Subject = { node, statement, world, statements, index, isTransactional, held: [...held] };
    for (const rule of rules) {
      for (const { message, at } of rule.find(subject)) {
        const place = at === undefined || at < 0 ? statement.start : placeAt(migration, at);
        raw.push({
          rule: rule.id,
          source: 'stoa',
          level: rule.level,
          statement: index,
          ...place,
          message,
          cure: rule.cure,
        });
        answered.set(index, new Set([...(answered.get(index) ?? []), ...rule.covers]));
      }
    }
    const taken = predictedLocks(node, world);
    locks.push(taken);
    if (isTransactional) {
      const isNews = ({ relation, mode }: TakenLock): boolean =>
        blocks(mode) !== 'nobody' && !held.some((each) => each.relation === relation && each.mode === mode);
      held.push(...taken.filter(isNews));
    }
    const named = namedRelations(node);
    if (named.length > 0 && named.every((name) => world.isNew(name))) harmless.add(index);
    if (isJudgedByHistory(subject)) {
      answered.set(index, new Set([...(answered.get(index) ?? []), ...judgedByHistory]));
    }
    world.learn(node, true);
    if (named.length > 0 && namedRelations(node).every((name) => world.isNew(name))) harmless.add(index);
  }
  for (const finding of asked ?? []) {
    const statement = statementOf(finding, statements);
    if (statement !== undefined) {
      if (harmless.has(statement) && !holdsForNewTables(finding.rule)) continue;
      if (answered.get(statement)?.has(finding.rule)) continue;
    }
    raw.push({ ...finding, source: 'squawk', level: levelOfSquawk(finding.rule), statement });
  }
  return { ...sorted(migration, statements, raw, locks, today), askedSquawk: asked !== undefined };
}

/** What depends on the old type of a column, and on checks of other files. squawk sees one file, and always warns. */
const judgedByHistory = ['changing-column-type', 'adding-not-nullable-field'];

/** Our own rules knew the table, and have decided. */
function isJudgedByHistory({ node, world }: Subject): boolean {
  const { table, actions } = alterations(node);
  return actions.length > 0 && world.isKnownTable(table);
}

function placeAt(migration: CheckedFile, byteOffset: number): { line: number; column: number } {
  const before = Buffer.from(migration.up.text, 'utf8').subarray(0, byteOffset).toString('utf8');
  const { line, column } = positionAt(migration.up.text, before.length);
  return { line: line + migration.up.line - 1, column };
}

function statementOf(finding: SquawkFinding, statements: readonly Statement[]): number | undefined {
  const index = statements.findLastIndex(
    ({ start }) =>
      start.line < finding.line || (start.line === finding.line && start.column <= finding.column),
  );
  return index >= 0 ? index : undefined;
}

/** Adds what is wrong with the suppressions, takes out what they allow, and shows the place of each that is left. */
function sorted(
  migration: CheckedFile,
  statements: readonly Statement[],
  raw: readonly Raw[],
  locks: readonly (readonly TakenLock[])[],
  today: string,
): { findings: readonly Finding[]; suppressed: readonly SuppressedFinding[] } {
  const { suppressions, faults } = suppressionsIn(migration.up, statements, { knownRules, today });
  const used = new Set<string>();
  const shown = (each: Raw): Finding => ({
    rule: each.rule,
    source: each.source,
    level: each.level,
    file: migration.file,
    line: each.line,
    column: each.column,
    message: each.message,
    cure: each.cure,
    locks: each.statement === undefined ? [] : (locks[each.statement] ?? []),
    excerpt: caret(
      migration.up.text,
      { line: each.line - migration.up.line + 1, column: each.column },
      migration.up.line,
    ),
  });
  const findings: Finding[] = [];
  const suppressed: SuppressedFinding[] = [];
  for (const each of raw) {
    const suppression = suppressions.find(
      ({ rules: names, statement }) => names.includes(each.rule) && statement === each.statement,
    );
    if (!suppression) {
      findings.push(shown(each));
      continue;
    }
    used.add(keyOf(suppression, each.rule));
    suppressed.push({ ...shown(each), reason: suppression.reason, until: suppression.until });
  }
  const complaint = (level: Level, message: string, line: number): void => {
    findings.push(
      shown({
        rule: 'suppression',
        source: 'stoa',
        level,
        statement: undefined,
        line,
        column: 1,
        message,
        cure: undefined,
      }),
    );
  };
  for (const { message, line } of faults) complaint('error', message, line);
  for (const suppression of suppressions) {
    const idle = suppression.rules.filter((rule) => !used.has(keyOf(suppression, rule)));
    if (idle.length > 0)
      complaint('warning', `${idle.join(', ')} finds nothing here any more: take it out`, suppression.line);
  }
  findings.sort((a, b) => a.line - b.line || a.column - b.column);
  return { findings, suppressed };
}

function keyOf({ line }: Suppression, rule: string): string {
  return `${line} ${rule}`;
}
