import type { Server } from 'node:http';

export interface DrainOptions {
  /** How long requests that run may go on. */
  readonly drainTimeoutMs: number;
}

const hangUpEveryMs = 50;

/** Stops a server without cutting anybody off who is answered within the time. */
export async function drain(server: Server, { drainTimeoutMs }: DrainOptions): Promise<void> {
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
