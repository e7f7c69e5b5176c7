import type { Server } from 'node:http';
import type { ApiSettings } from '../config-api.ts';

/** A film over a slow line; the body of a GraphQL request has a limit of its own (bodyTimeoutMs). */
const requestTimeoutMs = 15 * 60_000;

/** Longer than the keep-alive of common load balancers (60 s), so that they close first. */
const keepAliveMs = 65_000;

/** How late a connection that is too slow is found. */
const checkMs = 2_000;

/** How long a server waits for clients that send or read slowly, so that none of them holds a connection for good. */
export function patienceOf({ headersTimeoutMs }: Pick<ApiSettings, 'headersTimeoutMs'>) {
  return {
    headersTimeout: headersTimeoutMs,
    requestTimeout: requestTimeoutMs,
    keepAliveTimeout: keepAliveMs,
    connectionsCheckingInterval: Math.min(checkMs, headersTimeoutMs),
  };
}

/** Hangs up on a client that takes none of its answer, and sends nothing, for that long. */
export function hangUpOnStalled(
  server: Server,
  { stallTimeoutMs }: Pick<ApiSettings, 'stallTimeoutMs'>,
): void {
  // Node counts progress of what is being written, and leaves WebSockets to those who upgraded them.
  server.setTimeout(stallTimeoutMs, (socket) => socket.destroy());
}
