import type { Client } from 'pg';
import { connect } from './connect.ts';

/** A login that may migrate has no privileges of its own: it acts as the owner, where there is one yet. */
export async function connectOwner(url: string, name: string): Promise<Client> {
  const client = await connect(url, name);
  await client.query(
    "select set_config('role', rolname, false) from pg_catalog.pg_roles where rolname = 'stoa_owner'",
  );
  return client;
}
