import type { StoaTask } from '../task.ts';

/** Ends voice sessions that were not heard of for two minutes. Leaves no record of each run. */
const voiceSweep: StoaTask = async (_payload, context) => {
  await context.query('select groups.close_stale_voice_sessions(now())');
};

export default voiceSweep;
