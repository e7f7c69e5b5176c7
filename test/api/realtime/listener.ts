import { type Client, createClient, type SubscribePayload } from 'graphql-ws';
import { WebSocket } from 'ws';
import type { GraphqlError } from '../api.ts';

export interface Closed {
  readonly code: number;
  readonly reason: string;
}

/** A connection of a client, by the library that most clients use. */
export interface TestConnection {
  subscribe(query: string, variables?: Readonly<Record<string, unknown>>): Subscription;
  /** Resolves when the server has acknowledged the connection. */
  readonly connected: Promise<void>;
  /** How the socket was closed. */
  readonly closed: Promise<Closed>;
  close(): Promise<void>;
  readonly socket: () => WebSocket;
}

/** How a subscription ended. */
export interface Ending {
  readonly errors?: readonly GraphqlError[];
  readonly closed?: Closed;
}

export class Subscription {
  // biome-ignore lint/suspicious/noExplicitAny: each test knows the shape that it asked for
  readonly events: any[] = [];
  readonly ended: Promise<Ending>;
  stop: () => void = () => {};
  #waiting: (() => void)[] = [];
  #taken = 0;
  #ending: Ending | undefined;

  constructor(client: Client, payload: SubscribePayload) {
    this.ended = new Promise((resolve) => {
      const end = (ending: Ending): void => {
        this.#ending = ending;
        resolve(ending);
        this.#notify();
      };
      this.stop = client.subscribe(payload, {
        next: (result) => {
          if (result.errors) this.events.push({ errors: result.errors });
          else this.events.push(Object.values(result.data ?? {})[0]);
          this.#notify();
        },
        error: (error) => {
          if (Array.isArray(error)) end({ errors: error });
          else if (typeof error === 'object' && error !== null && 'code' in error && 'reason' in error) {
            end({ closed: { code: Number(error.code), reason: String(error.reason) } });
          } else throw error;
        },
        complete: () => end({}),
      });
    });
  }

  /** The next event, whether it has come already or not. */
  // biome-ignore lint/suspicious/noExplicitAny: each test knows the shape that it asked for
  async next(): Promise<any> {
    await this.until(() => this.events.length > this.#taken);
    const event = this.events[this.#taken];
    this.#taken += 1;
    return event;
  }

  async until(isSo: () => boolean): Promise<void> {
    while (!isSo()) {
      if (this.#ending) throw new Error(`the subscription ended: ${JSON.stringify(this.#ending)}`);
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  /** One field of the messages of all events so far. */
  all(list = 'messages', field = 'content'): string[] {
    return this.events.flatMap((event) => event[list] ?? []).map((row) => row[field]);
  }

  #notify(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}

export function listen(api: { readonly url: string }, token?: string): TestConnection {
  let socket: WebSocket | undefined;
  class OwnSocket extends WebSocket {
    constructor(address: string, protocols: string[]) {
      super(address, protocols);
      socket = this;
    }
  }
  let resolveClosed: (closed: Closed) => void = () => {};
  let resolveConnected: () => void = () => {};
  const closed = new Promise<Closed>((resolve) => {
    resolveClosed = resolve;
  });
  const connected = new Promise<void>((resolve) => {
    resolveConnected = resolve;
  });
  const client = createClient({
    url: api.url.replace('http', 'ws'),
    webSocketImpl: OwnSocket,
    lazy: false,
    retryAttempts: 0,
    onNonLazyError: () => {},
    ...(token === undefined ? {} : { connectionParams: { authorization: `Bearer ${token}` } }),
    on: {
      connected: () => resolveConnected(),
      closed: (event) => {
        if (typeof event === 'object' && event !== null && 'code' in event && 'reason' in event) {
          resolveClosed({ code: Number(event.code), reason: String(event.reason) });
        }
      },
    },
  });
  return {
    subscribe: (query, variables) =>
      new Subscription(client, variables === undefined ? { query } : { query, variables: { ...variables } }),
    connected,
    closed,
    close: async () => {
      await client.dispose();
    },
    socket: () => {
      if (!socket) throw new Error('there is no socket yet');
      return socket;
    },
  };
}
