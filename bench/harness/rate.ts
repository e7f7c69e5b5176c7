import type { Client } from 'pg';
import { connect } from '../../src/postgres/connect.ts';

export interface Traffic {
  readonly url: string;
  readonly clients: number;
  readonly forMs: number;
  /** Statements that take away what the rounds before left behind, as `vacuum`; not in the figure. */
  readonly settle?: readonly string[];
  /** Readies the connection of one client: its role, whom it acts for. */
  readonly prepare?: (client: Client, number: number) => Promise<unknown>;
  /** What one client does over and over, the next one after the answer. */
  readonly work: (client: Client, number: number, turn: number) => Promise<unknown>;
}

/** Plans are made, caches filled, before anything is counted. */
const warmUpMs = 300;

/**
 * How often a second all clients together get it done, each on a connection of its own. A checkpoint comes first, so
 * that each measurement pays alike for pages that are written whole after one. `url` is that of a superuser.
 */
export async function perSecond({ url, clients, forMs, settle, prepare, work }: Traffic): Promise<number> {
  const settling = await connect(url, 'bench');
  for (const statement of [...(settle ?? []), 'checkpoint']) await settling.query(statement);
  await settling.end();
  const connections = await Promise.all(
    Array.from({ length: clients }, async (_, number) => {
      const client = await connect(url, 'bench');
      await prepare?.(client, number);
      return client;
    }),
  );
  try {
    let done = 0;
    const begun = performance.now() + Math.min(warmUpMs, forMs);
    await Promise.all(
      connections.map(async (client, number) => {
        for (let turn = 0; performance.now() - begun < forMs; turn += 1) {
          await work(client, number, turn);
          if (performance.now() > begun) done += 1;
        }
      }),
    );
    return done / ((performance.now() - begun) / 1000);
  } finally {
    await Promise.all(connections.map((client) => client.end()));
  }
}
