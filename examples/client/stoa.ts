import { RefreshSessionDocument, SignInDocument, type TypedDocumentString } from './operations.ts';

/** What signs in: shown once by the API, kept by whoever uses this client. */
export interface Tokens {
  readonly accessToken: string;
  readonly refreshToken: string;
}

/** Decide by `code`, tell apart by `reason`, show `message` and `cure`. docs/errors.md lists them all. */
export class StoaApiError extends Error {
  override readonly name = 'StoaApiError';
  readonly code: string | undefined;
  readonly reason: string | undefined;
  readonly cure: string | undefined;
  /** Seconds, where waiting helps. */
  readonly retryAfter: number | undefined;

  constructor({ message, extensions = {} }: ReportedError) {
    super(message);
    const text = (name: string): string | undefined =>
      typeof extensions[name] === 'string' ? extensions[name] : undefined;
    this.code = text('code');
    this.reason = text('reason');
    this.cure = text('cure');
    const { retryAfter } = extensions;
    this.retryAfter = typeof retryAfter === 'number' ? retryAfter : undefined;
  }
}

interface ReportedError {
  readonly message: string;
  readonly extensions?: Readonly<Record<string, unknown>>;
}

interface Answer<Result> {
  readonly data?: Result | null;
  readonly errors?: readonly ReportedError[];
}

/** A typed client in one file: fetch, the session, and nothing else. */
export class StoaClient {
  readonly #url: string;
  readonly #onTokens: (tokens: Tokens | undefined) => void;
  #tokens: Tokens | undefined;
  #refreshing: Promise<void> | undefined;

  /** `onTokens`: called with each new pair, to be kept for the next start, and with nothing when the session is over. */
  constructor(
    url: string,
    options: { tokens?: Tokens; onTokens?: (tokens: Tokens | undefined) => void } = {},
  ) {
    this.#url = url;
    this.#tokens = options.tokens;
    this.#onTokens = options.onTokens ?? (() => {});
  }

  /** Sends an operation. Throws a StoaApiError for what is refused. */
  async ask<Result, Variables>(
    document: TypedDocumentString<Result, Variables>,
    variables: Variables,
  ): Promise<Result> {
    const sent = this.#tokens;
    const { status, answer } = await this.#post(document, variables, sent?.accessToken);
    if (status !== 401 || sent === undefined) return dataOf(answer);
    if (this.#tokens === sent) await this.refresh();
    return dataOf((await this.#post(document, variables, this.#tokens?.accessToken)).answer);
  }

  /** False: the account has a second factor, which the operation CompleteSignIn takes. */
  async signIn(name: string, password: string): Promise<boolean> {
    const { signIn } = await this.ask(SignInDocument, { name, password });
    if (!signIn?.tokens) return false;
    this.#keep(signIn.tokens);
    return true;
  }

  /** New tokens. A refresh token works once, so operations that find the session too old wait for one refresh together. */
  refresh(): Promise<void> {
    this.#refreshing ??= this.#refresh().finally(() => {
      this.#refreshing = undefined;
    });
    return this.#refreshing;
  }

  async #refresh(): Promise<void> {
    const refreshToken = this.#tokens?.refreshToken;
    if (refreshToken === undefined) return;
    const { answer } = await this.#post(RefreshSessionDocument, { refreshToken }, undefined);
    if (answer.errors?.[0]?.extensions?.['code'] === 'UNAUTHENTICATED') this.#keep(undefined);
    const tokens = dataOf(answer).refreshSession?.tokens;
    if (tokens) this.#keep(tokens);
  }

  #keep(tokens: Tokens | undefined): void {
    this.#tokens = tokens;
    this.#onTokens(tokens);
  }

  async #post<Result, Variables>(
    document: TypedDocumentString<Result, Variables>,
    variables: Variables,
    accessToken: string | undefined,
  ): Promise<{ readonly status: number; readonly answer: Answer<Result> }> {
    const response = await fetch(this.#url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(accessToken === undefined ? {} : { authorization: `Bearer ${accessToken}` }),
      },
      body: JSON.stringify({ query: document.toString(), variables }),
    });
    return { status: response.status, answer: (await response.json()) as Answer<Result> };
  }
}

function dataOf<Result>({ data, errors }: Answer<Result>): Result {
  const error = errors?.[0];
  if (error) throw new StoaApiError(error);
  if (data === undefined || data === null) throw new Error('The server gave neither data nor an error.');
  return data;
}
