import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { z } from 'zod';

export interface SubscriberOptions {
  /** The address to connect to, asked for each time. */
  readonly origin: () => string;
  readonly token: string;
  /** A subscription with `feed { messages { id } cursor }`. */
  readonly query: string;
  /** What is followed. */
  readonly id: string;
}

const messageShape = z.object({
  type: z.string(),
  payload: z
    .object({
      data: z
        .object({ feed: z.object({ messages: z.array(z.object({ id: z.string() })), cursor: z.string() }) })
        .nullish(),
      errors: z.array(z.object({ message: z.string() })).optional(),
    })
    .or(z.array(z.object({ message: z.string() })))
    .optional(),
});

const comeBackMs = 200;

/** Follows the messages of one place, over as many connections as it takes, each from the cursor of the one before. */
export class Subscriber {
  readonly #options: SubscriberOptions;
  /** By id: how often it was delivered. */
  readonly received = new Map<string, number>();
  /** Why connections ended, by code. */
  readonly closes: Record<string, number> = {};
  readonly refusals: string[] = [];
  readonly started: Promise<void>;
  #markStarted: () => void = () => {};
  #cursor: string | undefined;
  /** Where it began to listen. */
  #first: string | undefined;
  #isOver = false;
  #socket: WebSocket | undefined;

  constructor(options: SubscriberOptions) {
    this.#options = options;
    this.started = new Promise((resolve) => {
      this.#markStarted = resolve;
    });
  }

  get id(): string {
    return this.#options.id;
  }

  /** What was sent after this was to be delivered. */
  get beginning(): string | undefined {
    return this.#first;
  }

  async run(): Promise<void> {
    while (!this.#isOver) {
      const code = await this.#connect();
      this.closes[code] = (this.closes[code] ?? 0) + 1;
      if (!this.#isOver) await sleep(comeBackMs * (0.5 + Math.random()));
    }
  }

  stop(): void {
    this.#isOver = true;
    this.#socket?.close();
  }

  /** One connection; the code that it was closed with. */
  #connect(): Promise<string> {
    const { origin, token, query, id } = this.#options;
    const socket = new WebSocket(`${origin().replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
    this.#socket = socket;
    return new Promise((resolve) => {
      socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
      socket.on('close', (code) => resolve(String(code)));
      socket.on('open', () =>
        socket.send(
          JSON.stringify({ type: 'connection_init', payload: { authorization: `Bearer ${token}` } }),
        ),
      );
      socket.on('message', (data) => {
        const { type, payload } = messageShape.parse(JSON.parse(String(data)));
        if (type === 'connection_ack') {
          const variables = { id, after: this.#cursor ?? null };
          socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query, variables } }));
        } else if (type === 'ping') socket.send('{"type":"pong"}');
        else if (type === 'next' && payload && !Array.isArray(payload) && payload.data) {
          const { messages, cursor } = payload.data.feed;
          for (const message of messages) {
            this.received.set(message.id, (this.received.get(message.id) ?? 0) + 1);
          }
          this.#cursor = cursor;
          this.#first ??= cursor;
          this.#markStarted();
        } else if (type === 'error' || type === 'next' || type === 'complete') {
          this.refusals.push(String(data));
          socket.close();
        }
      });
    });
  }
}
