import type { StoaTask } from '../task.ts';

/** Ends voice sessions that were not heard of for two minutes. */
const voiceSweep: StoaTask = async (_payload, context) => {
  const { rows } = await context.query<{ closed: number }>(
    'select groups.close_stale_voice_sessions(now()) as closed',
  );
  context.run?.report({ rowsAffected: rows[0]?.closed ?? 0 });
};

export default voiceSweep;
