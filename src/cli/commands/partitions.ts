import type { Command } from 'commander';
import { registerPartitionsRetire } from './partitions-retire.ts';

export function registerPartitions(program: Command): void {
  const partitions = program
    .command('partitions')
    .description('the months that big tables consist of')
    .action(() => {
      partitions.help({ error: true });
    });
  registerPartitionsRetire(partitions);
}
