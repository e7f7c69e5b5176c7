import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/**
 * A pooler in transaction mode, as small as it can be: clients share a few server connections, and each transaction
 * may get another one. It speaks as much of the protocol as that takes (manual, chapter 55): it answers the start of
 * a client itself, and gives a server connection back when the server says that no transaction is open.
 */
export interface TransactionPooler {
  readonly url: string;
  close(): Promise<void>;
}

interface ServerConnection {
  readonly socket: Socket;
  /** What the server said when it was ready: passed on to each client. */
  readonly greeting: Buffer;
  client: Socket | undefined;
}

export async function transactionPooler(
  serverUrl: string,
  order: 'rotate' | 'last used first',
): Promise<TransactionPooler> {
  const free: ServerConnection[] = [];
  const all: ServerConnection[] = [];
  const waiting: { client: Socket; data: Buffer }[] = [];

  const release = (server: ServerConnection): void => {
    server.client = undefined;
    if (order === 'rotate') free.push(server);
    else free.unshift(server);
    const next = waiting.shift();
    if (next) forward(next.client, next.data);
  };
  const forward = (client: Socket, data: Buffer): void => {
    const own = all.find((server) => server.client === client);
    const server = own ?? free.shift();
    if (!server) {
      waiting.push({ client, data });
      return;
    }
    server.client = client;
    server.socket.write(data);
  };
  for (let count = 0; count < 3; count += 1) {
    const server = await open(serverUrl, (each, data, isIdle) => {
      each.client?.write(data);
      if (isIdle) release(each);
    });
    all.push(server);
    free.push(server);
  }

  const listener = createServer((client) => {
    let isStarted = false;
    client.on('error', () => client.destroy());
    client.on('data', (data) => {
      if (!isStarted) {
        isStarted = true;
        client.write(all[0]?.greeting ?? Buffer.alloc(0));
      } else if (data[0] === 0x58) {
        client.end();
      } else {
        forward(client, data);
      }
    });
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const address: AddressInfo | string | null = listener.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const url = new URL(serverUrl);
  url.host = `127.0.0.1:${address.port}`;
  return {
    url: url.toString(),
    async close() {
      for (const { socket } of all) socket.destroy();
      listener.close();
    },
  };
}

/** Starts a session of its own and follows what the server says. */
async function open(
  serverUrl: string,
  onData: (server: ServerConnection, data: Buffer, isIdle: boolean) => void,
): Promise<ServerConnection> {
  const url = new URL(serverUrl);
  const socket = connect(Number(url.port), url.hostname);
  await once(socket, 'connect');
  const parameters = `user\0${decodeURIComponent(url.username)}\0database\0${url.pathname.slice(1)}\0\0`;
  const start = Buffer.alloc(8);
  start.writeInt32BE(8 + Buffer.byteLength(parameters), 0);
  start.writeInt32BE(196_608, 4);
  socket.write(Buffer.concat([start, Buffer.from(parameters)]));

  let rest = Buffer.alloc(0);
  /** Whole messages in `rest` are taken off; true when the last one says that no transaction is open. */
  const isIdleAfter = (data: Buffer): boolean => {
    rest = Buffer.concat([rest, data]);
    let isIdle = false;
    while (rest.length >= 5 && rest.length > rest.readInt32BE(1)) {
      isIdle = rest[0] === 0x5a && rest[5] === 0x49;
      rest = rest.subarray(1 + rest.readInt32BE(1));
    }
    return isIdle;
  };
  const greeting: Buffer[] = [];
  await new Promise<void>((resolve, reject) => {
    const listen = (data: Buffer): void => {
      greeting.push(data);
      if (data[0] === 0x45) reject(new Error('the server refused the pooler'));
      if (!isIdleAfter(data)) return;
      socket.off('data', listen);
      resolve();
    };
    socket.on('data', listen);
  });
  const server: ServerConnection = { socket, greeting: Buffer.concat(greeting), client: undefined };
  socket.on('error', () => socket.destroy());
  socket.on('data', (data) => onData(server, data, isIdleAfter(data)));
  return server;
}
