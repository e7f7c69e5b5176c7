import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { basename, join, relative, sep } from 'node:path';
import { z } from 'zod';
import { exitCodes, StoaError } from '../../errors.ts';
import { modules } from '../../modules.ts';
import type { Catalog, Routine } from '../model/model.ts';

const itemShape = z.strictObject({
  name: z.string().min(1),
  /** `schema.relation`, `schema.function()` or the path of a file. */
  lives: z.array(z.string().min(1)).min(1),
  /** The file of a test, from the root of the checkout. */
  test: z.string(),
  /** The title of a test, or of a group of tests, in that file, as it stands in the source. */
  title: z.string().min(1),
  note: z.string().optional(),
});

const sourceShape = z.strictObject({
  platforms: z.array(
    z.strictObject({
      name: z.string(),
      summary: z.string(),
      tables: z.array(itemShape),
      flows: z.array(itemShape),
    }),
  ),
});

export type CoverageSource = z.infer<typeof sourceShape>;
export type CoverageItem = z.infer<typeof itemShape>;

/** A procedure that somebody may call, and the test files that do; else the files of the program. */
export interface CalledRoutine {
  readonly routine: Routine;
  readonly callers: readonly string[];
  /** Where neither does: the functions and policies that stand on it. */
  readonly usedBy: readonly string[];
}

export interface Coverage {
  readonly source: CoverageSource;
  readonly called: readonly CalledRoutine[];
}

async function sourceFiles(folder: string): Promise<ReadonlyMap<string, string>> {
  const names = existsSync(folder) ? await readdir(folder, { recursive: true }) : [];
  const root = join(folder, '..');
  const paths = names.filter((name) => name.endsWith('.ts')).map((name) => join(folder, name));
  const texts = await Promise.all(
    paths.map(
      async (path) => [relative(root, path).split(sep).join('/'), await readFile(path, 'utf8')] as const,
    ),
  );
  return new Map(texts.sort(([a], [b]) => (a < b ? -1 : 1)));
}

function isTitleIn(text: string, title: string): boolean {
  const calls = text.replaceAll(/\(\s+/g, '(');
  // As the source writes it: with the quotes that the formatter chose.
  return ["'", '"', '`'].some((quote) =>
    calls.includes(`(${quote}${title.replaceAll(quote, `\\${quote}`)}${quote}`),
  );
}

/** The groups that a test stands in, outermost first, and its own title. */
export function titlePath(text: string, title: string): string {
  const lines = text.split('\n');
  const at = lines.findIndex((line) =>
    ["'", '"', '`'].some((quote) =>
      line.includes(`${quote}${title.replaceAll(quote, `\\${quote}`)}${quote}`),
    ),
  );
  const titles = [title];
  let indent = lines[at]?.search(/\S/) ?? 0;
  for (let index = at - 1; index >= 0; index -= 1) {
    const found = /^(\s*)describe(?:\.\w+)*\((['"`])(.+?)\2,/.exec(lines[index] ?? '');
    if (found && (found[1] ?? '').length < indent && !/[%$]/.test(found[3] ?? '')) {
      titles.unshift(found[3] ?? '');
      indent = (found[1] ?? '').length;
    }
  }
  return titles.join(' › ');
}

function faultsOf(
  item: CoverageItem,
  names: ReadonlySet<string>,
  tests: ReadonlyMap<string, string>,
): string[] {
  const present = new Set([...names].map((name) => name.split('.')[0]));
  const faults = item.lives
    .filter((place) => !place.includes('/'))
    .filter((place) => {
      const schema = place.split('.')[0] ?? '';
      const isLeftOut = modules.some((module) => module.schema === schema) && !present.has(schema);
      return !isLeftOut && !names.has(place);
    })
    .map((place) => `${item.name}: there is no ${place}`);
  const text = tests.get(item.test);
  if (text === undefined) faults.push(`${item.name}: there is no file ${item.test}`);
  else if (!isTitleIn(text, item.title))
    faults.push(`${item.name}: ${item.test} has no test "${item.title}"`);
  return faults;
}

function namesOf(catalog: Catalog): ReadonlySet<string> {
  return new Set(
    catalog.modules.flatMap(({ tables, views, functions }) => [
      ...tables.map(({ name }) => name),
      ...views.map(({ name }) => name),
      ...functions.map(({ name }) => `${name}()`),
    ]),
  );
}

const camelCase = (name: string): string =>
  name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

/** How a test or a part of the program names a procedure: in SQL, by its module's scene, or as a field of the API. */
function namesRoutine(path: string, text: string, name: string): boolean {
  const [schema = '', bare = ''] = name.split('.');
  if (new RegExp(`\\b${schema}\\.${bare}\\b`).test(text)) return true;
  if (path.startsWith(`test/sql/${schema}/`)) return new RegExp(`['"\`]${bare}\\b`).test(text);
  if (path.startsWith('test/api/')) return new RegExp(`\\b${camelCase(bare)}\\b`).test(text);
  return false;
}

function users(catalog: Catalog, name: string): readonly string[] {
  const functions = catalog.modules
    .flatMap((module) => module.functions)
    .filter(({ calls }) => calls.includes(name))
    .map((user) => user.name);
  const policies = catalog.modules
    .flatMap(({ tables }) => tables)
    .filter(({ policies }) => policies.some(({ using, check }) => `${using} ${check}`.includes(`${name}(`)))
    .map((table) => `the policies of ${table.name}`);
  return [...new Set([...functions, ...policies])];
}

function calledRoutines(
  catalog: Catalog,
  tests: ReadonlyMap<string, string>,
  program: ReadonlyMap<string, string>,
): readonly CalledRoutine[] {
  const naming = (files: ReadonlyMap<string, string>, name: string): readonly string[] =>
    [...files].filter(([path, text]) => namesRoutine(path, text, name)).map(([path]) => path);
  return catalog.modules
    .flatMap(({ functions }) => functions)
    .filter((routine) => !routine.isTrigger && routine.roles.length > 0)
    .filter((routine, index, all) => all.findIndex(({ name }) => name === routine.name) === index)
    .map((routine) => {
      const direct = naming(tests, routine.name);
      // What only the program calls is called by the tests of the program.
      const callers = direct.length > 0 ? direct : naming(program, routine.name);
      return { routine, callers, usedBy: callers.length > 0 ? [] : users(catalog, routine.name) };
    });
}

/**
 * What `coverage.json` in the folder says, held against the catalog and the tests of the checkout around it. Nothing
 * where there is no such file, as in an installed package. Refuses a page that would claim what is not there.
 */
export async function readCoverage(folder: string, catalog: Catalog): Promise<Coverage | undefined> {
  const file = join(folder, 'coverage.json');
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  const refuse = (faults: readonly string[]): never => {
    throw new StoaError(
      'docs.coverage',
      `${basename(file)} names what is not there:\n  ${faults.join('\n  ')}`,
      {
        cure: `Correct ${file}, or write the test that it names.`,
        exitCode: exitCodes.checkFailed,
      },
    );
  };
  const parsed = sourceShape.safeParse(JSON.parse(text));
  if (!parsed.success) return refuse([z.prettifyError(parsed.error)]);
  const tests = await sourceFiles(join(folder, '..', 'test'));
  const program = await sourceFiles(join(folder, '..', 'src'));
  const names = namesOf(catalog);
  const faults = parsed.data.platforms
    .flatMap(({ tables, flows }) => [...tables, ...flows])
    .flatMap((item) => faultsOf(item, names, tests));
  if (faults.length > 0) return refuse(faults);
  const named = (item: CoverageItem): CoverageItem => ({
    ...item,
    title: titlePath(tests.get(item.test) ?? '', item.title),
  });
  const platforms = parsed.data.platforms.map((platform) => ({
    ...platform,
    tables: platform.tables.map(named),
    flows: platform.flows.map(named),
  }));
  return { source: { platforms }, called: calledRoutines(catalog, tests, program) };
}
