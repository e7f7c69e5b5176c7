import { blockersOf } from './blockers.ts';
import type { Blocker } from './events.ts';
import type { Session } from './session.ts';

export interface WatchOptions {
  /** Cancels the statement when it has been held up for so long; 0 never. */
  readonly giveUpAfterMs: number;
  /** Called at each look that finds somebody; `isNews` when it is not the same sessions as at the last look. */
  readonly onBlocked: (blockers: readonly Blocker[], waitedMs: number, isNews: boolean) => void;
}

/** Shorter than the shortest lock timeout, so that a statement that loses patience has been looked at. */
const firstLookMs = 150;
const lookEveryMs = 500;

/** Runs one statement while the other connection looks who is in its way. */
export async function watchStatement(
  session: Session,
  send: () => Promise<unknown>,
  options: WatchOptions,
): Promise<{ elapsedMs: number }> {
  const begun = performance.now();
  let timer: NodeJS.Timeout | undefined;
  let looking: Promise<void> = Promise.resolve();
  let blockedSince: number | undefined;
  let known = '';
  let isOver = false;

  const look = async (): Promise<void> => {
    const blockers = await blockersOf(session.watcher, session.workerPid);
    if (isOver) return;
    if (blockers.length === 0) {
      blockedSince = undefined;
      known = '';
      return;
    }
    blockedSince ??= performance.now();
    const now = blockers.map((blocker) => blocker.pid).join();
    options.onBlocked(blockers, performance.now() - begun, now !== known);
    known = now;
    if (options.giveUpAfterMs > 0 && performance.now() - blockedSince > options.giveUpAfterMs) {
      await session.watcher.query('select pg_cancel_backend($1)', [session.workerPid]);
    }
  };
  const schedule = (delayMs: number): void => {
    timer = setTimeout(() => {
      // When the onlooker's connection breaks, the statement itself still decides how the run ends.
      looking = look().catch(() => undefined);
      void looking.then(() => {
        if (!isOver) schedule(lookEveryMs);
      });
    }, delayMs);
  };

  schedule(firstLookMs);
  try {
    await send();
    return { elapsedMs: performance.now() - begun };
  } finally {
    isOver = true;
    clearTimeout(timer);
    await looking;
  }
}
