// First: Grafast reads GRAPHILE_ENV while it is loaded.
import './production-mode.ts';
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { GraphQLSchema } from 'graphql';
import { makeSchema } from 'postgraphile/graphile-build';
import { createAuthService } from '../auth/service.ts';
import type { Config } from '../config.ts';
import { exitCodes, StoaError } from '../errors.ts';
import { makeClientAddress, networkOf } from '../http/client-address.ts';
import type { Endpoint } from '../http/endpoint.ts';
import { createLogger, type Logger } from '../log.ts';
import { loadMigrations } from '../migrate/load.ts';
import { projectRoot } from '../migrate/root.ts';
import { resolveModules } from '../modules.ts';
import { tellVersion } from '../postgres/client-version.ts';
import { createPool } from '../postgres/connect.ts';
import { openStorage } from '../storage/open.ts';
import { authenticate } from './authenticate.ts';
import { Closers } from './closers.ts';
import type { StoaRequest } from './context.ts';
import { drain } from './drain.ts';
import { explainError } from './errors.ts';
import {
  answerWithGrafserv,
  ClientGone,
  GraphqlService,
  HttpRefusal,
  readGraphqlBody,
  send,
  sendRefusal,
} from './http.ts';
import { createMetrics } from './metrics.ts';
import { makeOrigins } from './origins.ts';
import { hangUpOnStalled, patienceOf } from './patience.ts';
import { openPersistedOperations } from './persisted.ts';
import { explorerPath, explorerStaticPath, graphqlPath, makePreset } from './preset.ts';
import { createRateLimiter } from './rates.ts';
import { createReadiness, readinessTimeoutMs } from './readiness.ts';
import { type RealtimeLimits, realtimeLimits } from './realtime/limits.ts';
import { PostgresBus } from './realtime/postgres-bus.ts';
import { Realtime } from './realtime/realtime.ts';
import { logOf } from './request-log.ts';
import { type RequestScope, requestScope } from './request-scope.ts';
import { setSecurityHeaders } from './security-headers.ts';
import { makeSessionCookies } from './session-cookies.ts';
import { createStatusPages } from './status-pages.ts';
import { startStatusServer } from './status-server.ts';
import { isFilePath } from './uploads/address.ts';
import { answerFile } from './uploads/routes.ts';
import { UploadService } from './uploads/service.ts';
import { openWebPage } from './web.ts';

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
  /** Where subscriptions differ from the defaults. */
  readonly realtime?: Partial<RealtimeLimits>;
  /** Others that answer on the same port. They are closed with the API, also when it does not start. */
  readonly endpoints?: readonly Endpoint[];
  /** Default: builds it from the database of the preset, which takes seconds. */
  readonly schemaOf?: SchemaOf;
}

export type SchemaOf = (preset: GraphileConfig.Preset) => Promise<GraphQLSchema>;

const buildSchema: SchemaOf = async (preset) => (await makeSchema(preset)).schema;

export interface RunningApi {
  /** Of the GraphQL endpoint. */
  readonly url: string;
  /** Undefined where it is switched off. */
  readonly explorerUrl: string | undefined;
  readonly port: number;
  /** Of the figures and of health, where they have a port of their own. */
  readonly statusPort: number | undefined;
  /** WebSockets that are open. */
  connections(): number;
  /** Takes no new requests, lets those that run finish, then lets go of the database. */
  close(): Promise<void>;
}

/** A process answers about 2,000 small requests a second on one core; more connections would only queue inside. */
const gatewayConnections = 10;
const authConnections = 4;
const mediaConnections = 3;

/** A new connection has to plan again what the one before had planned. */
const keptIdleMs = 5 * 60_000;

/** Builds the schema from the database, then listens. Throws a StoaError where one of both is not possible. */
export async function startApi(config: ApiConfig, options: ApiOptions = {}): Promise<RunningApi> {
  const log = options.logger ?? createLogger({ level: config.logLevel });
  const onError = (error: Error): void => log.warn({ error: error.message }, 'lost an idle connection');
  const kept = { idleTimeoutMs: keptIdleMs, onError };
  const gateway = createPool(config.gatewayUrl, {
    applicationName: 'api',
    max: gatewayConnections,
    ...kept,
  });
  const auth = createPool(config.authUrl, { applicationName: 'sign-in', max: authConnections, ...kept });
  const media = createPool(config.mediaUrl, { applicationName: 'files', max: mediaConnections, onError });
  const { endpoints = [] } = options;
  const limits = { ...realtimeLimits, ...options.realtime };
  const listeners = createPool(config.gatewayUrl, {
    applicationName: 'subscriptions',
    // One more than the feeds take: what is refused needs words, too.
    max: limits.concurrentReads + 1,
    onError,
  });
  // Not in line with requests: a process that has much to do is ready, and taking it out of service leaves the others more.
  const healthOptions = {
    applicationName: 'health',
    max: 1,
    statementTimeoutMs: readinessTimeoutMs,
    onError,
  };
  const health = {
    gateway: createPool(config.gatewayUrl, healthOptions),
    auth: createPool(config.authUrl, healthOptions),
  };
  const opened = new Closers();
  opened.add(async () => {
    await Promise.all([
      gateway.end(),
      auth.end(),
      media.end(),
      listeners.end(),
      health.gateway.end(),
      health.auth.end(),
      ...endpoints.map((endpoint) => endpoint.close()),
    ]);
  });

  try {
    const { api: settings, publicUrl } = config;
    const isSecure = publicUrl.startsWith('https:');
    const clientAddress = makeClientAddress(settings.trustProxy);
    const origins = makeOrigins({
      publicUrl,
      corsOrigins: settings.corsOrigins,
      withCookies: settings.cookies !== undefined,
    });
    const cookies = settings.cookies && makeSessionCookies(settings.cookies);
    const persisted = openPersistedOperations(settings.persisted);
    const metrics = createMetrics({
      pools: Object.assign(
        { gateway, auth, media, subscriptions: listeners },
        ...endpoints.map((endpoint) => endpoint.pools),
      ),
      figures: endpoints.flatMap((endpoint) => endpoint.figures),
      auth,
      sockets: () => realtime.figures.connections,
    });
    opened.add(() => metrics.close());
    const rates = createRateLimiter({
      pool: auth,
      perMinute: settings.rates,
      onRefusal: (scope) => metrics.refusedForRate(scope),
      onError: (error) => log.warn({ error: error.message }, 'requests are not counted'),
    });
    const modules = resolveModules(config.modules);
    const requests = new WeakMap<IncomingMessage, StoaRequest>();
    const preset = makePreset({
      pool: gateway,
      modules,
      log: {
        error: (details, message) =>
          log.error({ requestId: requestScope.getStore()?.requestId, ...details }, message),
      },
      isVisitor: () => requestScope.getStore()?.isVisitor ?? false,
      introspection: settings.introspection,
      explorer: config.explorer,
      limits: settings.limits,
      persisted,
      requestOf: (message) => requests.get(message),
    });
    const schema = await (options.schemaOf ?? buildSchema)(preset);
    const graphql = new GraphqlService({ schema, preset });
    opened.add(() => graphql.release());
    await graphql.ready();
    const service = await createAuthService({ pool: auth, config });
    const uploads = new UploadService({
      pool: media,
      storage: await openStorage(config),
      secretKey: config.secretKey,
      publicUrl: config.publicUrl,
    });
    opened.add(() => uploads.close());

    const webPage = config.web ? openWebPage() : undefined;

    let isClosing = false;
    const readiness = createReadiness({
      ...health,
      migrations: (await loadMigrations(projectRoot, modules)).map(({ name }) => name),
      isClosing: () => isClosing,
    });
    const { metricsToken } = config;
    const statusPages = createStatusPages({ metrics, readiness, metricsToken });
    const metricsHere =
      settings.metricsPort !== undefined
        ? 'closed'
        : metricsToken !== undefined
          ? 'token'
          : settings.openMetrics
            ? 'open'
            : 'closed';

    const countAddress = async (address: string | undefined): Promise<void> => {
      if (address !== undefined) await rates.count('address', networkOf(address));
    };

    const answerElsewhere = async (
      endpoint: Endpoint,
      message: IncomingMessage,
      response: ServerResponse,
    ): Promise<void> => {
      const address = clientAddress(message);
      let retryAfter: number | undefined;
      await countAddress(address).catch((error: unknown) => {
        if (!(error instanceof HttpRefusal)) throw error;
        retryAfter = Number(error.extensions['retryAfter'] ?? 1);
      });
      await endpoint.answer({ message, response, path: pathOf(message), address, retryAfter });
    };

    const answer = async (
      message: IncomingMessage,
      response: ServerResponse,
      scope: RequestScope,
    ): Promise<void> => {
      const path = pathOf(message);
      if (path === graphqlPath) {
        if (origins.answer(message, response)) return;
        const ip = clientAddress(message);
        // Before anything is read: who is over the limit costs nothing else.
        await countAddress(ip);
        const { authorization } = message.headers;
        if (cookies && authorization === undefined) origins.refuseForged(message);
        const body = await readGraphqlBody(message, {
          maxBytes: settings.limits.maxBodyBytes,
          timeoutMs: settings.bodyTimeoutMs,
          persisted,
        });
        const kept = authorization === undefined ? cookies?.accessToken(message) : undefined;
        const session = await authenticate(
          service,
          kept === undefined ? authorization : `Bearer ${kept}`,
        ).catch((error: unknown) => {
          // The next request comes without it, and may ask for a new one.
          if (kept !== undefined && error instanceof HttpRefusal) cookies?.forgetAccess(response);
          throw error;
        });
        if (session) await rates.count('account', session.userId);
        scope.isVisitor = session === undefined;
        requests.set(message, {
          requestId: scope.requestId,
          ip,
          userAgent: message.headers['user-agent'],
          ...(session ? { session } : {}),
          auth: service,
          uploads,
          config,
          ...(cookies && authorization === undefined
            ? {
                cookies: {
                  refreshToken: cookies.refreshToken(message),
                  keep: (tokens) => cookies.keep(response, tokens),
                  forget: () => cookies.forget(response),
                },
              }
            : {}),
        });
        await answerWithGrafserv(graphql, message, response, body);
        return;
      }
      if (isFilePath(path)) {
        if (origins.answer(message, response)) return;
        await countAddress(clientAddress(message));
        if (await answerFile(uploads, message, response)) return;
      }
      if (message.method !== 'GET' && message.method !== 'HEAD') {
        throw new HttpRefusal(404, 'There is nothing at this address.', { code: 'NOT_FOUND' });
      }
      if (await statusPages.answer(message, response, path, metricsHere)) return;
      if (await webPage?.answer(message, response, path)) return;
      if (path === '/') {
        send(response, 200, homePage(config), { 'content-type': 'text/plain; charset=utf-8' });
      } else if (config.explorer && (path === explorerPath || path.startsWith(explorerStaticPath))) {
        await answerWithGrafserv(graphql, message, response);
      } else throw new HttpRefusal(404, 'There is nothing at this address.', { code: 'NOT_FOUND' });
    };

    const server = createServer(patienceOf(settings), (message, response) => {
      const started = performance.now();
      const requestId = requestIdOf(message);
      const scope: RequestScope = { requestId, isVisitor: false, codes: [] };
      const path = pathOf(message);
      const endpoint = endpoints.find((candidate) => candidate.owns(path));
      response.setHeader('x-request-id', requestId);
      setSecurityHeaders(response, { isSecure, isExplorer: path.startsWith(explorerPath) });
      if (isClosing) response.setHeader('connection', 'close');
      response.on('close', () => {
        const ms = performance.now() - started;
        const operation =
          scope.operation ?? (path === graphqlPath ? 'refused' : endpoint ? 'endpoint' : 'other');
        metrics.answered({ operation, status: response.statusCode, seconds: ms / 1_000, codes: scope.codes });
        const ip = settings.logAddresses ? clientAddress(message) : undefined;
        // Thousands of announces a second are no log that anybody reads.
        const level = endpoint && response.statusCode < 500 ? 'debug' : 'info';
        log[level](logOf({ message, response, scope, path, ms, ip }), 'request');
      });
      const answered = requestScope.run(scope, () =>
        endpoint ? answerElsewhere(endpoint, message, response) : answer(message, response, scope),
      );
      answered.catch((error: unknown) => {
        if (response.headersSent || response.destroyed || error instanceof ClientGone) {
          response.destroy();
          return;
        }
        const refuse = (refusal: HttpRefusal): void =>
          requestScope.run(scope, () => sendRefusal(response, refusal));
        if (error instanceof HttpRefusal) {
          refuse(error);
          return;
        }
        const known = explainError(error);
        if (known) {
          const status = known.extensions['code'] === 'UNAVAILABLE' ? 503 : 500;
          refuse(new HttpRefusal(status, known.message, known.extensions));
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
        refuse(new HttpRefusal(500, 'Something went wrong on our side.', { code: 'INTERNAL', id }));
      });
    });
    hangUpOnStalled(server, settings);

    const bus = await PostgresBus.start({ url: config.listenUrl ?? config.gatewayUrl, log });
    opened.add(() => bus.close());
    const realtime = new Realtime({
      graphql,
      graphqlPath,
      service,
      uploads,
      config,
      pool: listeners,
      bus,
      limits,
      log,
      announceRequest: (message, request) => requests.set(message, request),
      within: (request, work) => requestScope.run({ ...request, codes: [] }, work),
      requestIdOf,
      addressOf: clientAddress,
    });
    server.on('upgrade', realtime.upgrade);
    opened.add(() => realtime.close());

    const port = await listen(server, config);
    opened.add(() => drain(server, { drainTimeoutMs: 0 }));
    const statusServer =
      settings.metricsPort === undefined
        ? undefined
        : await startStatusServer({
            pages: statusPages,
            port: settings.metricsPort,
            host: config.host,
            metricsAre: metricsToken === undefined ? 'open' : 'token',
          });
    if (statusServer) opened.add(() => statusServer.close());
    const origin = `http://${config.host.includes(':') ? `[${config.host}]` : config.host}:${port}`;
    const stopTelling = await tellVersion(auth, 'api', (error) =>
      log.debug({ error: String(error) }, 'the version could not be told'),
    );
    log.info({ url: `${origin}${graphqlPath}` }, 'API listens');
    const stop = async (): Promise<void> => {
      // The load balancer has not noticed yet: requests are answered and connections taken until it has.
      await sleep(settings.drainDelayMs);
      try {
        await Promise.all([drain(server, settings), realtime.close()]);
      } finally {
        // Those two once more, which does nothing to what is closed.
        await opened.close();
      }
    };
    let closing: Promise<void> | undefined;
    return {
      url: `${origin}${graphqlPath}`,
      explorerUrl: config.explorer ? `${origin}${explorerPath}` : undefined,
      port,
      statusPort: statusServer?.port,
      connections: () => realtime.figures.connections,
      close() {
        isClosing = true;
        stopTelling();
        for (const endpoint of endpoints) endpoint.drain();
        closing ??= stop();
        return closing;
      },
    };
  } catch (error) {
    // What broke first is what whoever starts it has to know.
    await opened.close().catch((also: unknown) => log.warn({ error: String(also) }, 'not everything closed'));
    throw error;
  }
}

function requestIdOf(message: IncomingMessage): string {
  const given = message.headers['x-request-id'];
  return typeof given === 'string' && /^[\w.-]{1,64}$/.test(given) ? given : randomUUID();
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

function pathOf(message: IncomingMessage): string {
  return (message.url ?? '/').split('?')[0] ?? '/';
}

function homePage(config: Config): string {
  const lines = ['Stoa', '', `GraphQL: POST ${graphqlPath}`];
  if (config.explorer) lines.push(`Explorer: ${explorerPath}`);
  lines.push('Alive: /healthz   Ready: /readyz', '');
  return lines.join('\n');
}
