import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseError } from 'pg';
import { cell, code, page, table } from '../../catalog/docs/markdown.ts';
import { connect } from '../../postgres/connect.ts';
import { breakagesOf } from '../plan/breakages.ts';
import { effectOf, type StatementEffect } from '../plan/classify.ts';
import { spelledMode, strengthOf } from '../plan/lock-modes.ts';
import type { Measurement } from '../plan/measure.ts';
import { withScratchDatabase } from '../scratch.ts';
import { splitStatements } from '../split.ts';
import { checkFile } from './check.ts';
import { type CorpusStatement, corpus } from './corpus.ts';
import type { Rule } from './rule.ts';
import { rules } from './rules/index.ts';
import { type MeasuredStatement, raiseScene, runInScene } from './run-in-scene.ts';
import { sceneWorld } from './scene.ts';

const generated = '<!-- Generated from src/migrate/check/ by `stoa migrate rules --write`. Do not edit. -->';

const effects: Readonly<Record<StatementEffect, string>> = {
  instant: 'instant',
  waits: 'others wait for a moment',
  scans: 'a table is read while others wait',
  rewrites: 'a table is written anew while others wait',
  rows: 'rows are changed',
  online: 'takes its time, nobody waits',
};

interface MeasuredScript {
  readonly statements: readonly MeasuredStatement[];
  readonly refusal: string | undefined;
}

type Measure = (
  script: string,
  options: { readonly setup?: string; readonly keep?: boolean },
) => Promise<MeasuredScript>;

/** The pages under docs/rules/, every lock on them measured. `adminUrl` may create databases. */
export async function rulePages(adminUrl: string): Promise<ReadonlyMap<string, string>> {
  return withScratchDatabase(adminUrl, 'rules', async (url) => {
    const client = await connect(url, 'migrate (rules)');
    try {
      await client.query('set role stoa_owner');
      const { rows } = await client.query<{ major: number }>(
        "select current_setting('server_version_num')::integer / 10000 as major",
      );
      const measure: Measure = async (script, { setup, keep = false }) => {
        if (!keep || setup !== undefined) await raiseScene(client, setup);
        try {
          return { statements: await runInScene(client, url, script, { keep }), refusal: undefined };
        } catch (error) {
          if (!(error instanceof DatabaseError)) throw error;
          return { statements: [], refusal: `${error.message} (SQLSTATE ${error.code})` };
        }
      };
      const pages = new Map<string, string>();
      for (const rule of rules) {
        await raiseScene(client);
        pages.set(`${rule.id}.md`, await rulePage(rule, measure, rows[0]?.major ?? 0));
      }
      pages.set('corpus.md', await corpusPage(measure, rows[0]?.major ?? 0));
      pages.set('README.md', indexPage());
      return pages;
    } finally {
      await client.end();
    }
  });
}

async function rulePage(rule: Rule, measure: Measure, major: number): Promise<string> {
  const bad = await measure(rule.examples.bad, {});
  await measure('select 1', {});
  const good: string[] = [];
  for (const script of rule.examples.good) {
    good.push(
      page(`\`\`\`sql\n${script}\n\`\`\``, measuredTable(await measure(script, { keep: true }))).trimEnd(),
    );
  }
  const covered = rule.covers.map((name) => `\`${name}\``).join(', ');
  return page(
    generated,
    `# ${rule.id}`,
    `**${rule.level}** · ${rule.condition}.`,
    rule.effect,
    `**Instead:** ${rule.cure}`,
    covered && `Says what squawk's ${covered} would say, with what the other files tell taken into account.`,
    '## Found',
    `\`\`\`sql\n${rule.examples.bad}\n\`\`\``,
    measuredTable(bad),
    '## Not found',
    ...(good.length > 1 ? ['Each is a migration of its own.'] : []),
    ...good,
    `Both were run on PostgreSQL ${major}, against tables with rows in them; the tests run them again.`,
  );
}

function measuredTable({ statements, refusal }: MeasuredScript): string {
  if (refusal !== undefined) return `The server refuses it: ${refusal}.`;
  return table(
    ['statement', 'locks', 'effect'],
    statements.map(({ statement, measurement }) => [
      code(statement.text.replaceAll(/\s+/g, ' ').slice(0, 70)),
      locksCell(measurement),
      cell([effects[effectOf(measurement)], ...breakagesOf(measurement.changes)].join('; ')),
    ]),
  );
}

/** Locks that somebody but another migration notices. */
function locksCell({ locks }: Measurement): string {
  return cell(
    locks
      .filter(({ mode }) => strengthOf(mode) >= strengthOf('RowExclusive'))
      .map(({ relation, mode }) => `${spelledMode(mode)} on ${relation}`)
      .join(', ') || 'none',
  );
}

function indexPage(): string {
  return page(
    generated,
    '# Rules of `stoa migrate check`',
    'What is wrong with a migration before it has run anywhere. The rules read the up part of each file that is not released, with what all other files say of the tables; they need no database. squawk is asked as well, where one of ours does not already say the same. An error or a warning fails the check, a note does not.',
    table(
      ['rule', 'level', 'when'],
      rules.map(({ id, level, condition }) => [`[${id}](${id}.md)`, level, cell(condition)]),
    ),
    '## Suppressing a finding',
    'On the line above the statement, in it, or behind it:\n\n```sql\n-- stoa:allow drop-column until 2030-06-30: nobody has read it since version 2.3\nalter table forums.posts drop column subtitle;\n```',
    'The reason must be there; the date may. A suppression without a reason, with a date that is over, or of a rule that does not exist is an error, and one that finds nothing to suppress a warning. There is none for a whole file. Rules of squawk are suppressed by their names in the same way.',
    '[corpus.md](corpus.md) tells what these rules and three linters say of 66 statements.',
  );
}

async function corpusPage(measure: Measure, major: number): Promise<string> {
  const rows: string[][] = [];
  for (const statement of corpus) {
    const { sql, setup, notRun } = statement;
    const result: MeasuredScript | undefined =
      notRun === undefined ? await measure(sql, setup === undefined ? {} : { setup }) : undefined;
    const last = result?.statements.at(-1)?.measurement;
    rows.push([
      code(sql),
      last === undefined
        ? cell(result?.refusal ?? `not run: ${notRun}`)
        : `${locksCell(last)}; ${effects[effectOf(last)]}`,
      cell((await ownRules(statement)).join(', ')) || '—',
      statement.squawk.join(', ') || '—',
      statement.pgfence.join(', ') || '—',
      statement.pgls.join(', ') || '—',
    ]);
  }
  const missed = corpus.filter(
    ({ squawk, pgfence, pgls }) => squawk.length + pgfence.length + pgls.length === 0,
  ).length;
  return page(
    generated,
    '# 66 statements, and who says what',
    `Each is run against tables that exist and have rows. **Measured** is what it did on PostgreSQL ${major} (by itself: run, locks read, rolled back). **stoa** are the rules of \`stoa migrate check\`, squawk among them, notes in brackets.`,
    `The other three columns were measured once, by running squawk-cli 2.66.0, @flvmnt/pgfence 0.1.5 and @postgres-language-server/cli 0.25.5 over each statement in a file of its own; rules on IF NOT EXISTS and on timeouts are left out. They are not measured again here, and newer versions may say more. ${missed} of the 66 none of the three mentions; not all of them are dangerous.`,
    table(['statement', 'measured', 'stoa', 'squawk', 'pgfence', 'pgls'], rows),
  );
}

async function ownRules({ sql, setup }: CorpusStatement): Promise<readonly string[]> {
  const world = await sceneWorld();
  for (const { node } of await splitStatements(setup ?? '', { path: 'setup', line: 1 }))
    world.learn(node, false);
  const statements = await splitStatements(sql, { path: 'corpus', line: 1 });
  const { findings } = await checkFile(
    { file: 'corpus', up: { text: sql, line: 1 } },
    statements,
    world,
    '2030-01-01',
  );
  return [...new Set(findings.map(({ rule, level }) => (level === 'note' ? `(${rule})` : rule)))];
}

export interface PageDifference {
  readonly path: string;
  readonly state: 'missing' | 'stale' | 'left over';
}

/** How the pages in a folder differ from the given ones. */
export async function comparePages(
  folder: string,
  pages: ReadonlyMap<string, string>,
): Promise<readonly PageDifference[]> {
  const present = await readdir(folder).catch((error: unknown): string[] => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  });
  const differences: PageDifference[] = [];
  for (const [path, text] of pages) {
    if (!present.includes(path)) differences.push({ path, state: 'missing' });
    else if ((await readFile(join(folder, path), 'utf8')) !== text)
      differences.push({ path, state: 'stale' });
  }
  for (const path of present) {
    if (path.endsWith('.md') && !pages.has(path)) differences.push({ path, state: 'left over' });
  }
  return differences;
}

/** Makes the folder current, and tells what it changed. */
export async function writePages(
  folder: string,
  pages: ReadonlyMap<string, string>,
): Promise<readonly PageDifference[]> {
  await mkdir(folder, { recursive: true });
  const differences = await comparePages(folder, pages);
  for (const { path } of differences) {
    const text = pages.get(path);
    if (text === undefined) await rm(join(folder, path));
    else await writeFile(join(folder, path), text);
  }
  return differences;
}
