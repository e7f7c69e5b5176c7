import type { Client } from 'pg';
import { escapeIdentifier } from 'pg';
import { connect } from '../../postgres/connect.ts';
import { quoteTable } from './contents.ts';

/**
 * A connection whose texts do not depend on the settings of a server or a role, with none of the time limits that
 * suit requests: the same row is the same text wherever it is read.
 */
export async function openPlainSession(url: string, name: string): Promise<Client> {
  const client = await connect(url, name);
  try {
    await client.query(`
      set statement_timeout = 0;
      set idle_in_transaction_session_timeout = 0;
      set client_encoding = 'UTF8';
      set timezone = 'UTC';
      set datestyle = 'ISO, YMD';
      set intervalstyle = 'postgres';
      set extra_float_digits = 1;
      set bytea_output = 'hex';
      set search_path = '';
    `);
  } catch (error) {
    await client.end();
    throw error;
  }
  return client;
}

/** An SQL query for the rows of a table and the sum of their hashes, which no order changes. */
export function contentQuery(table: string, columns: readonly { readonly name: string }[]): string {
  const row = columns.map(({ name }) => `each_row.${escapeIdentifier(name)}`).join(', ');
  return `
    select
      count(*)::text as rows,
      coalesce(sum(pg_catalog.hashtextextended(row(${row})::text, 0)), 0)::text as "contentHash"
    from ${quoteTable(table, escapeIdentifier)} as each_row`;
}

export interface ServerFacts {
  /** `server_version_num`. */
  readonly serverVersion: number;
  readonly systemIdentifier: string;
  /** Up to here everything that was committed can be seen by whoever looks from now on. */
  readonly lsn: string;
}

export async function readServerFacts(client: Client): Promise<ServerFacts> {
  const { rows } = await client.query<ServerFacts>(
    `select
       current_setting('server_version_num')::integer as "serverVersion",
       (select system_identifier::text from pg_catalog.pg_control_system()) as "systemIdentifier",
       (case when pg_is_in_recovery() then pg_last_wal_replay_lsn() else pg_current_wal_lsn() end)::text as lsn`,
  );
  const [facts] = rows;
  if (facts === undefined) throw new Error('a query without a from clause has one row');
  return facts;
}
