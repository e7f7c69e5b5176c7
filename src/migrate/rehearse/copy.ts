import { randomBytes } from 'node:crypto';
import pg, { escapeIdentifier } from 'pg';
import { exitCodes, StoaError } from '../../errors.ts';
import { modules as registry } from '../../modules.ts';
import { connect, databaseOf, withDatabase } from '../../postgres/connect.ts';
import { databaseGrants, prepareDatabase } from '../../postgres/prepare.ts';
import { loadMigrations } from '../load.ts';
import { type MigrateOptions, withMigrator } from '../migrator.ts';
import { projectRoot } from '../root.ts';
import { connectAsOwner, surveyMigrations } from '../survey.ts';
import { copyRows } from './copy-rows.ts';

export interface CopyOptions extends MigrateOptions {
  /** May create databases. */
  readonly adminUrl: string;
  readonly onProgress?: (what: string, done: number, total: number) => void;
}

/** Where the copy is, and how it is thrown away. */
export interface Copy {
  readonly url: string;
  drop(): Promise<void>;
}

function copyName(): string {
  return `stoa_rehearse_${randomBytes(6).toString('hex')}`;
}

async function dropDatabase(adminUrl: string, name: string): Promise<void> {
  const admin = await connect(withDatabase(adminUrl, 'postgres'), 'rehearse (drop)');
  try {
    await admin.query(`drop database if exists ${escapeIdentifier(name)} with (force)`);
  } finally {
    await admin.end();
  }
}

/** A copy of the files of the database, on its own server. Nobody may be connected to it meanwhile. */
export async function copyByTemplate({ adminUrl, databaseUrl }: CopyOptions): Promise<Copy> {
  const name = copyName();
  const source = databaseOf(databaseUrl);
  const admin = await connect(withDatabase(adminUrl, 'postgres'), 'rehearse (copy)');
  try {
    await admin.query(`create database ${escapeIdentifier(name)} template ${escapeIdentifier(source)}`);
    await admin.query(databaseGrants(name));
  } catch (error) {
    if (!(error instanceof pg.DatabaseError && error.code === '55006')) throw error;
    throw new StoaError(
      'rehearse.in_use',
      `Others are connected to ${source}: ${error.detail ?? error.message}`,
      {
        cure: 'Rehearse with --copy rows, which works beside them, or on a restored backup.',
        exitCode: exitCodes.busy,
        cause: error,
      },
    );
  } finally {
    await admin.end();
  }
  return { url: withDatabase(adminUrl, name), drop: () => dropDatabase(adminUrl, name) };
}

/**
 * A database that the applied migrations have made anew, with the rows of the source as one snapshot saw them. Works
 * beside everything, on any server of which the login is a superuser. What the source has that no migration made is
 * not in it.
 */
export async function copyByRows(options: CopyOptions): Promise<Copy> {
  const { adminUrl, databaseUrl, onProgress = () => undefined, root = projectRoot } = options;
  const name = copyName();
  const url = withDatabase(adminUrl, name);
  const drop = (): Promise<void> => dropDatabase(adminUrl, name);
  try {
    await prepareDatabase(adminUrl, name);
    const { applied } = await surveyMigrations(options);
    const files = new Map((await loadMigrations(root, registry)).map((file) => [file.name, file]));
    await withMigrator({ ...options, databaseUrl: url, onEvent: () => undefined }, async (migrator) => {
      for (const [index, each] of applied.entries()) {
        onProgress('migrations', index, applied.length);
        const migration = files.get(each.name);
        if (migration) await migrator.apply(await migrator.plan(migration, 'up'));
      }
    });
    const source = await connectAsOwner(databaseUrl);
    const target = await connect(url, 'rehearse (copy)');
    try {
      await copyRows(source, target, (_, done, total) => onProgress('tables', done, total));
    } finally {
      await Promise.all([source.end(), target.end()]);
    }
    return { url, drop };
  } catch (error) {
    await drop();
    throw error;
  }
}
