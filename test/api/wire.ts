import { once } from 'node:events';
import { type AddressInfo, createServer, connect as open, type Socket } from 'node:net';

/** What went over a wire while somebody looked. */
export interface Traffic {
  /** How often PostgreSQL was asked to answer: a simple query, or the Sync behind extended ones. */
  readonly roundTrips: number;
  /** Statements that were executed, simple ones with several counted once. */
  readonly executed: number;
  /** Statements that were parsed. */
  readonly parsed: number;
}

export interface Wire {
  /** The same address, through the wire. */
  through(url: string): string;
  /** What clients sent during `work`. */
  during(work: () => Promise<unknown>): Promise<Traffic>;
  close(): void;
}

/** Stands between clients and PostgreSQL, and counts the messages of the frontend protocol, version 3. */
export async function openWire(databaseUrl: string): Promise<Wire> {
  const { hostname, port } = new URL(databaseUrl);
  const seen = new Map<string, number>();
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const database = open({ host: hostname, port: Number(port) });
    const count = countMessages((type) => seen.set(type, (seen.get(type) ?? 0) + 1));
    client.on('data', (chunk: Buffer) => {
      count(chunk);
      database.write(chunk);
    });
    database.on('data', (chunk: Buffer) => client.write(chunk));
    for (const [socket, other] of [
      [client, database],
      [database, client],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => other.destroy());
      socket.on('close', () => other.destroy());
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const own = (server.address() as AddressInfo).port;
  return {
    through(url) {
      const changed = new URL(url);
      changed.hostname = '127.0.0.1';
      changed.port = String(own);
      return changed.toString();
    },
    async during(work) {
      seen.clear();
      await work();
      const of = (type: string): number => seen.get(type) ?? 0;
      return { roundTrips: of('Q') + of('S'), executed: of('Q') + of('E'), parsed: of('P') };
    },
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** Calls for each message of a connection, which may come in any pieces. The first one has no type. */
function countMessages(seen: (type: string) => void): (chunk: Buffer) => void {
  let rest = Buffer.alloc(0);
  let typeBytes = 0;
  return (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= typeBytes + 4) {
      const length = typeBytes + rest.readInt32BE(typeBytes);
      if (rest.length < length) return;
      if (typeBytes === 1) seen(rest.toString('latin1', 0, 1));
      rest = rest.subarray(length);
      typeBytes = 1;
    }
  };
}
