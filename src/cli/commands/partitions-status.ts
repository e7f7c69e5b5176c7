import type { Command } from 'commander';
import { exitCodes } from '../../errors.ts';
import { partitionStatus } from '../../jobs/partitions.ts';
import { withJobQueue } from '../job-queue.ts';
import { print, printJson, styled, table } from '../output.ts';
import { settingsOf } from '../settings.ts';

const fewest = 2;

export function registerPartitionsStatus(partitions: Command): void {
  partitions
    .command('status')
    .description('how far ahead each table has partitions, and how many are past their retention')
    .option('--json', 'print one JSON array')
    .addHelpText(
      'after',
      `
Exit codes: ${exitCodes.ok} every table has ${fewest} or more ahead, ${exitCodes.checkFailed} one has fewer.`,
    )
    .action(async (options: { json?: true }, self: Command) => {
      const tables = await withJobQueue(await settingsOf(self), 'partitions', (query) =>
        partitionStatus(query),
      );
      const low = tables.filter(({ ahead }) => ahead < fewest);
      if (options.json) {
        printJson(tables);
      } else {
        const rows = tables.map(({ parent, partitions, ahead, aheadWanted, expired, coveredUntil }) => [
          parent,
          partitions,
          ahead,
          aheadWanted,
          expired,
          coveredUntil?.slice(0, 10) ?? 'never',
        ]);
        print(
          table(['table', 'partitions', 'ahead', 'wanted', 'past retention', 'covered until'], rows, {
            right: [1, 2, 3, 4],
          }),
        );
        for (const { parent } of low) {
          print(styled('yellow', `! ${parent} has fewer than ${fewest} ahead: stoa partitions ensure`));
        }
      }
      if (low.length > 0) process.exitCode = exitCodes.checkFailed;
    });
}
