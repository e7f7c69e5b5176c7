import type { StoaTask } from '../task.ts';

const torrentsAtOnce = 1000;

/** Takes torrents whose free time is over off the list of free ones; announces look at the time themselves. */
const freeleechEnd: StoaTask = async (_payload, context) => {
  for (;;) {
    const { rows } = await context.query<{ ended: number }>(
      'select tracker.end_freeleech(p_limit => $1) as ended',
      [torrentsAtOnce],
    );
    if ((rows[0]?.ended ?? 0) < torrentsAtOnce) return;
    context.abortSignal?.throwIfAborted();
  }
};

export default freeleechEnd;
