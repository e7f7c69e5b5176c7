import { randomBytes } from 'node:crypto';
import { escapeIdentifier } from 'pg';
import { exitCodes, StoaError } from '../errors.ts';
import { withMigrator } from '../migrate/migrator.ts';
import { withScratchDatabase } from '../migrate/scratch.ts';
import { modules as registry } from '../modules.ts';
import { connect, databaseOf, withDatabase } from '../postgres/connect.ts';
import { withScratchServer } from '../postgres/scratch.ts';

/** Where a history can be replayed: nothing of a database that is in use is touched. */
export interface ReplayPlace {
  /** May create databases. */
  readonly adminUrl: string;
}

async function majorOf(url: string): Promise<number> {
  const client = await connect(url, 'drift');
  try {
    const { rows } = await client.query<{ major: number }>(
      "select current_setting('server_version_num')::int / 10000 as major",
    );
    return rows[0]?.major ?? 0;
  } finally {
    await client.end();
  }
}

async function mayCreateDatabases(adminUrl: string): Promise<boolean> {
  const client = await connect(adminUrl, 'drift');
  try {
    const { rows } = await client.query<{ answer: boolean }>(
      'select rolsuper or rolcreatedb as answer from pg_catalog.pg_roles where rolname = current_user',
    );
    return rows[0]?.answer === true;
  } finally {
    await client.end();
  }
}

/**
 * The server itself where the login may create databases on it, else a temporary one of the same major: PostgreSQL
 * prints definitions differently from one major to the next.
 */
export async function withReplayServer<Result>(
  adminUrl: string,
  work: (place: ReplayPlace) => Promise<Result>,
): Promise<Result> {
  if (await mayCreateDatabases(adminUrl)) return work({ adminUrl });
  const major = await majorOf(adminUrl);
  return withScratchServer(async (url) => {
    const own = await majorOf(url);
    if (own !== major) {
      throw new StoaError(
        'drift.nowhere_to_replay',
        `The login may not create a database on the server, and the temporary server at hand is PostgreSQL ${own}, not ${major}.`,
        { cure: 'Use a login with CREATEDB for STOA_DATABASE_URL.', exitCode: exitCodes.database },
      );
    }
    return work({ adminUrl: url });
  });
}

export interface ReplayOptions {
  /** Names of migrations. */
  readonly names: readonly string[];
  readonly root?: string;
  readonly onApplied?: (position: number, count: number) => void;
}

/** Runs migrations, from nothing, in a database that is dropped when `work` has ended. */
export async function withReplayedHistory<Result>(
  { adminUrl }: ReplayPlace,
  options: ReplayOptions,
  work: (databaseUrl: string) => Promise<Result>,
): Promise<Result> {
  return withScratchDatabase(adminUrl, 'drift', async (databaseUrl) => {
    await replay(databaseUrl, options);
    return work(databaseUrl);
  });
}

export async function replay(databaseUrl: string, options: ReplayOptions): Promise<void> {
  const { root, names, onApplied } = options;
  const modules = registry.map(({ name }) => name);
  await withMigrator(
    { databaseUrl, modules, ...(root === undefined ? {} : { root }) },
    async ({ migrations, plan, apply, ledger }) => {
      const done = new Set((await ledger()).map(({ name }) => name));
      const todo = migrations.filter(({ name }) => !done.has(name) && names.includes(name));
      for (const [index, migration] of todo.entries()) {
        await apply(await plan(migration, 'up'));
        onApplied?.(index + 1, todo.length);
      }
    },
  );
}

/** A copy of a database to which nobody is connected, dropped when `work` has ended. */
export async function withCopy<Result>(
  databaseUrl: string,
  work: (databaseUrl: string) => Promise<Result>,
): Promise<Result> {
  const name = `stoa_drift_${randomBytes(6).toString('hex')}`;
  const admin = async (text: string): Promise<void> => {
    const client = await connect(withDatabase(databaseUrl, 'postgres'), 'drift (copy)');
    try {
      await client.query(text);
    } finally {
      await client.end();
    }
  };
  try {
    await admin(
      `create database ${escapeIdentifier(name)} template ${escapeIdentifier(databaseOf(databaseUrl))}`,
    );
    // Privileges of the database itself do not come with a template.
    await admin(
      `grant create, connect, temporary on database ${escapeIdentifier(name)} to stoa_owner, stoa_worker`,
    );
    return await work(withDatabase(databaseUrl, name));
  } finally {
    await admin(`drop database if exists ${escapeIdentifier(name)} with (force)`);
  }
}
