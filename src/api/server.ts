// First: Grafast reads GRAPHILE_ENV while it is loaded.
import './production-mode.ts';
import { AsyncLocalStorage } from 'node:async_hooks';
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeSchema } from 'postgraphile/graphile-build';
import { createAuthService } from '../auth/service.ts';
import type { Config } from '../config.ts';
import { exitCodes, StoaError } from '../errors.ts';
import { createLogger, type Logger } from '../log.ts';
import { resolveModules } from '../modules.ts';
import { createPool } from '../postgres/connect.ts';
import { openStorage } from '../storage/open.ts';
import { authenticate } from './authenticate.ts';
import type { StoaRequest } from './context.ts';
import { explainError } from './errors.ts';
import {
  answerWithGrafserv,
  GraphqlService,
  HttpRefusal,
  readGraphqlBody,
  send,
  sendRefusal,
} from './http.ts';
import { queryLimits } from './limits.ts';
import { explorerPath, explorerStaticPath, graphqlPath, makePreset } from './preset.ts';
import { answerFile } from './uploads/routes.ts';
import { UploadService } from './uploads/service.ts';

/** A configuration whose database is known. */
export interface ApiConfig extends Config {
  readonly gatewayUrl: string;
  readonly authUrl: string;
  readonly mediaUrl: string;
  readonly secretKey: Buffer;
}

export interface ApiOptions {
  /** Default: standard output at `logLevel`. */
  readonly logger?: Logger;
  /** How long requests that run may go on after `close` was called. */
  readonly drainTimeoutMs?: number;
}

export interface RunningApi {
  /** Of the GraphQL endpoint. */
  readonly url: string;
  /** Undefined where it is switched off. */
  readonly explorerUrl: string | undefined;
  readonly port: number;
  /** Takes no new requests, lets those that run finish, then lets go of the database. */
  close(): Promise<void>;
}

/** A process answers about 2,000 small requests a second on one core; more connections would only queue inside. */
const gatewayConnections = 10;
const authConnections = 4;
const mediaConnections = 3;

/** Builds the schema from the database, then listens. Throws a StoaError where one of both is not possible. */
export async function startApi(config: ApiConfig, options: ApiOptions = {}): Promise<RunningApi> {
  const log = options.logger ?? createLogger({ level: config.logLevel });
  const onError = (error: Error): void => log.warn({ error: error.message }, 'lost an idle connection');
  const gateway = createPool(config.gatewayUrl, { applicationName: 'api', max: gatewayConnections, onError });
  const auth = createPool(config.authUrl, { applicationName: 'sign-in', max: authConnections, onError });
  const media = createPool(config.mediaUrl, { applicationName: 'files', max: mediaConnections, onError });
  const endPools = async (): Promise<void> => {
    await Promise.all([gateway.end(), auth.end(), media.end()]);
  };

  try {
    const current = new AsyncLocalStorage<{ readonly requestId: string; isVisitor: boolean }>();
    const requests = new WeakMap<IncomingMessage, StoaRequest>();
    const preset = makePreset({
      pool: gateway,
      modules: resolveModules(config.modules),
      log: {
        error: (details, message) =>
          log.error({ requestId: current.getStore()?.requestId, ...details }, message),
      },
      isVisitor: () => current.getStore()?.isVisitor ?? false,
      introspection: config.environment !== 'production' || config.explorer,
      explorer: config.explorer,
      requestOf: (message) => requests.get(message),
    });
    const { schema, resolvedPreset } = await makeSchema(preset);
    const graphql = new GraphqlService({ schema, preset: resolvedPreset });
    await graphql.ready();
    const service = await createAuthService({ pool: auth, config });
    const uploads = new UploadService({
      pool: media,
      storage: await openStorage(config),
      secretKey: config.secretKey,
      publicUrl: config.publicUrl,
    });

    let isClosing = false;
    const isReady = async (): Promise<boolean> => {
      if (isClosing) return false;
      const answered = gateway.query('select 1').then(
        () => true,
        () => false,
      );
      return Promise.race([answered, sleep(2_000, false, { ref: false })]);
    };

    const answer = async (
      message: IncomingMessage,
      response: ServerResponse,
      requestId: string,
    ): Promise<void> => {
      const path = (message.url ?? '/').split('?')[0] ?? '/';
      if (path === graphqlPath) {
        const body = await readGraphqlBody(message, queryLimits.maxBodyBytes);
        const session = await authenticate(service, message.headers.authorization);
        const store = current.getStore();
        if (store) store.isVisitor = session === undefined;
        requests.set(message, {
          requestId,
          ip: message.socket.remoteAddress,
          userAgent: message.headers['user-agent'],
          ...(session ? { session } : {}),
          auth: service,
          uploads,
          config,
        });
        await answerWithGrafserv(graphql, message, response, body);
        return;
      }
      if (await answerFile(uploads, message, response)) return;
      if (message.method !== 'GET' && message.method !== 'HEAD') {
        throw new HttpRefusal(404, 'There is nothing at this address.', { code: 'NOT_FOUND' });
      }
      const text = { 'content-type': 'text/plain; charset=utf-8' };
      if (path === '/healthz') send(response, 200, 'ok\n', text);
      else if (path === '/readyz') {
        const ready = await isReady();
        send(response, ready ? 200 : 503, ready ? 'ready\n' : 'not ready\n', text);
      } else if (path === '/') send(response, 200, homePage(config), text);
      else if (config.explorer && (path === explorerPath || path.startsWith(explorerStaticPath))) {
        await answerWithGrafserv(graphql, message, response);
      } else throw new HttpRefusal(404, 'There is nothing at this address.', { code: 'NOT_FOUND' });
    };

    const server = createServer((message, response) => {
      const started = performance.now();
      const given = message.headers['x-request-id'];
      const requestId = typeof given === 'string' && /^[\w.-]{1,64}$/.test(given) ? given : randomUUID();
      response.setHeader('x-request-id', requestId);
      response.setHeader('x-content-type-options', 'nosniff');
      if (isClosing) response.setHeader('connection', 'close');
      response.on('finish', () => {
        // Neither address nor account nor query: a log of requests is read by more people than the data is.
        log.info(
          {
            requestId,
            method: message.method,
            path: (message.url ?? '/').split('?')[0],
            status: response.statusCode,
            ms: Math.round(performance.now() - started),
          },
          'request',
        );
      });
      const answered = current.run({ requestId, isVisitor: false }, () =>
        answer(message, response, requestId),
      );
      answered.catch((error: unknown) => {
        if (response.headersSent || response.destroyed) {
          response.destroy();
          return;
        }
        if (error instanceof HttpRefusal) {
          sendRefusal(response, error);
          return;
        }
        const known = explainError(error);
        if (known) {
          const status = known.extensions['code'] === 'UNAVAILABLE' ? 503 : 500;
          sendRefusal(response, new HttpRefusal(status, known.message, known.extensions));
          return;
        }
        const id = randomUUID();
        log.error(
          {
            id,
            requestId,
            error: error instanceof Error ? error.message : String(error),
            stack: error instanceof Error ? error.stack : undefined,
          },
          'unexpected error in a request',
        );
        sendRefusal(
          response,
          new HttpRefusal(500, 'Something went wrong on our side.', { code: 'INTERNAL', id }),
        );
      });
    });
    server.requestTimeout = 30_000;
    // Longer than the keep-alive of common load balancers (60 s), so that they close first.
    server.keepAliveTimeout = 65_000;

    const port = await listen(server, config);
    const origin = `http://${config.host.includes(':') ? `[${config.host}]` : config.host}:${port}`;
    log.info({ url: `${origin}${graphqlPath}` }, 'API listens');
    let closing: Promise<void> | undefined;
    return {
      url: `${origin}${graphqlPath}`,
      explorerUrl: config.explorer ? `${origin}${explorerPath}` : undefined,
      port,
      close() {
        isClosing = true;
        closing ??= drain(server, options.drainTimeoutMs ?? 10_000)
          .then(() => graphql.release())
          .finally(() => uploads.close())
          .finally(endPools);
        return closing;
      },
    };
  } catch (error) {
    await endPools();
    throw error;
  }
}

function listen(server: Server, config: Config): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const where = `${config.host}:${config.port}`;
      if (error.code === 'EADDRINUSE') {
        reject(
          new StoaError('api.port_taken', `Something else listens on ${where} already.`, {
            cure: 'Stop it, or choose another port with --port or STOA_PORT.',
            exitCode: exitCodes.busy,
            cause: error,
          }),
        );
      } else if (error.code === 'EACCES' || error.code === 'EADDRNOTAVAIL') {
        reject(
          new StoaError('api.cannot_listen', `This process may not listen on ${where} (${error.code}).`, {
            cure: 'Choose an address of this machine, and a port above 1023.',
            exitCode: exitCodes.configuration,
            cause: error,
          }),
        );
      } else reject(error);
    });
    server.listen(config.port, config.host, () => {
      const address = server.address();
      resolve(typeof address === 'object' && address ? address.port : config.port);
    });
  });
}

function drain(server: Server, timeoutMs: number): Promise<void> {
  return new Promise((resolve) => {
    const cutOff = setTimeout(() => server.closeAllConnections(), timeoutMs);
    server.close(() => {
      clearTimeout(cutOff);
      resolve();
    });
    server.closeIdleConnections();
  });
}

function homePage(config: Config): string {
  const lines = ['Stoa', '', `GraphQL: POST ${graphqlPath}`];
  if (config.explorer) lines.push(`Explorer: ${explorerPath}`);
  lines.push('Alive: /healthz   Ready: /readyz', '');
  return lines.join('\n');
}
