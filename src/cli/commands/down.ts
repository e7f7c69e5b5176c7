import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { exitCodes, StoaError } from '../../errors.ts';
import { stopLeftServer } from '../../postgres/embedded.ts';
import { readHolder } from '../../postgres/holder.ts';
import { isSameProcess } from '../../postgres/process-identity.ts';
import { print } from '../output.ts';
import { settingsOf } from '../settings.ts';

/** Longer than a worker may take to finish its jobs. */
const patienceMs = 60_000;

export function registerDown(program: Command): void {
  program
    .command('down')
    .description('stop a Stoa that runs in another terminal, and wait until it has ended')
    .addHelpText(
      'after',
      `
Sends SIGTERM, as Ctrl-C in that terminal would: requests and jobs that are under way are
finished first. Nothing to stop is no failure.`,
    )
    .action(async (_options: object, command: Command) => {
      const config = await settingsOf(command);
      const holder = readHolder(config.dataDir);
      if (!holder) {
        const wasLeft = await stopLeftServer(config);
        print(wasLeft ? 'Stopped a PostgreSQL that a killed Stoa had left.' : 'Nothing is running here.');
        return;
      }
      process.kill(holder.pid, 'SIGTERM');
      const end = Date.now() + patienceMs;
      while (isSameProcess(holder.pid, holder.ticks)) {
        if (Date.now() > end) {
          throw new StoaError(
            'down.not_ended',
            `Process ${holder.pid} has not ended after ${patienceMs / 1_000} s.`,
            {
              cure: 'Press Ctrl-C twice in its terminal, or look at logs/stoa.log in the data folder.',
              exitCode: exitCodes.busy,
            },
          );
        }
        await sleep(50);
      }
      print(`Stopped "stoa ${holder.command}" (process ${holder.pid}).`);
    });
}
