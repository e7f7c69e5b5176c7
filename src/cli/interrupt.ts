const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * For a command that ends by itself and may be stopped between two steps: Ctrl-C, SIGTERM and SIGHUP abort the signal that
 * `work` is given, and do nothing else.
 */
export async function untilInterrupted<Result>(
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const controller = new AbortController();
  const stop = (): void => controller.abort();
  for (const signal of signals) process.on(signal, stop);
  try {
    return await work(controller.signal);
  } finally {
    for (const signal of signals) process.off(signal, stop);
  }
}
