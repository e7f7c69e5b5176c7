import type { Command } from 'commander';
import { InvalidArgumentError } from 'commander';
import { partitionsToRetire, type Retirement, retirePartitions } from '../../archive/retire.ts';
import { exitCodes } from '../../errors.ts';
import { note, print, printJson, table } from '../output.ts';
import { addSettings } from '../settings.ts';
import { megabytes, withArchiveSession } from './archive.ts';

interface RetireFlags {
  readonly list?: true;
  readonly patience: number;
  readonly json?: true;
}

function seconds(text: string): number {
  if (!/^\d{1,5}$/.test(text)) throw new InvalidArgumentError('It must be a whole number of seconds.');
  return Number(text);
}

function show(retirements: readonly Retirement[]): void {
  if (retirements.length === 0) {
    print('No partition is past its time.');
    return;
  }
  print(
    table(
      ['partition', 'outcome', 'archived', 'size', 'why'],
      retirements.map(({ partition, outcome, archivedRows, archivedBytes, reason }) => [
        partition,
        outcome,
        archivedRows?.toLocaleString('en'),
        megabytes(archivedBytes),
        reason,
      ]),
      { right: [2, 3] },
    ),
  );
}

/** Puts `retire` under the command "partitions". */
export function registerPartitionsRetire(partitions: Command): void {
  addSettings(
    partitions
      .command('retire')
      .description('take partitions that are past their time out of their tables, and drop them')
      .argument('[PARENT...]', 'tables, such as audit.logs (default: all with a retention)')
      .option('--list', 'say which, change nothing')
      .option(
        '--patience <SECONDS>',
        'how long a partition may wait for those who read the table',
        seconds,
        60,
      )
      .option('--json', 'print the result as JSON')
      .addHelpText(
        'after',
        `
For each: detach, without a lock that readers or writers notice; where the table is exported first, export to the
storage and read the archive back; drop. Each step is written down: killed anywhere, the next run goes on from there.
A partition with rows under a legal hold is exported and stays.

Exit codes: ${exitCodes.ok} done, ${exitCodes.busy} one had to wait and is not done, ${exitCodes.interrupted} stopped between two steps.`,
      ),
    ['storage'],
  ).action(async (parents: string[], flags: RetireFlags, command: Command) => {
    await withArchiveSession(command, async (session) => {
      const only = parents.length === 0 ? {} : { parents };
      const retirements = flags.list
        ? await partitionsToRetire(session.client, only)
        : await retirePartitions(session, {
            ...only,
            patienceMs: flags.patience * 1_000,
            onStep: (partition, step) => note(`${partition}: ${step}`),
          });
      if (retirements.some(({ outcome }) => outcome === 'waits')) process.exitCode = exitCodes.busy;
      if (flags.json) return printJson(retirements);
      show(retirements);
    });
  });
}
