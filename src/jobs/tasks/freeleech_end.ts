import { untilDone } from '../batches.ts';
import type { StoaTask } from '../task.ts';

const torrentsAtOnce = 1000;

/** Takes torrents whose free time is over off the list of free ones; announces look at the time themselves. */
const freeleechEnd: StoaTask = (_payload, context) =>
  untilDone(context, 'tracker.end_freeleech(p_limit => $1)', [torrentsAtOnce], torrentsAtOnce);

export default freeleechEnd;
