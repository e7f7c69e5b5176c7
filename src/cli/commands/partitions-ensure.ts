import type { Command } from 'commander';
import { exitCodes, StoaError } from '../../errors.ts';
import { makePartitions, watchPartitions } from '../../jobs/partitions.ts';
import { withJobQueue } from '../job-queue.ts';
import { print, printJson, progress } from '../output.ts';
import { settingsOf } from '../settings.ts';

export function registerPartitionsEnsure(partitions: Command): void {
  partitions
    .command('ensure')
    .description('make the partitions that are missing: now, and as many ahead as each table wants')
    .option('--json', 'print one JSON object')
    .addHelpText(
      'after',
      `
Readers and writers go on: where a lock is needed that writers hold, it waits a quarter of a second at most
and tries again. Safe at any time; the job partitions_maintain does the same every night.`,
    )
    .action(async (options: { json?: true }, self: Command) => {
      const bar = progress('Making partitions', 'partitions');
      let done = 0;
      const { made, failures } = await withJobQueue(await settingsOf(self), 'partitions', async (query) => {
        const work = await makePartitions(query, {
          onMade(partition) {
            done += 1;
            bar.update(done, partition);
          },
        });
        await watchPartitions(query);
        return work;
      });
      bar.end();
      if (options.json) {
        printJson({ made, failures });
      } else {
        for (const partition of made) print(partition);
        print(made.length === 0 ? 'Nothing is missing.' : `${made.length} made.`);
      }
      const [failure] = failures;
      if (failure) {
        throw new StoaError(
          'partitions.not_made',
          `${failure.parent} got no partition: ${failure.message}.`,
          {
            cure: 'Try again when long transactions have ended, and see "stoa doctor invariants ops.partitions".',
            exitCode: exitCodes.checkFailed,
          },
        );
      }
    });
}
