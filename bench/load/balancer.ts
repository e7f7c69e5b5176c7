import { Agent, request } from 'node:http';

export interface Asked {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface Answer {
  readonly status: number;
  readonly body: Buffer;
}

/** How one attempt went: undefined is well, else a code such as ECONNRESET, `HTTP 503` or UNAVAILABLE. */
export type Failure = string | undefined;

export interface Outcome {
  readonly answer: Answer | undefined;
  /** Of the first attempt. */
  readonly first: Failure;
  /** Of what the client was told in the end. */
  readonly last: Failure;
  readonly ms: number;
}

interface Backend {
  readonly origin: string;
  readonly agent: Agent;
  isHealthy: boolean;
  readonly running: Set<Promise<Failure>>;
}

/** As nginx waits for an answer. */
const attemptTimeoutMs = 60_000;

/** Spreads requests over the addresses that say they are ready, and tries once more elsewhere: what a load balancer does. */
export class Balancer {
  readonly #backends: readonly Backend[];
  readonly #healthMs: number;
  #next = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(origins: readonly string[], healthMs: number) {
    this.#healthMs = healthMs;
    this.#backends = origins.map((origin) => ({
      origin,
      agent: new Agent({ keepAlive: true }),
      isHealthy: true,
      running: new Set(),
    }));
  }

  watch(): void {
    const check = async (backend: Backend): Promise<void> => {
      const answer = await this.#ask(
        backend,
        { method: 'GET', path: '/readyz', headers: { connection: 'close' } },
        2_000,
      ).catch(() => undefined);
      backend.isHealthy = answer?.status === 200;
    };
    const round = (): void => {
      void Promise.all(this.#backends.map(check)).then(() => {
        if (this.#timer !== undefined) this.#timer = setTimeout(round, this.#healthMs);
      });
    };
    this.#timer = setTimeout(round, 0);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const { agent } of this.#backends) agent.destroy();
  }

  /** The requests that an address is answering at this moment: how each of them will end. */
  running(origin: string): Promise<Failure>[] {
    return [...(this.#backends.find((backend) => backend.origin === origin)?.running ?? [])];
  }

  isHealthy(origin: string): boolean {
    return this.#backends.some((backend) => backend.origin === origin && backend.isHealthy);
  }

  /** The address that the next request goes to. */
  pick(): string {
    return this.#choose(undefined).origin;
  }

  async send(asked: Asked, judge: (answer: Answer) => Failure): Promise<Outcome> {
    const started = performance.now();
    const backend = this.#choose(undefined);
    const one = await this.#attempt(backend, asked, judge);
    const two = one.failure === undefined ? one : await this.#attempt(this.#choose(backend), asked, judge);
    return {
      answer: two.answer,
      first: one.failure,
      last: two.failure,
      ms: performance.now() - started,
    };
  }

  #choose(not: Backend | undefined): Backend {
    const others = this.#backends.filter((backend) => backend !== not);
    const healthy = others.filter(({ isHealthy }) => isHealthy);
    // Better one that is busy than one that is away, and better that than none.
    const from = healthy.length > 0 ? healthy : not?.isHealthy ? [not] : others;
    this.#next += 1;
    const backend = from[this.#next % from.length];
    if (!backend) throw new Error('there is no address to ask');
    return backend;
  }

  async #attempt(
    backend: Backend,
    asked: Asked,
    judge: (answer: Answer) => Failure,
  ): Promise<{ readonly answer: Answer | undefined; readonly failure: Failure }> {
    let answer: Answer | undefined;
    const attempt = this.#ask(backend, asked, attemptTimeoutMs).then(
      (given) => {
        answer = given;
        return judge(given);
      },
      (error: NodeJS.ErrnoException): Failure => {
        // Nobody listens there: no need to wait for the next look.
        if (error.code === 'ECONNREFUSED') backend.isHealthy = false;
        return error.code ?? error.message;
      },
    );
    backend.running.add(attempt);
    const failure = await attempt;
    backend.running.delete(attempt);
    return { answer, failure };
  }

  #ask(backend: Backend, asked: Asked, timeoutMs: number): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const sent = request(
        new URL(asked.path, backend.origin),
        {
          agent: backend.agent,
          method: asked.method,
          headers: asked.headers,
          signal: AbortSignal.timeout(timeoutMs),
        },
        (response) => {
          const parts: Buffer[] = [];
          response.on('data', (part: Buffer) => parts.push(part));
          response.on('end', () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(parts) }));
          response.on('error', reject);
        },
      );
      sent.on('error', reject);
      sent.end(asked.body);
    });
  }
}
