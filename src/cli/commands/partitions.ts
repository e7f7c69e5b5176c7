import type { Command } from 'commander';
import { registerPartitionsEnsure } from './partitions-ensure.ts';
import { registerPartitionsRetire } from './partitions-retire.ts';
import { registerPartitionsStatus } from './partitions-status.ts';

export function registerPartitions(program: Command): void {
  const partitions = program
    .command('partitions')
    .description('tables that are cut by time: what they have, what they lack, what leaves')
    .action(() => {
      partitions.help({ error: true });
    });
  registerPartitionsStatus(partitions);
  registerPartitionsEnsure(partitions);
  registerPartitionsRetire(partitions);
}
