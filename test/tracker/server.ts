import { once } from 'node:events';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import pino from 'pino';
import { onTestFinished } from 'vitest';
import { loadConfig } from '../../src/config.ts';
import { makeClientAddress } from '../../src/http/client-address.ts';
import type { Endpoint } from '../../src/http/endpoint.ts';
import { openTracker } from '../../src/tracker/endpoint.ts';
import type { TestDatabase } from '../harness/index.ts';

export interface TestTracker {
  readonly origin: string;
  readonly endpoint: Endpoint;
  /** What it wrote, one object a line. */
  readonly log: readonly Readonly<Record<string, unknown>>[];
}

/** The endpoints of the tracker on a port of their own, without the API that they run in; stopped after the test. */
export async function serveTracker(
  db: TestDatabase,
  settings: Readonly<Record<string, string>> = {},
): Promise<TestTracker> {
  const config = await loadConfig({ env: { STOA_ENVIRONMENT: 'test', ...settings }, cwd: tmpdir() });
  const log: Record<string, unknown>[] = [];
  const opened = openTracker({
    config: { ...config, trackerUrl: db.urlFor('stoa_tracker') },
    log: pino({ base: null }, { write: (line) => log.push(JSON.parse(line)) }),
  });
  let closing: Promise<void> | undefined;
  const endpoint: Endpoint = {
    ...opened,
    close() {
      closing ??= opened.close();
      return closing;
    },
  };
  const addressOf = makeClientAddress(config.api.trustProxy);
  const server = createServer((message, response) => {
    const path = message.url?.split('?')[0] ?? '/';
    endpoint
      .answer({ message, response, path, address: addressOf(message), retryAfter: undefined })
      .catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
    await endpoint.close();
  });
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('the server has no port');
  return { origin: `http://127.0.0.1:${address.port}`, endpoint, log };
}
