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

/** A procedure that somebody may call, and the test files that do. */
export interface CalledRoutine {
  readonly routine: Routine;
  readonly tests: readonly string[];
}

export interface Coverage {
  readonly source: CoverageSource;
  readonly called: readonly CalledRoutine[];
}

async function testFiles(folder: string): Promise<ReadonlyMap<string, string>> {
  const names = await readdir(folder, { recursive: true });
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

function calledRoutines(catalog: Catalog, tests: ReadonlyMap<string, string>): readonly CalledRoutine[] {
  return catalog.modules
    .flatMap(({ functions }) => functions)
    .filter((routine) => !routine.isTrigger && routine.roles.length > 0)
    .filter((routine, index, all) => all.findIndex(({ name }) => name === routine.name) === index)
    .map((routine) => {
      const call = new RegExp(`\\b${routine.name.replace('.', '\\.')}\\b`);
      return { routine, tests: [...tests].filter(([, text]) => call.test(text)).map(([path]) => path) };
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
  const tests = await testFiles(join(folder, '..', 'test'));
  const names = namesOf(catalog);
  const faults = parsed.data.platforms
    .flatMap(({ tables, flows }) => [...tables, ...flows])
    .flatMap((item) => faultsOf(item, names, tests));
  if (faults.length > 0) return refuse(faults);
  return { source: parsed.data, called: calledRoutines(catalog, tests) };
}
