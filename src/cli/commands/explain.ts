import { join } from 'node:path';
import type { Command } from 'commander';
import { exitCodes } from '../../errors.ts';
import { shapeLines } from '../../explain/plan.ts';
import { type ReferenceDatabase, reference, withReferenceDatabase } from '../../explain/reference.ts';
import { type ExplainedQuery, explainQueries, findHotQueries } from '../../explain/run.ts';
import { projectRoot } from '../../migrate/root.ts';
import { withOpenDatabase } from '../../postgres/database.ts';
import { requireMigrated } from '../installation.ts';
import { note, print, printJson, progress, styled, table } from '../output.ts';
import { labelled } from '../paragraphs.ts';
import { settingsOf } from '../settings.ts';

interface ExplainFlags {
  readonly list?: true;
  readonly update?: true;
  readonly reference?: true;
  readonly plans?: string;
  readonly json?: true;
}

const story = `
Runs each query with EXPLAIN (ANALYZE, BUFFERS) as a member or a visitor, under row-level security, in a
transaction that only reads and is rolled back. Parameters are taken from the data: the busiest forum, the
longest conversation. Told are: a sequential scan over more than 10,000 rows, a sort of over a
thousand rows of which a limit hands out a few, an estimate that is off by more than ten times, and a plan of another shape than the kept one.

A shape belongs to data of some size. The kept ones are those of a reference community, which --reference makes
in a server of its own in half a minute: ${reference.scale * 100_000} members, as of stoa seed load --scale ${reference.scale}. For a database of
another size keep your own: --plans FOLDER --update.

  stoa explain --reference             whether a change of the schema changed a plan
  stoa explain --reference --update    keep the plans as they are now: npm run plans:generate

Exit codes: ${exitCodes.ok} nothing to tell, ${exitCodes.checkFailed} another shape, or a fault; of the reference community only the shapes are
judged, because figures belong to real data.`;

export function registerExplain(program: Command): void {
  const command = program
    .command('explain')
    .description('the plans of the hot queries: what they read, and whether they changed')
    .argument('[NAME...]', 'which ones, such as forums or forums.hot (default: all)')
    .option('--list', 'name them, run nothing')
    .option('--update', 'keep the shapes of the plans as they are now')
    .option('--reference', 'of the reference community, made for it and thrown away')
    .option('--plans <FOLDER>', 'where the shapes are kept (default: docs/plans of this Stoa)')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', story);
  command.action(async (names: string[], flags: ExplainFlags) => {
    const chosen = findHotQueries(names);
    if (flags.list) {
      if (flags.json)
        return printJson(chosen.map(({ name, description, persona }) => ({ name, description, persona })));
      print(
        table(
          ['query', 'as', 'what'],
          chosen.map(({ name, persona, description }) => [name, persona, description]),
        ),
      );
      return;
    }
    const explain = async ({ databaseUrl, gatewayUrl }: ReferenceDatabase): Promise<void> => {
      const bar = progress('explain', 'queries', chosen.length);
      const explained = await explainQueries({
        databaseUrl,
        gatewayUrl,
        only: names,
        folder: flags.plans ?? keptPlans,
        update: flags.update === true,
        onExplained: (_, position) => bar.update(position),
      }).finally(() => bar.end());
      const isSound = explained.every(
        ({ faults, comparison }) =>
          comparison !== 'changed' && (flags.reference === true || faults.length === 0),
      );
      if (!isSound) process.exitCode = exitCodes.checkFailed;
      if (flags.json) return printJson({ isSound, queries: explained });
      show(explained, flags.update === true);
      const isChanged = explained.some(({ comparison }) => comparison === 'changed');
      if (isChanged && flags.plans === undefined && flags.reference === undefined) {
        note('The kept plans are those of the reference community: see "stoa help explain".');
      }
    };
    if (flags.reference) return onReference(explain);
    const settings = await settingsOf(command);
    await withOpenDatabase(settings, { command: 'explain', onEvent: note }, async (config) => {
      await requireMigrated(config);
      await explain(config);
    });
  });
}

const keptPlans = join(projectRoot, 'docs', 'plans');
const rowsOfReference = Math.round(reference.scale * 6_300_000);

async function onReference(explain: (database: ReferenceDatabase) => Promise<void>): Promise<void> {
  const bar = progress('reference', 'rows', rowsOfReference);
  await withReferenceDatabase(
    (database) => {
      bar.end();
      return explain(database);
    },
    {
      onStep: (step) => bar.update(0, `(${step})`),
      onLoaded: ({ step, total }) => bar.update(total, `(${step})`),
    },
  ).finally(() => bar.end());
}

function show(explained: readonly ExplainedQuery[], isUpdated: boolean): void {
  print(
    table(
      ['query', 'time', 'blocks', 'plan', 'faults'],
      explained.map(({ name, state, milliseconds, blocks, comparison, faults }) => [
        name,
        milliseconds === null ? '' : `${milliseconds.toFixed(2)} ms`,
        blocks,
        state === 'absent'
          ? 'nothing to ask with'
          : isUpdated
            ? 'kept'
            : comparison === 'new'
              ? 'not kept yet'
              : comparison,
        faults.length === 0 ? '' : faults.length,
      ]),
      { right: [1, 2, 4] },
    ),
  );
  for (const { name, faults, comparison, shape, keptShape } of explained) {
    const isChanged = comparison === 'changed' && shape !== null && keptShape !== null;
    if (faults.length === 0 && !isChanged) continue;
    print(`\n${styled('bold', name)}`);
    for (const { kind, what } of faults) for (const line of labelled(`  ${kind}: `, what)) print(line);
    if (!isChanged) continue;
    for (const line of shapeLines(keptShape)) for (const part of labelled('  − ', line)) print(part);
    for (const line of shapeLines(shape)) for (const part of labelled('  + ', line)) print(part);
  }
}
