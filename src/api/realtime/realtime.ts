import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { handleProtocols } from 'graphql-ws';
import type { Pool } from 'pg';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';
import type { AuthService } from '../../auth/service.ts';
import type { Config } from '../../config.ts';
import type { Logger } from '../../log.ts';
import { pgSettingsOf, type StoaRequest } from '../context.ts';
import type { GraphqlService } from '../http.ts';
import type { UploadService } from '../uploads/service.ts';
import type { BusSeat, RealtimeBus } from './bus.ts';
import { readAs } from './claims.ts';
import { closeCodes } from './close-codes.ts';
import { Connection } from './connection.ts';
import type { RealtimeLimits } from './limits.ts';
import { isOutage, makeOperations } from './operations.ts';
import { TallyWatch } from './tally-watch.ts';
import { openTopic } from './topics/index.ts';
import { Turns } from './turns.ts';

export interface RealtimeOptions {
  readonly graphql: GraphqlService;
  readonly graphqlPath: string;
  readonly service: AuthService;
  readonly uploads: UploadService;
  readonly config: Config;
  /** Logged in as the gateway; with `limits.concurrentReads` connections. */
  readonly pool: Pool;
  readonly bus: RealtimeBus;
  readonly limits: RealtimeLimits;
  readonly log: Pick<Logger, 'info' | 'error'>;
  /** Lets GraphQL find the request that an upgraded connection acts as. */
  readonly announceRequest: (message: IncomingMessage, request: StoaRequest) => void;
  /** Runs something as part of a request, for the log and the words of errors. */
  readonly within: <Result>(
    request: { readonly requestId: string; readonly isVisitor: boolean },
    work: () => Result,
  ) => Result;
  readonly requestIdOf: (message: IncomingMessage) => string;
  readonly addressOf: (message: IncomingMessage) => string | undefined;
}

export interface RealtimeFigures {
  readonly connections: number;
  readonly accounts: number;
}

/** How long connections that were told to close may take. */
const farewellMs = 2_500;
const sessionsAtOnce = 500;

/** Subscriptions over WebSockets: who is connected, for how long they may be, and what they hear of. */
export class Realtime {
  readonly #options: RealtimeOptions;
  readonly #connections = new Set<Connection>();
  readonly #byAddress = new Map<string, number>();
  readonly #byAccount = new Map<string, Set<Connection>>();
  readonly #turns: Turns;
  readonly #tallies: TallyWatch;
  readonly #server: WebSocketServer;
  readonly #operations: ReturnType<typeof makeOperations>;
  readonly #seat: BusSeat;
  readonly #timers: readonly NodeJS.Timeout[];
  readonly #due = new Set<string>();
  #isChecking = false;
  #isClosing = false;

  constructor(options: RealtimeOptions) {
    this.#options = options;
    const { limits, bus } = options;
    this.#turns = new Turns(limits.concurrentReads);
    this.#tallies = new TallyWatch({ bus, turns: this.#turns, everyMs: limits.tallyMs });
    this.#server = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      maxPayload: limits.maxMessageBytes,
      // Compression keeps a window of memory for each connection.
      perMessageDeflate: false,
      handleProtocols: (protocols) => handleProtocols(protocols),
    });
    this.#operations = makeOperations({
      graphql: options.graphql,
      service: options.service,
      limits,
      admit: (connection) => this.#admit(connection),
      openTopic: (connection, request) => {
        const topic = openTopic(request, {
          listener: { userId: connection.session?.userId },
          batchSize: limits.batchSize,
          followTally: (proposalId) =>
            this.#tallies.follow(proposalId, (work) =>
              readAs(options.pool, this.#claimsOf(connection), work),
            ),
        });
        if (!topic) throw new Error(`The subscription ${request.field} has no topic`);
        return topic;
      },
      feedOptions: (connection) => ({
        bus,
        turns: this.#turns,
        accessCheckMs: limits.accessCheckMs,
        isOutage,
        readAs: (work) => readAs(options.pool, this.#claimsOf(connection), work),
      }),
      refuse: (connection, reason) =>
        readAs(options.pool, this.#claimsOf(connection), (query) => query.refuse(reason)),
    });
    this.#seat = bus.joinAll({
      announced: ({ topic, key }) => {
        if (topic === 'access') this.#checkSoon(key);
      },
      resync: () => this.#checkSoon(undefined),
    });
    this.#timers = [
      setInterval(() => this.#checkSoon(undefined), limits.sessionCheckMs).unref(),
      setInterval(() => {
        for (const connection of this.#connections) connection.ping();
      }, limits.pingMs).unref(),
    ];
  }

  get figures(): RealtimeFigures {
    return { connections: this.#connections.size, accounts: this.#byAccount.size };
  }

  /** For the event of the HTTP server. */
  readonly upgrade = (message: IncomingMessage, socket: Duplex, head: Buffer): void => {
    const { limits, graphqlPath, addressOf } = this.#options;
    const refuse = (status: string, code: string, text: string, headers: readonly string[] = []): void => {
      const body = JSON.stringify({ errors: [{ message: text, extensions: { code } }] });
      socket.on('error', () => socket.destroy());
      socket.end(
        [
          `HTTP/1.1 ${status}`,
          'content-type: application/json; charset=utf-8',
          `content-length: ${Buffer.byteLength(body)}`,
          'connection: close',
          ...headers,
          '',
          body,
        ].join('\r\n'),
      );
    };
    const path = (message.url ?? '/').split('?')[0];
    if (path !== graphqlPath) {
      refuse('404 Not Found', 'NOT_FOUND', 'There is nothing at this address.');
      return;
    }
    if (this.#isClosing || this.#connections.size >= limits.maxConnections) {
      refuse('503 Service Unavailable', 'UNAVAILABLE', 'The server takes no more connections.', [
        'retry-after: 5',
      ]);
      return;
    }
    const address = addressOf(message);
    const others = this.#byAddress.get(address ?? '') ?? 0;
    if (others >= limits.maxConnectionsPerAddress) {
      refuse(
        '429 Too Many Requests',
        'TOO_MANY_REQUESTS',
        'This address has as many connections as it may have.',
      );
      return;
    }
    this.#server.handleUpgrade(message, socket, head, (opened) => this.#opened(opened, message, address));
  };

  /** Tells every client to come back, and lets go of everything but the pool. */
  async close(): Promise<void> {
    this.#isClosing = true;
    for (const timer of this.#timers) clearInterval(timer);
    this.#seat.leave();
    const all = [...this.#connections];
    const closed = all.map(
      ({ socket }) => new Promise<void>((resolve) => socket.once('close', () => resolve())),
    );
    for (const connection of all) connection.end({ code: closeCodes.stopping, reason: 'server.stopping' });
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, farewellMs);
    });
    await Promise.race([Promise.all(closed), patience]);
    clearTimeout(timer);
    for (const { socket } of this.#connections) socket.terminate();
    await this.#options.bus.close();
  }

  #opened(socket: WebSocket, message: IncomingMessage, address: string | undefined): void {
    const { limits, log, requestIdOf, within } = this.#options;
    const connection = new Connection(socket, { message, requestId: requestIdOf(message), address }, limits);
    this.#connections.add(connection);
    this.#byAddress.set(address ?? '', (this.#byAddress.get(address ?? '') ?? 0) + 1);
    this.#announce(connection);

    const inRequest = <Result>(work: () => Result): Result =>
      within({ requestId: connection.requestId, isVisitor: connection.session === undefined }, work);
    const closed = this.#operations.opened(
      {
        protocol: socket.protocol,
        send: (data) => connection.send(data),
        close: (code, reason) => connection.end({ code: code ?? 1000, reason: reason ?? '' }),
        onMessage: (handle) => {
          socket.on('message', (data, isBinary) => {
            if (connection.closing) return;
            if (!connection.countMessage()) {
              connection.end({ code: closeCodes.tooMany, reason: 'messages.too_many' });
              return;
            }
            if (isBinary) {
              connection.end({ code: closeCodes.badRequest, reason: 'message.binary' });
              return;
            }
            inRequest(() => handle(textOf(data))).catch((error: unknown) => {
              if (socket.readyState !== socket.OPEN) return;
              log.error(
                {
                  requestId: connection.requestId,
                  error: error instanceof Error ? error.message : String(error),
                  stack: error instanceof Error ? error.stack : undefined,
                },
                'unexpected error in a connection',
              );
              connection.end({ code: closeCodes.internal, reason: 'server.error' });
            });
          });
        },
      },
      { connection, request: message, socket },
    );
    // Malformed frames and messages that are too long: ws closes the connection, with 1002, 1007 or 1009.
    socket.on('error', () => {});
    socket.once('close', (code) => {
      this.#forget(connection);
      // Neither address nor account, as with requests.
      log.info(
        {
          requestId: connection.requestId,
          code: connection.closing?.code ?? code,
          reason: connection.closing?.reason,
          ms: Math.round(performance.now() - connection.openedAt),
        },
        'connection closed',
      );
      inRequest(() => closed(code, '')).catch((error: unknown) => {
        log.error(
          { requestId: connection.requestId, error: String(error) },
          'unexpected error in a connection',
        );
      });
    });
  }

  #requestOf(connection: Connection): StoaRequest {
    return {
      requestId: connection.requestId,
      ip: connection.address,
      userAgent: connection.message.headers['user-agent'],
      ...(connection.session ? { session: connection.session } : {}),
      auth: this.#options.service,
      uploads: this.#options.uploads,
      config: this.#options.config,
    };
  }

  #claimsOf(connection: Connection): Record<string, string> {
    return pgSettingsOf(this.#requestOf(connection));
  }

  #announce(connection: Connection): void {
    this.#options.announceRequest(connection.message, this.#requestOf(connection));
  }

  #admit(connection: Connection): boolean {
    this.#announce(connection);
    const userId = connection.session?.userId;
    if (userId === undefined) return true;
    const others = this.#byAccount.get(userId) ?? new Set();
    if (others.size >= this.#options.limits.maxConnectionsPerAccount) return false;
    if (!this.#connections.has(connection)) return false;
    this.#byAccount.set(userId, others.add(connection));
    // What was announced about this session while it was looked up was not for this connection yet.
    this.#checkSoon(userId);
    return true;
  }

  #forget(connection: Connection): void {
    this.#connections.delete(connection);
    const address = connection.address ?? '';
    const left = (this.#byAddress.get(address) ?? 1) - 1;
    if (left > 0) this.#byAddress.set(address, left);
    else this.#byAddress.delete(address);
    const userId = connection.session?.userId;
    if (userId === undefined) return;
    const others = this.#byAccount.get(userId);
    others?.delete(connection);
    if (others?.size === 0) this.#byAccount.delete(userId);
  }

  /** Undefined: everybody. */
  #checkSoon(userId: string | undefined): void {
    if (userId === undefined) for (const known of this.#byAccount.keys()) this.#due.add(known);
    else if (this.#byAccount.has(userId)) this.#due.add(userId);
    if (this.#due.size === 0 || this.#isChecking || this.#isClosing) return;
    this.#isChecking = true;
    this.#check()
      .catch((error: unknown) => {
        // Looked at again with the next round; without its database nothing is delivered either.
        this.#options.log.error({ error: String(error) }, 'sessions of connections could not be checked');
      })
      .finally(() => {
        this.#isChecking = false;
      });
  }

  async #check(): Promise<void> {
    while (this.#due.size > 0) {
      const connections = [...this.#due].slice(0, sessionsAtOnce).flatMap((userId) => {
        this.#due.delete(userId);
        return [...(this.#byAccount.get(userId) ?? [])];
      });
      const ids = connections.flatMap(({ session }) => (session ? [session.sessionId] : []));
      const states = await this.#options.service.sessionStates(ids);
      for (const connection of connections) {
        const state = states.get(connection.session?.sessionId ?? '');
        if (state?.state === 'banned') {
          connection.end({ code: closeCodes.restricted, reason: 'account.banned' });
        } else if (state?.state !== 'live') {
          connection.end({ code: closeCodes.unauthenticated, reason: 'session.ended' });
        } else if (state.role !== connection.session?.role) {
          connection.end({ code: closeCodes.sessionChanged, reason: 'session.role_changed' });
        }
      }
    }
  }
}

function textOf(data: RawData): string {
  if (Array.isArray(data)) return Buffer.concat(data).toString('utf8');
  return Buffer.isBuffer(data) ? data.toString('utf8') : Buffer.from(data).toString('utf8');
}
