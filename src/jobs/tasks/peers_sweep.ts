import type { StoaTask } from '../task.ts';

/** Peers that have gone quiet, or may not announce any more, leave their swarms. */
const peersSweep: StoaTask = async (_payload, context) => {
  const { rows } = await context.query<{ swept: number }>('select tracker.sweep_peers() as swept');
  context.run?.report({ rowsAffected: rows[0]?.swept ?? 0 });
};

export default peersSweep;
