import { type Client, escapeIdentifier } from 'pg';
import { exitCodes, StoaError } from '../errors.ts';

/**
 * Whether the database carries the mark that its content may be thrown away. Read from the catalog, not from the
 * session, where anybody could set it.
 */
export async function isDisposable(client: Client): Promise<boolean> {
  const { rows } = await client.query<{ answer: boolean }>(
    `select exists (
       select
       from pg_db_role_setting
       where setdatabase = (select oid from pg_database where datname = current_database())
         and setrole = 0
         and 'stoa.disposable=on' = any (setconfig)
     ) as answer`,
  );
  return rows[0]?.answer === true;
}

/** Needs the owner of the database, or a superuser. */
export async function markDisposable(client: Client, mark: boolean): Promise<string> {
  const { rows } = await client.query<{ name: string }>('select current_database() as name');
  const name = rows[0]?.name ?? '';
  await client.query(
    mark
      ? `alter database ${escapeIdentifier(name)} set stoa.disposable = 'on'`
      : `alter database ${escapeIdentifier(name)} reset stoa.disposable`,
  );
  return name;
}

/** Throws unless data may be destroyed here. */
export async function refuseUnlessDisposable(
  client: Client,
  options: { readonly isProduction: boolean; readonly action: string },
): Promise<void> {
  if (options.isProduction) {
    throw new StoaError('migrate.production', `${options.action} That is never done in production.`, {
      cure: 'Restore a backup into another database, or write a migration that goes forward.',
      exitCode: exitCodes.refused,
    });
  }
  if (await isDisposable(client)) return;
  throw new StoaError(
    'migrate.not_disposable',
    `${options.action} This database is not marked as disposable.`,
    {
      cure: 'If nothing in it is worth keeping: stoa migrate mark-disposable.',
      exitCode: exitCodes.refused,
    },
  );
}
