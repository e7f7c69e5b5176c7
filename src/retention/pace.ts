import { setTimeout as sleep } from 'node:timers/promises';

/** Rests after work, in proportion: at 1 as long as the work took, at 0 not at all. */
export async function rest(workedMs: number, ratio: number, signal?: AbortSignal): Promise<void> {
  const longestMs = 2_000;
  const pauseMs = Math.min(longestMs, workedMs * ratio);
  if (pauseMs < 1) return;
  // Being told to stop ends the rest; whoever called looks at the signal.
  await sleep(pauseMs, undefined, signal === undefined ? {} : { signal }).catch(() => {});
}
