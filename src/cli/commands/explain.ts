import { join } from 'node:path';
import type { Command } from 'commander';
import { exitCodes } from '../../errors.ts';
import { shapeLines } from '../../explain/plan.ts';
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
  readonly plans?: string;
  readonly json?: true;
}

const story = `
Runs each query with EXPLAIN (ANALYZE, BUFFERS) as a member or a visitor, under row-level security, in a
transaction that only reads and is rolled back. Parameters are taken from the data: the busiest forum, the
longest conversation. Told are: a sequential scan over more than 10,000 rows, a sort of over a
thousand rows of which a limit hands out a few, an estimate that is off by more than ten times, and a plan of another shape than the kept one.

A shape belongs to data of some size: keep those of a database like the one that counts.

Exit codes: ${exitCodes.ok} nothing to tell, ${exitCodes.checkFailed} a fault, or another shape.`;

export function registerExplain(program: Command): void {
  const command = program
    .command('explain')
    .description('the plans of the hot queries: what they read, and whether they changed')
    .argument('[NAME...]', 'which ones, such as forums or forums.hot (default: all)')
    .option('--list', 'name them, run nothing')
    .option('--update', 'keep the shapes of the plans as they are now')
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
    const settings = await settingsOf(command);
    await withOpenDatabase(settings, { command: 'explain', onEvent: note }, async (config) => {
      await requireMigrated(config);
      const bar = progress('explain', 'queries', chosen.length);
      const explained = await explainQueries({
        databaseUrl: config.databaseUrl,
        gatewayUrl: config.gatewayUrl,
        only: names,
        folder: flags.plans ?? join(projectRoot, 'docs', 'plans'),
        update: flags.update === true,
        onExplained: (_, position) => bar.update(position),
      }).finally(() => bar.end());
      const isSound = explained.every(
        ({ faults, comparison }) => faults.length === 0 && comparison !== 'changed',
      );
      if (!isSound) process.exitCode = exitCodes.checkFailed;
      if (flags.json) return printJson({ isSound, queries: explained });
      show(explained, flags.update === true);
    });
  });
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
