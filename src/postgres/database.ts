import { setTimeout as sleep } from 'node:timers/promises';
import { type Config, extendConfig } from '../config.ts';
import { dataFolder, ensureDataFolder } from '../data-folder.ts';
import { exitCodes, StoaError } from '../errors.ts';
import { resolveModules } from '../modules.ts';
import { superuser } from './cluster.ts';
import { connect, databaseOf } from './connect.ts';
import { embeddedDatabase, embeddedSecrets, embeddedUrl, readPointer, startEmbedded } from './embedded.ts';
import { alreadyRunning, type Hold, readHolder, takeHold } from './holder.ts';
import { prepareDatabase } from './prepare.ts';
import { actingUrl, type LoginRole, loginRoles } from './roles.ts';

/** A configuration whose database answers: every URL is known. */
export interface ReadyConfig extends Config {
  /** May prepare databases: a superuser of the embedded server, or what `databaseUrl` was set to. */
  readonly adminUrl: string;
  /** May migrate. */
  readonly databaseUrl: string;
  readonly gatewayUrl: string;
  readonly authUrl: string;
  readonly mediaUrl: string;
  readonly trackerUrl: string;
  readonly workerUrl: string;
}

export interface OpenDatabase {
  readonly config: ReadyConfig;
  readonly isEmbedded: boolean;
  /** Whether this process started the server, and so stops it. */
  readonly isHeldHere: boolean;
  /** Whether API, sign-in and worker have logins of their own. */
  readonly areLoginsSeparate: boolean;
  /** Only where it is held here. */
  readonly hold: Hold | undefined;
  /** Only where it is held here and embedded. */
  readonly server: { readonly version: string; readonly isNew: boolean } | undefined;
  /** Resolves when a server that is held here has ended. */
  readonly ended: Promise<void> | undefined;
  /** `patient` lets other connections finish first, for at most half a minute. */
  close(how?: 'fast' | 'patient' | 'immediate'): Promise<void>;
}

export interface OpenOptions {
  /** The command, as others will read it: "stoa import is using the data folder". */
  readonly command: string;
  /** Refuse when another process holds the data folder, instead of connecting to its server. */
  readonly exclusive?: boolean;
  readonly onEvent?: (text: string) => void;
}

/** Whether each part of an installation has a login of its own on the server that `databaseUrl` names. */
export function areLoginsSeparate(config: Config): boolean {
  const { gatewayUrl, authUrl, mediaUrl, workerUrl, trackerUrl } = config;
  const hasTracker = resolveModules(config.modules).some(({ name }) => name === 'tracker');
  return [gatewayUrl, authUrl, mediaUrl, workerUrl, ...(hasTracker ? [trackerUrl] : [])].every(
    (url) => url !== undefined,
  );
}

function openExternal(config: Config, databaseUrl: string): OpenDatabase {
  const login = (given: string | undefined, role: LoginRole): string => given ?? actingUrl(databaseUrl, role);
  return {
    config: extendConfig(config, {
      adminUrl: databaseUrl,
      databaseUrl,
      gatewayUrl: login(config.gatewayUrl, 'stoa_gateway'),
      authUrl: login(config.authUrl, 'stoa_auth'),
      mediaUrl: login(config.mediaUrl, 'stoa_media'),
      trackerUrl: login(config.trackerUrl, 'stoa_tracker'),
      workerUrl: login(config.workerUrl, 'stoa_worker'),
    }),
    isEmbedded: false,
    isHeldHere: false,
    areLoginsSeparate: areLoginsSeparate(config),
    hold: undefined,
    server: undefined,
    ended: undefined,
    close: async () => {},
  };
}

/** Nobody's server is held, but `stoa down` and `stoa status` are to find this process. */
function holdExternal(database: OpenDatabase, config: Config, command: string): OpenDatabase {
  ensureDataFolder(config.dataDir);
  const hold = takeHold(config.dataDir, command);
  if (!hold) {
    const holder = readHolder(config.dataDir);
    if (holder) throw alreadyRunning(holder, config.dataDir);
    return holdExternal(database, config, command);
  }
  hold.update({ isReady: true });
  return { ...database, hold, close: async () => hold.release() };
}

function embeddedConfig(config: Config, port: number): ReadyConfig {
  const secrets = embeddedSecrets(config.dataDir);
  return extendConfig(config, {
    adminUrl: embeddedUrl(port, superuser, secrets),
    databaseUrl: embeddedUrl(port, 'stoa_migrator', secrets),
    gatewayUrl: embeddedUrl(port, 'stoa_gateway', secrets),
    authUrl: embeddedUrl(port, 'stoa_auth', secrets),
    mediaUrl: embeddedUrl(port, 'stoa_media', secrets),
    trackerUrl: embeddedUrl(port, 'stoa_tracker', secrets),
    workerUrl: embeddedUrl(port, 'stoa_worker', secrets),
    backupUrl: config.backupUrl ?? embeddedUrl(port, 'stoa_backup', secrets),
  });
}

/**
 * The configuration of a database that can be used without starting anything: undefined while the embedded server
 * does not run or is not ready.
 */
export function readyConfig(config: Config): ReadyConfig | undefined {
  if (config.databaseUrl !== undefined) return openExternal(config, config.databaseUrl).config;
  const pointer = readPointer(config.dataDir);
  return pointer && readHolder(config.dataDir)?.isReady ? embeddedConfig(config, pointer.port) : undefined;
}

/** The server is starting in another process: recovery after a crash may take its time. */
async function waitForHolder(config: Config, command: string): Promise<OpenDatabase | undefined> {
  const patienceMs = 120_000;
  const end = Date.now() + patienceMs;
  for (;;) {
    const holder = readHolder(config.dataDir);
    if (!holder) return undefined;
    const running = readyConfig(config);
    if (running) {
      return {
        config: running,
        isEmbedded: true,
        isHeldHere: false,
        areLoginsSeparate: true,
        hold: undefined,
        server: undefined,
        ended: undefined,
        close: async () => {},
      };
    }
    if (Date.now() > end) {
      throw new StoaError(
        'cluster.not_ready',
        `"stoa ${holder.command}" (process ${holder.pid}) has the data folder, and its server is not ready for "${command}".`,
        { cure: 'Look at logs/postgres.log in the data folder.', exitCode: exitCodes.busy },
      );
    }
    await sleep(100);
  }
}

async function closeAfterOthers(url: string): Promise<void> {
  const patienceMs = 30_000;
  const end = Date.now() + patienceMs;
  const client = await connect(url, 'shutdown');
  try {
    while (Date.now() < end) {
      const { rows } = await client.query<{ others: number }>(
        `select count(*)::int as others
         from pg_catalog.pg_stat_activity
         where backend_type = 'client backend' and pid <> pg_backend_pid()`,
      );
      if (rows[0]?.others === 0) return;
      await sleep(100);
    }
  } finally {
    await client.end();
  }
}

function explainLostSecrets(error: unknown, dataDir: string): unknown {
  if (!(error instanceof StoaError && error.code === 'database.login_refused')) return error;
  return new StoaError(
    'cluster.secrets_lost',
    `The passwords in ${dataFolder(dataDir).secrets} are not those of the database cluster.`,
    {
      cure: 'Bring that file back from a copy, or set new passwords as docs/operations/data-folder.md tells.',
      exitCode: exitCodes.database,
      cause: error,
    },
  );
}

async function openEmbedded(config: Config, options: OpenOptions): Promise<OpenDatabase> {
  ensureDataFolder(config.dataDir);
  let hold = takeHold(config.dataDir, options.command);
  while (!hold) {
    const holder = readHolder(config.dataDir);
    if (holder && options.exclusive) throw alreadyRunning(holder, config.dataDir);
    const other = await waitForHolder(config, options.command);
    if (other) return other;
    hold = takeHold(config.dataDir, options.command);
  }
  const held = hold;
  try {
    const server = await startEmbedded(config, options.onEvent ?? (() => {}));
    const { cluster, secrets } = server;
    try {
      const ready = embeddedConfig(config, cluster.port);
      const passwords = Object.fromEntries(loginRoles.map((role) => [role, secrets.passwordOf(role)]));
      await prepareDatabase(ready.adminUrl, embeddedDatabase, passwords).catch((error: unknown) => {
        throw explainLostSecrets(error, config.dataDir);
      });
      held.update({ isReady: true });
      return {
        config: ready,
        isEmbedded: true,
        isHeldHere: true,
        areLoginsSeparate: true,
        hold: held,
        server: { version: server.version, isNew: server.isNew },
        ended: cluster.ended,
        async close(how = 'fast') {
          if (how === 'patient') await closeAfterOthers(ready.adminUrl).catch(() => {});
          await cluster.stop(how === 'immediate' ? 'immediate' : 'fast');
          held.release();
        },
      };
    } catch (error) {
      await cluster.stop('fast');
      throw error;
    }
  } catch (error) {
    held.release();
    throw error;
  }
}

/**
 * The database of this installation, ready to be migrated: the server that the settings name, else the embedded one,
 * which is started here or, when another process holds it, shared.
 */
export async function openDatabase(config: Config, options: OpenOptions): Promise<OpenDatabase> {
  if (config.databaseUrl === undefined) return openEmbedded(config, options);
  const { rolePassword } = config;
  const passwords =
    rolePassword === undefined ? {} : Object.fromEntries(loginRoles.map((role) => [role, rolePassword]));
  await prepareDatabase(config.databaseUrl, databaseOf(config.databaseUrl), passwords);
  const external = openExternal(config, config.databaseUrl);
  return options.exclusive ? holdExternal(external, config, options.command) : external;
}

/** For a command that ends by itself: the database is open for the length of `work`. */
export async function withOpenDatabase<Result>(
  config: Config,
  options: OpenOptions,
  work: (config: ReadyConfig) => Promise<Result>,
): Promise<Result> {
  const database = await openDatabase(config, options);
  try {
    return await work(database.config);
  } finally {
    await database.close('patient');
  }
}
