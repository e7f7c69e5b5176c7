import type { Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

export interface DrainOptions {
  /** How long it answers on, while it says already that it is not ready. */
  readonly drainDelayMs: number;
  /** How long requests that run may go on after that. */
  readonly drainTimeoutMs: number;
}

const hangUpEveryMs = 50;

/** Stops a server without cutting anybody off who is answered within the time. */
export async function drain(server: Server, { drainDelayMs, drainTimeoutMs }: DrainOptions): Promise<void> {
  if (drainDelayMs > 0) await sleep(drainDelayMs);
  await new Promise<void>((resolve) => {
    const cutOff = setTimeout(() => server.closeAllConnections(), drainTimeoutMs);
    // A client keeps its connection when it was answered, and would hold the server for as long as that.
    const hangUp = setInterval(() => server.closeIdleConnections(), hangUpEveryMs);
    server.close(() => {
      clearTimeout(cutOff);
      clearInterval(hangUp);
      resolve();
    });
    server.closeIdleConnections();
  });
}
