import { exitCodes } from '../errors.ts';

/** Gracefully: what is going on is finished. At once: it is cut off, and recovered at the next start. */
export type Ending = 'gracefully' | 'at once';

export type Closer = (ending: Ending) => Promise<void>;

export interface Lifetime {
  /** Aborted when stopping begins. */
  readonly signal: AbortSignal;
  /** What is added last is closed first. What is added while stopping is closed at once. */
  add(close: Closer): void;
  /** Something that must not end has ended: stop everything else and fail with this error. */
  fail(error: unknown): void;
}

/** npm and a terminal may both deliver one Ctrl-C; what comes within this time is the same one. */
const sameKeyPressMs = 1_000;

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Starts something that goes on until it is told to stop: by Ctrl-C, SIGTERM or SIGHUP, or by `fail`. Then all that
 * was added is closed, in reverse order. A second Ctrl-C closes everything at once. Answers with the exit code.
 */
export async function runUntilStopped(
  start: (lifetime: Lifetime) => Promise<void>,
  onStopping: () => void = () => {},
): Promise<number> {
  const controller = new AbortController();
  const closers: Closer[] = [];
  let failure: { readonly error: unknown } | undefined;
  let isHurried = false;
  let stoppedAt: number | undefined;
  let announceStop = (): void => {};
  let announceHurry = (): void => {};
  const stopped = new Promise<void>((resolve) => {
    announceStop = resolve;
  });
  const hurried = new Promise<void>((resolve) => {
    announceHurry = resolve;
  });

  const begin = (): void => {
    if (stoppedAt !== undefined) return;
    stoppedAt = Date.now();
    controller.abort();
    announceStop();
  };
  const onSignal = (): void => {
    if (stoppedAt === undefined) {
      onStopping();
      begin();
    } else if (Date.now() - stoppedAt > sameKeyPressMs) {
      isHurried = true;
      announceHurry();
    }
  };
  const lifetime: Lifetime = {
    signal: controller.signal,
    add(close) {
      if (controller.signal.aborted) void close('at once').catch(() => {});
      else closers.push(close);
    },
    fail(error) {
      // What ends because everything is being stopped is no failure.
      if (stoppedAt !== undefined) return;
      failure = { error };
      begin();
    },
  };

  // Left in place: the twin of a signal may come when everything is closed, and must not kill what only has to exit.
  for (const signal of signals) process.on(signal, onSignal);
  let isStarted = false;
  const starting = start(lifetime).then(
    () => {
      isStarted = true;
    },
    (error: unknown) => lifetime.fail(error),
  );
  await Promise.race([starting, stopped]);
  await stopped;
  const closing = closeAll(closers);
  await Promise.race([closing, hurried]);
  if (isHurried) await Promise.allSettled(closers.map((close) => close('at once')));
  if (failure) throw failure.error;
  return isStarted && !isHurried ? exitCodes.ok : exitCodes.interrupted;
}

/** Each leaves the list when it is closed, so that what is left can be closed at once. */
async function closeAll(closers: Closer[]): Promise<void> {
  for (let close = closers.at(-1); close; close = closers.at(-1)) {
    await close('gracefully');
    closers.pop();
  }
}
