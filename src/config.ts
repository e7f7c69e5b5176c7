import { existsSync, readFileSync } from 'node:fs';
import { isAbsolute, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { inspect } from 'node:util';
import { z } from 'zod';
import { alertSettings, alertValues } from './config-alerts.ts';
import { type ApiSettings, apiSettings, apiSettingsOf, apiValues } from './config-api.ts';
import { type BackupSecrets, type BackupSettings, backupSettings, backupValues } from './config-backup.ts';
import { type TrackerSettings, trackerSettings, trackerSettingsOf, trackerValues } from './config-tracker.ts';
import { dataFolder } from './data-folder.ts';
import { exitCodes, StoaError } from './errors.ts';
import { resolveModules } from './modules.ts';
import {
  isUrlWith,
  listOf,
  oneOf,
  type Setting,
  text,
  webUrl,
  wholeNumber,
  yesOrNo,
} from './setting-forms.ts';

export type { Setting } from './setting-forms.ts';

/**
 * The one place where settings are read: flags > environment > stoa.config > default. Each setting is checked when
 * it is read, and a wrong one is named together with where it came from. What a person may set, with defaults:
 * docs/configuration.md, which is written from the list below.
 */
export interface Config extends BackupSecrets {
  /** The folder that relative paths of settings start from. */
  readonly projectDir: string;
  readonly environment: 'development' | 'test' | 'production';
  /** An existing server. Undefined: the embedded one. */
  readonly databaseUrl: string | undefined;
  readonly gatewayUrl: string | undefined;
  /** Where announcements are listened for. Undefined: `gatewayUrl`. */
  readonly listenUrl: string | undefined;
  readonly authUrl: string | undefined;
  readonly mediaUrl: string | undefined;
  readonly trackerUrl: string | undefined;
  readonly workerUrl: string | undefined;
  /** Given to every login role when the database is prepared. Undefined: they keep what they have. */
  readonly rolePassword: string | undefined;
  /** Absolute. */
  readonly dataDir: string;
  readonly postgresPort: number;
  readonly host: string;
  readonly port: number;
  /** Without a slash at the end. */
  readonly publicUrl: string;
  /** Undefined: every module. */
  readonly modules: readonly string[] | undefined;
  /** 32 bytes. Undefined: generated once and kept in the data folder. */
  readonly secretKey: Buffer | undefined;
  /** `log`, the URL of a service that takes e-mails, or the path of a JavaScript module that sends them. */
  readonly mailer: string;
  readonly argon2: {
    readonly memoryKiB: number;
    readonly passes: number;
    readonly parallelism: number;
    readonly concurrency: number;
    readonly queue: number;
  };
  /** An absolute folder, or `s3://bucket/prefix?endpoint=…&region=…`. */
  readonly storage: string;
  readonly storageAccessKeyId: string | undefined;
  readonly storageSecretAccessKey: string | undefined;
  readonly explorer: boolean;
  /** Serve the example page of examples/web to browsers. */
  readonly web: boolean;
  readonly statementTimeoutMs: number;
  readonly logLevel: LogLevel;
  /** Whoever sends it may read the figures. Undefined: nobody by a token. */
  readonly metricsToken: string | undefined;
  /** Where alerts are posted. Undefined: nowhere. */
  readonly alertWebhookUrl: string | undefined;
  /** Signs them. Undefined: they are not signed. */
  readonly alertWebhookSecret: string | undefined;
  /** How the API is served: limits, origins, cookies, proxies. */
  readonly api: ApiSettings;
  /** How the tracker takes announces. */
  readonly tracker: TrackerSettings;
  /** Where backups go, and who can read them. */
  readonly backup: BackupSettings;
  /** Load demo data into a database that is new. */
  readonly demo: boolean;
}

export const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];

const isUrl = (value: string): boolean => /^[a-z][a-z0-9+]+:\/\//i.test(value);

const postgresUrl = z
  .string({ error: 'a URL such as postgres://user:password@host:5432/database' })
  .refine((value) => isUrlWith(value, ['postgres:', 'postgresql:']), {
    error: 'a URL such as postgres://user:password@host:5432/database',
  });

const keyForm = '32 bytes as 64 hexadecimal digits or as base64 (make one with: openssl rand -base64 32)';
const key = z
  .string({ error: keyForm })
  .transform((value) => Buffer.from(value.trim(), /^[0-9a-fA-F]{64}$/.test(value.trim()) ? 'hex' : 'base64'))
  .refine((value) => value.length === 32, { error: keyForm });

const moduleList = listOf('names of modules with commas between them');

export const settings: readonly Setting[] = [
  {
    key: 'environment',
    environment: ['STOA_ENVIRONMENT', 'NODE_ENV'],
    flag: '--environment',
    secret: false,
    summary:
      'What the installation is for. `production` loads no demo data and shows no explorer unless told to.',
    defaultText: '`development`',
    schema: oneOf(['development', 'test', 'production']),
  },
  {
    key: 'databaseUrl',
    environment: ['STOA_DATABASE_URL', 'DATABASE_URL'],
    secret: true,
    summary:
      'A PostgreSQL server (15 to 18) that exists, with a login that may prepare and migrate the database.',
    defaultText: 'the embedded server',
    schema: postgresUrl,
  },
  {
    key: 'gatewayUrl',
    environment: ['STOA_GATEWAY_URL'],
    secret: true,
    summary: 'The login of the API, `stoa_gateway`.',
    defaultText: '`databaseUrl`, acting as that role',
    schema: postgresUrl,
  },
  {
    key: 'listenUrl',
    environment: ['STOA_LISTEN_URL'],
    secret: true,
    summary:
      'The login of the API past any pooler: subscriptions LISTEN there, which a pooler in transaction mode swallows.',
    defaultText: '`gatewayUrl`',
    schema: postgresUrl,
  },
  {
    key: 'authUrl',
    environment: ['STOA_AUTH_URL'],
    secret: true,
    summary: 'The login of the sign-in functions, `stoa_auth`.',
    defaultText: '`databaseUrl`, acting as that role',
    schema: postgresUrl,
  },
  {
    key: 'mediaUrl',
    environment: ['STOA_MEDIA_URL'],
    secret: true,
    summary: 'The login of the functions for the bytes of uploads, `stoa_media`.',
    defaultText: '`databaseUrl`, acting as that role',
    schema: postgresUrl,
  },
  {
    key: 'trackerUrl',
    environment: ['STOA_TRACKER_URL'],
    secret: true,
    summary: 'The login that announces are written with, `stoa_tracker`.',
    defaultText: '`databaseUrl`, acting as that role',
    schema: postgresUrl,
  },
  {
    key: 'workerUrl',
    environment: ['STOA_WORKER_URL'],
    secret: true,
    summary: 'The login of the job worker, `stoa_worker`.',
    defaultText: '`databaseUrl`, acting as that role',
    schema: postgresUrl,
  },
  {
    key: 'rolePassword',
    environment: ['STOA_ROLE_PASSWORD'],
    secret: true,
    summary:
      'Given to the login roles (`stoa_gateway`, `stoa_auth`, `stoa_media`, `stoa_tracker`, `stoa_worker`, `stoa_migrator`, `stoa_backup`) when `databaseUrl` is prepared; without it they keep theirs.',
    defaultText: 'none',
    schema: text,
  },
  {
    key: 'dataDir',
    environment: ['STOA_DATA_DIR'],
    flag: '--data-dir',
    secret: false,
    summary: 'Folder of the embedded server, its generated passwords and the logs.',
    defaultText: '`.stoa`',
    schema: text,
  },
  {
    key: 'postgresPort',
    environment: ['STOA_POSTGRES_PORT'],
    flag: '--postgres-port',
    secret: false,
    summary: 'Preferred port of the embedded server; where it is taken, another is chosen and remembered.',
    defaultText: '`54320`',
    schema: wholeNumber(1, 65535),
  },
  {
    key: 'host',
    environment: ['STOA_HOST'],
    flag: '--host',
    secret: false,
    summary: 'Address that the API listens on.',
    defaultText: '`127.0.0.1`',
    schema: text,
  },
  {
    key: 'port',
    environment: ['STOA_PORT', 'PORT'],
    flag: '--port',
    secret: false,
    summary: 'Port that the API listens on; 0 takes any that is free.',
    defaultText: '`5678`',
    schema: wholeNumber(0, 65535),
  },
  {
    key: 'publicUrl',
    environment: ['STOA_PUBLIC_URL'],
    flag: '--public-url',
    secret: false,
    summary: 'Where people reach the API: in links of e-mails, and as the domain of wallet sign-in.',
    defaultText: '`http://HOST:PORT`',
    schema: webUrl,
  },
  {
    key: 'modules',
    environment: ['STOA_MODULES'],
    flag: '--modules',
    secret: false,
    summary: 'Optional modules to install, with commas between them; what they require comes with them.',
    defaultText: 'all',
    schema: moduleList,
  },
  {
    key: 'secretKey',
    environment: ['STOA_SECRET_KEY'],
    secret: true,
    summary:
      'Encrypts second-factor secrets and passkeys: 32 bytes in hexadecimal or base64. Losing it means new ones for all.',
    defaultText: 'generated, kept in the data folder',
    schema: key,
  },
  {
    key: 'mailer',
    environment: ['STOA_MAILER'],
    flag: '--mailer',
    secret: false,
    summary:
      '`log` writes e-mails to the log (not in production); else the path of a module that sends them.',
    defaultText: '`log`',
    schema: text,
  },
  {
    key: 'argon2.memoryKiB',
    environment: ['STOA_ARGON2_MEMORY_KIB'],
    secret: false,
    summary: 'Memory of one password hash, in KiB. Passwords are hashed anew at sign-in when this changes.',
    defaultText: '`19456`',
    schema: wholeNumber(8192, 4_194_304),
  },
  {
    key: 'argon2.passes',
    environment: ['STOA_ARGON2_PASSES'],
    secret: false,
    summary: 'Passes over that memory.',
    defaultText: '`2`',
    schema: wholeNumber(1, 100),
  },
  {
    key: 'argon2.parallelism',
    environment: ['STOA_ARGON2_PARALLELISM'],
    secret: false,
    summary: 'Lanes of one password hash.',
    defaultText: '`1`',
    schema: wholeNumber(1, 64),
  },
  {
    key: 'argon2.concurrency',
    environment: ['STOA_ARGON2_CONCURRENCY'],
    secret: false,
    summary: 'Password hashes computed at the same time.',
    defaultText: '`2`',
    schema: wholeNumber(1, 256),
  },
  {
    key: 'argon2.queue',
    environment: ['STOA_ARGON2_QUEUE'],
    secret: false,
    summary: 'Sign-ins that wait for their turn; more are told to come back later.',
    defaultText: '`32`',
    schema: wholeNumber(0, 100_000),
  },
  {
    key: 'storage',
    environment: ['STOA_STORAGE'],
    flag: '--storage',
    secret: false,
    summary:
      'Where uploads and archives lie: a folder, or `s3://BUCKET/PREFIX?endpoint=https://HOST&region=REGION` for any service that speaks the protocol of S3.',
    defaultText: '`storage` in the data folder',
    schema: text,
  },
  {
    key: 'storageAccessKeyId',
    environment: ['STOA_STORAGE_ACCESS_KEY_ID'],
    secret: true,
    summary: 'Access key of an `s3://` storage.',
    defaultText: 'found where the tools of Amazon look',
    schema: text,
  },
  {
    key: 'storageSecretAccessKey',
    environment: ['STOA_STORAGE_SECRET_ACCESS_KEY'],
    secret: true,
    summary: 'The secret that belongs to it.',
    defaultText: 'found where the tools of Amazon look',
    schema: text,
  },
  {
    key: 'explorer',
    environment: ['STOA_EXPLORER'],
    flag: '--explorer',
    secret: false,
    summary: 'Serve the GraphQL explorer.',
    defaultText: '`true`, in production `false`',
    schema: yesOrNo,
  },
  {
    key: 'web',
    environment: ['STOA_WEB'],
    secret: false,
    summary: 'Serve the example page of `examples/web` at `/` to browsers.',
    defaultText: '`true`, in production `false`',
    schema: yesOrNo,
  },
  {
    key: 'statementTimeoutMs',
    environment: ['STOA_STATEMENT_TIMEOUT_MS'],
    flag: '--statement-timeout-ms',
    secret: false,
    summary: 'Longest a statement of a request may run, in milliseconds.',
    defaultText: '`5000`',
    schema: wholeNumber(1, 3_600_000),
  },
  {
    key: 'logLevel',
    environment: ['STOA_LOG_LEVEL'],
    flag: '--log-level',
    secret: false,
    summary: `How much is logged: ${logLevels.join(', ')}.`,
    defaultText: '`info`',
    schema: oneOf(logLevels),
  },
  {
    key: 'demo',
    environment: ['STOA_DEMO'],
    flag: '--demo',
    secret: false,
    summary: 'Load demo data into a database that is new.',
    defaultText: '`true`, in production `false`',
    schema: yesOrNo,
  },
  ...apiSettings,
  ...trackerSettings,
  ...backupSettings,
  ...alertSettings,
];

export interface ConfigInput {
  /** By key, as the command line parsed them: `{ port: '5678' }`. Undefined values count as not given. */
  readonly flags?: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<NodeJS.ProcessEnv>;
  readonly cwd?: string;
}

function wrong(setting: Setting, origin: string, expected: string, given?: unknown): StoaError {
  // A secret is not repeated, not even a mistyped one: the error may end in a log.
  const shown = setting.secret || given === undefined ? '' : `, not ${JSON.stringify(given)}`;
  return new StoaError('config.invalid', `${origin} must be ${expected}${shown}.`, {
    cure: 'Correct it, or leave it out for the default. All settings: docs/configuration.md.',
    exitCode: exitCodes.configuration,
  });
}

/** A secret may stand in a file of its own, named by `<VARIABLE>_FILE` or `<key>File`. */
function readSecretFile(path: string, origin: string, projectDir: string): string {
  try {
    return readFileSync(resolve(projectDir, path), 'utf8').trim();
  } catch (cause) {
    throw new StoaError('config.secret_file', `${origin} names a file that cannot be read: ${path}.`, {
      cure: 'Correct the path, or let this user read the file.',
      exitCode: exitCodes.configuration,
      cause,
    });
  }
}

const fileNames = ['stoa.config.json', 'stoa.config.ts', 'stoa.config.js', 'stoa.config.mjs'];

interface SettingsFile {
  readonly name: string;
  readonly values: ReadonlyMap<string, unknown>;
}

function flatten(value: object, prefix = ''): [string, unknown][] {
  return Object.entries(value).flatMap(([name, inner]): [string, unknown][] =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? flatten(inner, `${prefix}${name}.`)
      : [[`${prefix}${name}`, inner]],
  );
}

async function readSettingsFile(projectDir: string): Promise<SettingsFile | undefined> {
  const present = fileNames.filter((name) => existsSync(join(projectDir, name)));
  const name = present[0];
  if (name === undefined) return undefined;
  const invalid = (message: string, cause?: unknown): StoaError =>
    new StoaError('config.file', message, {
      cure: 'See docs/configuration.md for an example.',
      exitCode: exitCodes.configuration,
      cause,
    });
  if (present.length > 1) throw invalid(`There are several settings files: ${present.join(', ')}. Keep one.`);
  const path = join(projectDir, name);
  let content: unknown;
  try {
    if (name.endsWith('.json')) {
      content = JSON.parse(readFileSync(path, 'utf8'));
    } else {
      const loaded: { default?: unknown } = await import(pathToFileURL(path).href);
      content = loaded.default;
    }
  } catch (cause) {
    throw invalid(`${name} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
  }
  if (typeof content !== 'object' || content === null)
    throw invalid(`${name} must hold an object of settings.`);
  const values = new Map(flatten(content));
  const known = new Set(
    settings.flatMap(({ key: name, secret }) => (secret ? [name, `${name}File`] : [name])),
  );
  for (const given of values.keys()) {
    if (!known.has(given)) throw invalid(`${name} has a setting that does not exist: ${given}.`);
  }
  return { name, values };
}

interface Found {
  readonly value: unknown;
  readonly origin: string;
}

function find(
  setting: Setting,
  input: Required<ConfigInput>,
  file: SettingsFile | undefined,
): Found | undefined {
  const flag = setting.flag === undefined ? undefined : input.flags[setting.key];
  if (flag !== undefined) return { value: flag, origin: setting.flag ?? setting.key };
  for (const variable of setting.environment) {
    const value = input.env[variable];
    if (value !== undefined && value !== '') return { value, origin: variable };
    const path = setting.secret ? input.env[`${variable}_FILE`] : undefined;
    if (path !== undefined && path !== '') {
      const origin = `${variable}_FILE`;
      return {
        value: readSecretFile(path, origin, input.cwd),
        origin: `The content of the file of ${origin}`,
      };
    }
  }
  if (!file) return undefined;
  const value = file.values.get(setting.key);
  if (value !== undefined) return { value, origin: `"${setting.key}" in ${file.name}` };
  const path = file.values.get(`${setting.key}File`);
  if (path === undefined) return undefined;
  const origin = `"${setting.key}File" in ${file.name}`;
  return {
    value: readSecretFile(String(path), origin, input.cwd),
    origin: `The content of the file of ${origin}`,
  };
}

/** Reads and checks every setting. The result prints without its secrets. */
export async function loadConfig(input: ConfigInput = {}): Promise<Config> {
  const complete: Required<ConfigInput> = {
    flags: input.flags ?? {},
    env: input.env ?? process.env,
    cwd: input.cwd ?? process.cwd(),
  };
  const file = await readSettingsFile(complete.cwd);
  const given = (key: string): unknown => {
    const setting = settings.find((candidate) => candidate.key === key);
    if (!setting) throw new Error(`setting "${key}" is not in the list`);
    const found = find(setting, complete, file);
    if (!found) return undefined;
    const parsed = setting.schema.safeParse(found.value);
    if (!parsed.success) {
      throw wrong(setting, found.origin, parsed.error.issues[0]?.message ?? 'something else', found.value);
    }
    return parsed.data;
  };
  const config = assemble(given, complete.cwd);
  resolveModules(config.modules); // refuses a name that is not in the registry
  return config;
}

/** The settings have passed their own checks; this gives them their types and the defaults that hang together. */
function assemble(given: (key: string) => unknown, projectDir: string): Config {
  const values = z
    .object({
      environment: z.enum(['development', 'test', 'production']).default('development'),
      databaseUrl: z.string().optional(),
      gatewayUrl: z.string().optional(),
      listenUrl: z.string().optional(),
      authUrl: z.string().optional(),
      mediaUrl: z.string().optional(),
      trackerUrl: z.string().optional(),
      workerUrl: z.string().optional(),
      rolePassword: z.string().optional(),
      dataDir: z.string().default('.stoa'),
      postgresPort: z.number().default(54320),
      host: z.string().default('127.0.0.1'),
      port: z.number().default(5678),
      publicUrl: z.string().optional(),
      modules: z.array(z.string()).optional(),
      secretKey: z.instanceof(Buffer).optional(),
      mailer: z.string().default('log'),
      'argon2.memoryKiB': z.number().default(19_456),
      'argon2.passes': z.number().default(2),
      'argon2.parallelism': z.number().default(1),
      'argon2.concurrency': z.number().default(2),
      'argon2.queue': z.number().default(32),
      storage: z.string().optional(),
      storageAccessKeyId: z.string().optional(),
      storageSecretAccessKey: z.string().optional(),
      explorer: z.boolean().optional(),
      web: z.boolean().optional(),
      statementTimeoutMs: z.number().default(5_000),
      logLevel: z.enum(logLevels).default('info'),
      demo: z.boolean().optional(),
      ...apiValues,
      ...trackerValues,
      ...backupValues,
      ...alertValues,
    })
    .parse(Object.fromEntries(settings.map(({ key: name }) => [name, given(name)])));
  const isProduction = values.environment === 'production';
  const dataDir = isAbsolute(values.dataDir) ? values.dataDir : resolve(projectDir, values.dataDir);
  const shownHost = values.host.includes(':') ? `[${values.host}]` : values.host;
  const explorer = values.explorer ?? !isProduction;
  const publicUrl = values.publicUrl ?? `http://${shownHost}:${values.port}`;
  const config: Config = {
    projectDir,
    environment: values.environment,
    databaseUrl: values.databaseUrl,
    gatewayUrl: values.gatewayUrl,
    listenUrl: values.listenUrl,
    authUrl: values.authUrl,
    mediaUrl: values.mediaUrl,
    trackerUrl: values.trackerUrl,
    workerUrl: values.workerUrl,
    rolePassword: values.rolePassword,
    dataDir,
    postgresPort: values.postgresPort,
    host: values.host,
    port: values.port,
    publicUrl,
    modules: values.modules && Object.freeze(values.modules),
    secretKey: values.secretKey,
    mailer: values.mailer,
    argon2: Object.freeze({
      memoryKiB: values['argon2.memoryKiB'],
      passes: values['argon2.passes'],
      parallelism: values['argon2.parallelism'],
      concurrency: values['argon2.concurrency'],
      queue: values['argon2.queue'],
    }),
    storage: storageOf(values.storage, projectDir, dataFolder(dataDir).storage),
    storageAccessKeyId: values.storageAccessKeyId,
    storageSecretAccessKey: values.storageSecretAccessKey,
    explorer,
    web: values.web ?? !isProduction,
    statementTimeoutMs: values.statementTimeoutMs,
    logLevel: values.logLevel,
    metricsToken: values.metricsToken,
    api: apiSettingsOf(values, {
      isProduction,
      explorer,
      publicUrl,
      projectDir,
      statementTimeoutMs: values.statementTimeoutMs,
    }),
    alertWebhookUrl: values.alertWebhookUrl,
    alertWebhookSecret: values.alertWebhookSecret,
    tracker: trackerSettingsOf(values, publicUrl),
    backup: Object.freeze({
      storage: storageOf(values['backup.storage'], projectDir, dataFolder(dataDir).backups),
      recipients: Object.freeze(values['backup.recipients']),
      daily: values['backup.daily'],
      increments: values['backup.increments'],
      compression: values['backup.compression'],
      longestChain: values['backup.longestChain'],
      blockIndex: storageOf(values['backup.blockIndex'], projectDir, dataFolder(dataDir).blockIndex),
      wal: Object.freeze({
        isReceived: values['backup.wal'],
        spool: storageOf(values['backup.walSpool'], projectDir, dataFolder(dataDir).wal),
        spoolLimit: values['backup.walSpoolLimitMb'] * 1_000_000,
        slot: values['backup.walSlot'],
        partialSeconds: values['backup.walPartialSeconds'],
      }),
    }),
    backupUrl: values.backupUrl,
    backupIdentity: values.backupIdentity,
    backupStorageAccessKeyId: values.backupStorageAccessKeyId ?? values.storageAccessKeyId,
    backupStorageSecretAccessKey: values.backupStorageSecretAccessKey ?? values.storageSecretAccessKey,
    demo: values.demo ?? !isProduction,
  };
  return silent(config);
}

function storageOf(given: string | undefined, projectDir: string, folder: string): string {
  if (given === undefined) return folder;
  return isUrl(given) ? given : resolve(projectDir, given);
}

/** Frozen, and printing without its secrets. */
function silent<Given extends Config>(config: Given): Given {
  const withoutSecrets = () => withoutSecretsOf(config);
  Object.defineProperty(config, 'toJSON', { value: withoutSecrets });
  Object.defineProperty(config, inspect.custom, { value: withoutSecrets });
  return Object.freeze(config);
}

/** The same configuration with more known of it. */
export function extendConfig<Given extends Config, More extends object>(
  config: Given,
  more: More,
): Given & More {
  return silent({ ...config, ...more });
}

/** What may be shown of a configuration: a secret says only whether it is set. */
export function withoutSecretsOf(config: Config): Record<string, unknown> {
  const secrets = new Set([
    'adminUrl',
    ...settings.filter(({ secret }) => secret).map(({ key: name }) => name),
  ]);
  return Object.fromEntries(
    Object.entries(config).map(([name, value]) => [
      name,
      secrets.has(name) && value !== undefined ? '(set)' : value,
    ]),
  );
}
