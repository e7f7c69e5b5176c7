import type { StoaTask } from './task.ts';
import partitionsMaintain from './tasks/partitions_maintain.ts';
import presenceSweep from './tasks/presence_sweep.ts';

/** Every task by the name under which it is queued. */
export const tasks: Readonly<Record<string, StoaTask>> = {
  partitions_maintain: partitionsMaintain,
  presence_sweep: presenceSweep,
};
