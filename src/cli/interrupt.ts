/** Work that ends by itself, and early when somebody presses Ctrl-C or the process is told to end. */
export async function untilInterrupted<Result>(
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const controller = new AbortController();
  const stop = (): void => controller.abort();
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, stop);
  // A stream that nobody drives any more would let the process end as if all were done.
  const alive = setInterval(() => {}, 1_000);
  try {
    return await work(controller.signal);
  } finally {
    clearInterval(alive);
    for (const signal of signals) process.off(signal, stop);
  }
}
