import type { StoaTask } from '../task.ts';

/**
 * Whoever has gone quiet is shown as away or offline. Runs every minute and leaves no record of each run;
 * graphile_worker._private_known_crontabs has the time of the last one.
 */
const presenceSweep: StoaTask = async (_payload, context) => {
  await context.query('select core.sweep_presence()');
};

export default presenceSweep;
