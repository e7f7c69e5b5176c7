import { isIP } from 'node:net';
import { isAbsolute, resolve } from 'node:path';
import { z } from 'zod';
import { type QueryLimits, queryLimits } from './api/query-limits.ts';
import { exitCodes, StoaError } from './errors.ts';
import type { TrustProxy } from './http/client-address.ts';
import { isUrlWith, listOf, oneOf, type Setting, text, wholeNumber, yesOrNo } from './setting-forms.ts';

/** The settings of how the API is served. src/config.ts reads them with all others. */
export interface ApiSettings {
  readonly trustProxy: TrustProxy;
  /** Origins whose pages may ask: `https://app.example`, or `*` alone. */
  readonly corsOrigins: readonly string[];
  /** Sign-in also sets cookies, and requests may carry them instead of the header. */
  readonly cookies: { readonly sameSite: 'lax' | 'strict' | 'none'; readonly isSecure: boolean } | undefined;
  readonly introspection: boolean;
  readonly persisted: { readonly mode: 'off' | 'optional' | 'required'; readonly directory: string };
  readonly limits: QueryLimits;
  /** Requests a minute; 0 is no limit. */
  readonly rates: { readonly address: number; readonly account: number };
  /** How long the body of a request may take to arrive. */
  readonly bodyTimeoutMs: number;
  /** How long the headers of a request may take to arrive. */
  readonly headersTimeoutMs: number;
  /** How long a client may take none of its answer. */
  readonly stallTimeoutMs: number;
  /** While it still answers, so that a load balancer has seen that it is not ready. */
  readonly drainDelayMs: number;
  /** How long requests that run may go on after that. */
  readonly drainTimeoutMs: number;
  /** A port of its own for figures and health; undefined: the port of the API. */
  readonly metricsPort: number | undefined;
  /** Whether /metrics of the API's own port needs no token. */
  readonly openMetrics: boolean;
  /** Addresses of clients in the log of requests. */
  readonly logAddresses: boolean;
}

const proxyForm = 'none, a number of proxies, or networks such as 10.0.0.0/8 with commas between them';

function isNetwork(value: string): boolean {
  const [address = '', prefix, ...more] = value.split('/');
  const version = isIP(address);
  if (version === 0 || more.length > 0) return false;
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= (version === 4 ? 32 : 128));
}

/** `none`, a count, or networks. */
const trustedProxies = z
  .union([z.number(), listOf(proxyForm)], { error: proxyForm })
  .transform((given, context): TrustProxy => {
    const parts = typeof given === 'number' ? [String(given)] : given;
    const [first] = parts;
    if (parts.length === 1 && first === 'none') return { kind: 'none' };
    if (parts.length === 1 && first !== undefined && /^[1-9]\d?$/.test(first)) {
      return { kind: 'hops', hops: Number(first) };
    }
    if (parts.length > 0 && parts.every(isNetwork)) return { kind: 'networks', networks: parts };
    context.addIssue({ code: 'custom', message: proxyForm });
    return z.NEVER;
  });

const originForm = 'origins such as https://app.example with commas between them, or *';
const origins = listOf(originForm).refine(
  (given) =>
    given.every(
      (origin) =>
        origin === '*' || (isUrlWith(origin, ['http:', 'https:']) && new URL(origin).origin === origin),
    ) &&
    (given.length === 1 || !given.includes('*')),
  { error: originForm },
);

const limitSettings: readonly (readonly [
  key: keyof QueryLimits,
  name: string,
  minimum: number,
  maximum: number,
  summary: string,
])[] = [
  ['maxQueryLength', 'queryLength', 100, 1_000_000, 'Characters of a query.'],
  ['maxBodyBytes', 'bodyBytes', 1_000, 10_000_000, 'Bytes of the body of a request.'],
  ['maxFields', 'fields', 10, 10_000, 'Fields of a query, its fragments expanded.'],
  ['maxRootFields', 'rootFields', 1, 1_000, 'Root fields of a query.'],
  ['maxAliases', 'aliases', 0, 10_000, 'Aliases of a query.'],
  ['maxDepth', 'depth', 3, 100, 'Levels of a query.'],
  ['maxRows', 'rows', 100, 10_000_000, 'Rows that the page sizes of a query multiply to.'],
  ['maxCost', 'cost', 1_000, 100_000_000, 'Values that a query may ask for; a count weighs 100.'],
  ['maxPageSize', 'pageSize', 1, 1_000, 'Rows of a page.'],
];

const variableOf = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();

export const apiSettings: readonly Setting[] = [
  {
    key: 'trustProxy',
    environment: ['STOA_TRUST_PROXY'],
    flag: '--trust-proxy',
    secret: false,
    summary:
      'Whose X-Forwarded-For is believed: `none`, the number of proxies in front, or their networks. See docs/operations/behind-a-proxy.md.',
    defaultText: '`none`',
    schema: trustedProxies,
  },
  {
    key: 'corsOrigins',
    environment: ['STOA_CORS_ORIGINS'],
    secret: false,
    summary: 'Origins whose pages may ask this API from a browser, or `*` (not with cookies).',
    defaultText: 'none',
    schema: origins,
  },
  {
    key: 'sessionCookies',
    environment: ['STOA_SESSION_COOKIES'],
    secret: false,
    summary: 'Sign-in keeps its tokens in HttpOnly cookies instead of handing them to the page.',
    defaultText: '`false`',
    schema: yesOrNo,
  },
  {
    key: 'cookieSameSite',
    environment: ['STOA_COOKIE_SAME_SITE'],
    secret: false,
    summary: 'SameSite of those cookies: lax, strict, or none (for a page of another site; needs https).',
    defaultText: '`lax`',
    schema: oneOf(['lax', 'strict', 'none']),
  },
  {
    key: 'introspection',
    environment: ['STOA_INTROSPECTION'],
    secret: false,
    summary: 'The schema may be asked for, and refusals suggest names.',
    defaultText: '`true`, in production the same as `explorer`',
    schema: yesOrNo,
  },
  {
    key: 'persistedOperations',
    environment: ['STOA_PERSISTED_OPERATIONS'],
    secret: false,
    summary: 'Whether operations may be asked for by hash: off, optional, or required (nothing else is run).',
    defaultText: '`off`',
    schema: oneOf(['off', 'optional', 'required']),
  },
  {
    key: 'persistedDir',
    environment: ['STOA_PERSISTED_DIR'],
    secret: false,
    summary: 'Folder of those operations, written by `stoa api persist`.',
    defaultText: '`persisted`',
    schema: text,
  },
  ...limitSettings.map(
    ([key, name, minimum, maximum, summary]): Setting => ({
      key: `limits.${name}`,
      environment: [`STOA_LIMIT_${variableOf(name)}`],
      secret: false,
      summary: `${summary} More is refused.`,
      defaultText: `\`${queryLimits[key]}\``,
      schema: wholeNumber(minimum, maximum),
    }),
  ),
  {
    key: 'rates.address',
    environment: ['STOA_RATE_ADDRESS'],
    secret: false,
    summary: 'Requests a minute from one network address (a /64 of IPv6); 0 is no limit.',
    defaultText: '`1200`',
    schema: wholeNumber(0, 1_000_000),
  },
  {
    key: 'rates.account',
    environment: ['STOA_RATE_ACCOUNT'],
    secret: false,
    summary: 'Requests a minute from one account; 0 is no limit.',
    defaultText: '`600`',
    schema: wholeNumber(0, 1_000_000),
  },
  {
    key: 'bodyTimeoutMs',
    environment: ['STOA_BODY_TIMEOUT_MS'],
    secret: false,
    summary: 'Longest the body of a request may take to arrive, in milliseconds.',
    defaultText: '`10000`',
    schema: wholeNumber(100, 600_000),
  },
  {
    key: 'headersTimeoutMs',
    environment: ['STOA_HEADERS_TIMEOUT_MS'],
    secret: false,
    summary: 'Longest the headers of a request may take to arrive, in milliseconds.',
    defaultText: '`15000`',
    schema: wholeNumber(100, 600_000),
  },
  {
    key: 'stallTimeoutMs',
    environment: ['STOA_STALL_TIMEOUT_MS'],
    secret: false,
    summary:
      'Longest nothing may move on a connection while a request is read or answered, in milliseconds. More than the longest request takes.',
    defaultText: '`60000`, at least four times `statementTimeoutMs`',
    schema: wholeNumber(100, 36_000_000),
  },
  {
    key: 'drainDelayMs',
    environment: ['STOA_DRAIN_DELAY_MS'],
    secret: false,
    summary:
      'When stopping: how long it answers on while /readyz says no already, in milliseconds. At least two intervals of the load balancer.',
    defaultText: '`0`',
    schema: wholeNumber(0, 600_000),
  },
  {
    key: 'drainTimeoutMs',
    environment: ['STOA_DRAIN_TIMEOUT_MS'],
    secret: false,
    summary: 'When stopping: how long requests that run may take to finish, in milliseconds.',
    defaultText: '`10000`',
    schema: wholeNumber(0, 600_000),
  },
  {
    key: 'metricsToken',
    environment: ['STOA_METRICS_TOKEN'],
    secret: true,
    summary: 'Opens /metrics to whoever sends it as `authorization: Bearer …`.',
    defaultText: 'none: /metrics is open in development and not there in production',
    schema: text.min(16, 'a text of at least 16 characters'),
  },
  {
    key: 'metricsPort',
    environment: ['STOA_METRICS_PORT'],
    secret: false,
    summary:
      'A port of its own for /metrics, /healthz and /readyz; then the port of the API has no /metrics.',
    defaultText: 'none',
    schema: wholeNumber(0, 65_535),
  },
  {
    key: 'logAddresses',
    environment: ['STOA_LOG_ADDRESSES'],
    secret: false,
    summary: 'Write the addresses of clients into the log of requests. They are personal data.',
    defaultText: '`false`',
    schema: yesOrNo,
  },
];

/** The same with their types and defaults, for the list of all settings. */
export const apiValues = {
  trustProxy: z.custom<TrustProxy>().default({ kind: 'none' }),
  corsOrigins: z.array(z.string()).default([]),
  sessionCookies: z.boolean().default(false),
  cookieSameSite: z.enum(['lax', 'strict', 'none']).default('lax'),
  introspection: z.boolean().optional(),
  persistedOperations: z.enum(['off', 'optional', 'required']).default('off'),
  persistedDir: z.string().default('persisted'),
  'limits.queryLength': z.number().default(queryLimits.maxQueryLength),
  'limits.bodyBytes': z.number().default(queryLimits.maxBodyBytes),
  'limits.fields': z.number().default(queryLimits.maxFields),
  'limits.rootFields': z.number().default(queryLimits.maxRootFields),
  'limits.aliases': z.number().default(queryLimits.maxAliases),
  'limits.depth': z.number().default(queryLimits.maxDepth),
  'limits.rows': z.number().default(queryLimits.maxRows),
  'limits.cost': z.number().default(queryLimits.maxCost),
  'limits.pageSize': z.number().default(queryLimits.maxPageSize),
  'rates.address': z.number().default(1_200),
  'rates.account': z.number().default(600),
  bodyTimeoutMs: z.number().default(10_000),
  headersTimeoutMs: z.number().default(15_000),
  stallTimeoutMs: z.number().optional(),
  drainDelayMs: z.number().default(0),
  drainTimeoutMs: z.number().default(10_000),
  metricsToken: z.string().optional(),
  metricsPort: z.number().optional(),
  logAddresses: z.boolean().default(false),
};

const apiShape = z.object(apiValues);

interface Surroundings {
  readonly isProduction: boolean;
  readonly explorer: boolean;
  readonly publicUrl: string;
  readonly projectDir: string;
  readonly statementTimeoutMs: number;
}

/** Gives them the defaults that hang together. */
export function apiSettingsOf(
  values: z.infer<typeof apiShape>,
  { isProduction, explorer, publicUrl, projectDir, statementTimeoutMs }: Surroundings,
): ApiSettings {
  const isSecure = publicUrl.startsWith('https:');
  if (values.sessionCookies) {
    if (values.corsOrigins.includes('*')) {
      throw contradiction(
        'Cookies and corsOrigins "*" exclude each other: any page could act for whoever is signed in.',
        'Name the origins of your pages in corsOrigins.',
      );
    }
    if (values.cookieSameSite === 'none' && !isSecure) {
      throw contradiction(
        'Browsers keep cookies of SameSite=None over https only, and publicUrl is not https.',
        'Set publicUrl to the https address of the API, or cookieSameSite to lax.',
      );
    }
  }
  return Object.freeze({
    trustProxy: values.trustProxy,
    corsOrigins: Object.freeze([...values.corsOrigins]),
    cookies: values.sessionCookies ? { sameSite: values.cookieSameSite, isSecure } : undefined,
    introspection: values.introspection ?? (!isProduction || explorer),
    persisted: {
      mode: values.persistedOperations,
      directory: isAbsolute(values.persistedDir)
        ? values.persistedDir
        : resolve(projectDir, values.persistedDir),
    },
    limits: Object.freeze({
      ...queryLimits,
      maxQueryLength: values['limits.queryLength'],
      maxBodyBytes: values['limits.bodyBytes'],
      maxFields: values['limits.fields'],
      maxRootFields: values['limits.rootFields'],
      maxAliases: values['limits.aliases'],
      maxDepth: values['limits.depth'],
      maxRows: values['limits.rows'],
      maxCost: values['limits.cost'],
      maxPageSize: values['limits.pageSize'],
      defaultPageSize: Math.min(queryLimits.defaultPageSize, values['limits.pageSize']),
    }),
    rates: Object.freeze({ address: values['rates.address'], account: values['rates.account'] }),
    bodyTimeoutMs: values.bodyTimeoutMs,
    headersTimeoutMs: values.headersTimeoutMs,
    stallTimeoutMs: values.stallTimeoutMs ?? Math.max(60_000, 4 * statementTimeoutMs),
    drainDelayMs: values.drainDelayMs,
    drainTimeoutMs: values.drainTimeoutMs,
    metricsPort: values.metricsPort,
    openMetrics: !isProduction && values.metricsToken === undefined,
    logAddresses: values.logAddresses,
  });
}

function contradiction(message: string, cure: string): StoaError {
  return new StoaError('config.contradiction', message, { cure, exitCode: exitCodes.configuration });
}
