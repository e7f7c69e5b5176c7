import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RequestDigest, Result } from 'postgraphile/grafserv';
import { NodeGrafserv } from 'postgraphile/grafserv/node';
import type { PersistedOperations } from './persisted.ts';
import { requestScope, tellClient } from './request-scope.ts';

/** An answer to a request that never reached GraphQL. */
export class HttpRefusal extends Error {
  override readonly name = 'HttpRefusal';
  readonly status: number;
  readonly extensions: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    message: string,
    extensions: Readonly<Record<string, unknown>>,
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
    this.status = status;
    this.extensions = extensions;
    this.headers = headers;
  }
}

/** Nobody waits for the answer any more. */
export class ClientGone extends Error {
  override readonly name = 'ClientGone';

  constructor() {
    super('The client went away.');
  }
}

/** Shaped as GraphQL errors are, so that a client needs one way to read them. */
export function sendRefusal(response: ServerResponse, refusal: HttpRefusal): void {
  const { message } = refusal;
  const extensions = tellClient(refusal.extensions);
  send(response, refusal.status, JSON.stringify({ errors: [{ message, extensions }] }), {
    'content-type': 'application/json; charset=utf-8',
    ...refusal.headers,
  });
}

export function send(
  response: ServerResponse,
  status: number,
  body: string | Buffer,
  headers: Readonly<Record<string, string>>,
): void {
  const bytes = Buffer.isBuffer(body) ? body : Buffer.from(body, 'utf8');
  response.writeHead(status, { ...headers, 'content-length': String(bytes.length) });
  response.end(bytes);
}

export interface BodyOptions {
  readonly maxBytes: number;
  /** How long it may take to arrive. */
  readonly timeoutMs: number;
  /** Where operations may be asked for by hash. */
  readonly persisted?: PersistedOperations | undefined;
}

/**
 * The body of a GraphQL request, checked to be one. JSON by POST and nothing else: a page of another site cannot
 * send that without being asked.
 */
export async function readGraphqlBody(
  request: IncomingMessage,
  { maxBytes, timeoutMs, persisted }: BodyOptions,
): Promise<string> {
  const refuse = (status: number, message: string, cure: string, headers?: Record<string, string>) =>
    new HttpRefusal(status, message, { code: 'BAD_REQUEST', cure }, headers);
  if (request.method !== 'POST') {
    throw refuse(405, 'GraphQL is asked by POST.', 'Send a POST request.', { allow: 'POST' });
  }
  const mediaType = (request.headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase();
  if (mediaType !== 'application/json') {
    throw refuse(415, 'The body must be JSON.', 'Send the header content-type: application/json.');
  }
  const text = (await readBody(request, maxBytes, timeoutMs)).toString('utf8');
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    throw refuse(400, 'The body is not valid JSON.', 'Send {"query": "…", "variables": {…}}.');
  }
  if (Array.isArray(body)) {
    throw new HttpRefusal(400, 'One request asks for one operation: there are no batches.', {
      code: 'BAD_REQUEST',
      reason: 'request.batch',
      limit: 1,
      cure: 'Send each operation in a request of its own, or several root fields in one operation.',
    });
  }
  if (typeof body !== 'object' || body === null) {
    throw refuse(400, 'The body must be one JSON object.', 'Send {"query": "…", "variables": {…}}.');
  }
  const hash = persisted?.nameIn(body);
  if (persisted && hash !== undefined) {
    if (persisted.find(hash) === undefined) {
      const { message, ...extensions } = persisted.refusal(hash);
      throw new HttpRefusal(400, message, { ...extensions });
    }
  } else if (!('query' in body) || typeof body.query !== 'string') {
    throw refuse(400, 'The body has no query.', 'Send {"query": "…", "variables": {…}}.');
  }
  const isObject = (value: unknown): boolean =>
    value === undefined || value === null || (typeof value === 'object' && !Array.isArray(value));
  if (!isObject(field(body, 'variables')) || !isObject(field(body, 'extensions'))) {
    throw refuse(400, 'Variables and extensions are JSON objects.', 'Send {"query": "…", "variables": {…}}.');
  }
  if (!['string', 'undefined'].includes(typeof (field(body, 'operationName') ?? undefined))) {
    throw refuse(400, 'The name of an operation is a text.', 'Send {"query": "…", "operationName": "…"}.');
  }
  const onError = field(body, 'onError') ?? 'PROPAGATE';
  if (!errorBehaviours.some((behaviour) => behaviour === onError)) {
    throw refuse(400, 'There is no such behaviour on errors.', 'Leave onError out.');
  }
  return text;
}

/** What grafserv takes for onError; it answers with status 500 to anything else. */
const errorBehaviours = ['PROPAGATE', 'NULL', 'HALT'] as const;

function field(body: object, name: string): unknown {
  return Object.hasOwn(body, name) ? Reflect.get(body, name) : undefined;
}

function readBody(request: IncomingMessage, maxBytes: number, timeoutMs: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => {
      request.pause();
      reject(
        new HttpRefusal(
          408,
          `The body of a request may take ${timeoutMs} ms to arrive.`,
          { code: 'REQUEST_TIMEOUT', limit: timeoutMs, cure: 'Send it again, faster.' },
          { connection: 'close' },
        ),
      );
    }, timeoutMs);
    const tooLarge = (): HttpRefusal =>
      new HttpRefusal(
        413,
        `The body of a request may be ${maxBytes} bytes long.`,
        { code: 'REQUEST_TOO_LARGE', limit: maxBytes, cure: 'Send less at once.' },
        // What is still coming is not read, so the connection cannot be used again.
        { connection: 'close' },
      );
    if (Number(request.headers['content-length'] ?? 0) > maxBytes) {
      clearTimeout(late);
      reject(tooLarge());
      return;
    }
    const chunks: Buffer[] = [];
    let length = 0;
    request.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length <= maxBytes) chunks.push(chunk);
      else {
        request.pause();
        reject(tooLarge());
      }
    });
    let isWhole = false;
    request.on('end', () => {
      isWhole = true;
      clearTimeout(late);
      resolve(Buffer.concat(chunks));
    });
    request.on('error', reject);
    request.on('close', () => {
      clearTimeout(late);
      // It comes after every request, and an error takes its time: it looks where it was made.
      if (!isWhole) reject(new ClientGone());
    });
  });
}

/** grafserv without its own way of writing answers: what it would send as plain text is JSON here. */
export class GraphqlService extends NodeGrafserv {
  answer(request: RequestDigest): Promise<Result | null> {
    return Promise.resolve(this.processRequest(request));
  }
}

const mediaRange = String.raw`[\w!#$&^.+*-]+/[\w!#$&^.+*-]+(;[ \t]*(q=(0(\.\d{1,3})?|1(\.0{1,3})?)|(?!q=)[a-z][\w-]*=[\w.+-]+))*`;

/** The header accept as browsers and clients write it; grafserv throws at many others, and a header is no reason to. */
const mediaRanges = new RegExp(String.raw`^${mediaRange}(,[ \t]*${mediaRange}){0,19}$`);

/** Lets grafserv answer, with a body that was read already. */
export async function answerWithGrafserv(
  service: GraphqlService,
  request: IncomingMessage,
  response: ServerResponse,
  body = '',
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://localhost');
  const result = await service.answer({
    httpVersionMajor: request.httpVersionMajor,
    httpVersionMinor: request.httpVersionMinor,
    isSecure: false,
    method: request.method ?? 'GET',
    path: url.pathname,
    headers: {
      ...Object.fromEntries(
        Object.entries(request.headers).flatMap(([name, value]) =>
          value === undefined ? [] : [[name, Array.isArray(value) ? value.join(', ') : value]],
        ),
      ),
      ...(mediaRanges.test(request.headers.accept ?? '*/*') ? {} : { accept: '*/*' }),
    },
    getQueryParams: () => Object.fromEntries(url.searchParams),
    getBody: () => ({ type: 'text', text: body }),
    requestContext: { node: { req: request, res: response } },
  });
  switch (result?.type) {
    case 'buffer':
      if (result.statusCode === 406) {
        throw new HttpRefusal(406, 'The answer is JSON, and the header accept takes none.', {
          code: 'BAD_REQUEST',
          cure: 'Send accept: application/json.',
        });
      }
      send(response, result.statusCode, result.buffer, { ...result.headers, ...retryAfter() });
      return;
    case 'noContent':
      response.writeHead(result.statusCode, result.headers).end();
      return;
    case 'error':
      throw result.error;
    case undefined:
      throw new HttpRefusal(404, 'There is nothing at this address.', { code: 'NOT_FOUND' });
    default:
      throw new Error(`An answer of type ${result?.type} is not expected.`);
  }
}

/** Where an operation was refused for being too soon, the header says the same as the error. */
function retryAfter(): Record<string, string> {
  const seconds = requestScope.getStore()?.retryAfter;
  return seconds === undefined ? {} : { 'retry-after': String(seconds) };
}
