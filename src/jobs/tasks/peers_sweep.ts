import type { StoaTask } from '../task.ts';

/** Peers that have gone quiet, or may not announce any more, leave their swarms. Leaves no record of each run. */
const peersSweep: StoaTask = async (_payload, context) => {
  await context.query('select tracker.sweep_peers()');
};

export default peersSweep;
