import type { IncomingMessage } from 'node:http';
import type { WebSocket } from 'ws';
import type { AuthenticatedSession } from '../../auth/sessions.ts';
import { type Closing, closeCodes } from './close-codes.ts';
import type { RealtimeLimits } from './limits.ts';

/** How long a client has to answer that it closes as well. */
const farewellMs = 2_000;

/** One WebSocket. */
export class Connection {
  readonly socket: WebSocket;
  /** The request that became this connection. */
  readonly message: IncomingMessage;
  readonly requestId: string;
  readonly address: string | undefined;
  readonly openedAt = performance.now();
  /** None: a visitor, or nobody has said yet. */
  session: AuthenticatedSession | undefined;
  /** Why this side closed it. */
  closing: Closing | undefined;
  readonly #limits: RealtimeLimits;
  #answered = true;
  #windowStart = 0;
  #messages = 0;

  constructor(
    socket: WebSocket,
    request: { message: IncomingMessage; requestId: string; address: string | undefined },
    limits: RealtimeLimits,
  ) {
    this.socket = socket;
    this.message = request.message;
    this.requestId = request.requestId;
    this.address = request.address;
    this.#limits = limits;
    socket.on('pong', () => {
      this.#answered = true;
    });
  }

  /** Resolves once the operating system has taken it: whoever waits for that keeps nothing for a client that does not read. */
  send(data: string): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.socket.readyState !== this.socket.OPEN) {
        resolve();
        return;
      }
      const tooSlow = (): void => this.end({ code: closeCodes.tooSlow, reason: 'consumer.slow' });
      if (this.socket.bufferedAmount + data.length > this.#limits.maxBufferedBytes) {
        tooSlow();
        resolve();
        return;
      }
      const timer = setTimeout(tooSlow, this.#limits.sendTimeoutMs);
      this.socket.send(data, (error) => {
        clearTimeout(timer);
        if (error) reject(error);
        else resolve();
      });
    });
  }

  /** Counts a message of the client; false when there were too many. */
  countMessage(): boolean {
    const now = performance.now();
    if (now - this.#windowStart > this.#limits.floodWindowMs) {
      this.#windowStart = now;
      this.#messages = 0;
    }
    this.#messages += 1;
    return this.#messages <= this.#limits.maxMessages;
  }

  /** Closes a connection whose client did not answer the ping before. */
  ping(): void {
    if (!this.#answered) {
      this.socket.terminate();
      return;
    }
    this.#answered = false;
    this.socket.ping();
  }

  end(closing: Closing): void {
    if (this.closing) return;
    this.closing = closing;
    this.socket.close(closing.code, closing.reason);
    const timer = setTimeout(() => this.socket.terminate(), farewellMs);
    this.socket.once('close', () => clearTimeout(timer));
  }
}
