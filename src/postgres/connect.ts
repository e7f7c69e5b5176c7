import pg from 'pg';
import { exitCodes, StoaError } from '../errors.ts';

/** A database URL that may be shown: without its password. */
export function redactUrl(url: string): string {
  try {
    const parsed = new URL(url);
    if (parsed.password) parsed.password = '***';
    if (parsed.searchParams.has('password')) parsed.searchParams.set('password', '***');
    return parsed.toString();
  } catch {
    return '(not a URL)';
  }
}

/** The same server and credentials, another database. */
export function withDatabase(url: string, database: string): string {
  const parsed = new URL(url);
  parsed.pathname = `/${encodeURIComponent(database)}`;
  return parsed.toString();
}

/** The name of the database in a URL; libpq's rule where it is left out: that of the user. */
export function databaseOf(url: string): string {
  const parsed = new URL(url);
  return decodeURIComponent(parsed.pathname.slice(1)) || decodeURIComponent(parsed.username) || 'postgres';
}

/** Puts a failed attempt to connect into a sentence; other errors pass unchanged. */
export function explainConnectionError(error: unknown, url: string): unknown {
  if (!(error instanceof Error)) return error;
  const code = 'code' in error ? String(error.code) : '';
  const where = redactUrl(url);
  const failed = (name: string, message: string, cure: string): StoaError =>
    new StoaError(`database.${name}`, message, { cure, exitCode: exitCodes.database, cause: error });
  if (
    ['ECONNREFUSED', 'ENOTFOUND', 'EHOSTUNREACH', 'ETIMEDOUT', 'ECONNRESET', 'EAI_AGAIN', 'ENOENT'].includes(
      code,
    )
  ) {
    return failed(
      'unreachable',
      `No PostgreSQL answers at ${where} (${code}).`,
      'Check the address and that the server runs.',
    );
  }
  if (/timeout expired|Connection terminated/.test(error.message)) {
    return failed(
      'unreachable',
      `PostgreSQL at ${where} did not answer in time.`,
      'Check the address and that the server runs.',
    );
  }
  if (code === '28P01' || code === '28000') {
    return failed(
      'login_refused',
      `PostgreSQL at ${where} refused the login.`,
      'Check the user, the password and pg_hba.conf.',
    );
  }
  if (code === '3D000') {
    return failed(
      'missing',
      `There is no database at ${where}.`,
      'Create it, or correct the name in the URL.',
    );
  }
  if (code === '53300') {
    return failed(
      'too_many_connections',
      `PostgreSQL at ${where} has no connection left.`,
      'Close some, or raise max_connections.',
    );
  }
  if (code === '57P03') {
    return failed(
      'starting',
      `PostgreSQL at ${where} is starting up or shutting down.`,
      'Try again in a moment.',
    );
  }
  return error;
}

const connectionTimeoutMillis = 10_000;

/**
 * One connection, named `stoa <name>` in pg_stat_activity. An error between two queries (the server was stopped)
 * is reported by the next query instead of ending the process.
 */
export async function connect(url: string, name: string): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString: url,
    application_name: `stoa ${name}`,
    connectionTimeoutMillis,
    keepAlive: true,
  });
  client.on('error', () => {});
  try {
    await client.connect();
  } catch (error) {
    throw explainConnectionError(error, url);
  }
  return client;
}

export interface PoolOptions {
  /** Shown in pg_stat_activity, after `stoa `. */
  readonly applicationName: string;
  readonly max: number;
  /** Default: as long as it takes. Where the server does not say so, the connection is given up a second later. */
  readonly statementTimeoutMs?: number;
  /** How long a connection is kept that nobody uses. Default: 10 s. */
  readonly idleTimeoutMs?: number;
  /** Told when an idle connection breaks; the pool replaces it by itself. */
  readonly onError?: (error: Error) => void;
}

export function createPool(url: string, options: PoolOptions): pg.Pool {
  const pool = new pg.Pool({
    connectionString: url,
    application_name: `stoa ${options.applicationName}`,
    max: options.max,
    connectionTimeoutMillis,
    keepAlive: true,
    ...(options.idleTimeoutMs === undefined ? {} : { idleTimeoutMillis: options.idleTimeoutMs }),
    ...(options.statementTimeoutMs === undefined
      ? {}
      : { statement_timeout: options.statementTimeoutMs, query_timeout: options.statementTimeoutMs + 1_000 }),
  });
  const onError = options.onError ?? (() => {});
  pool.on('error', onError);
  // A connection that is checked out reports its loss here as well as through its query.
  pool.on('connect', (client) => client.on('error', () => {}));
  return pool;
}
