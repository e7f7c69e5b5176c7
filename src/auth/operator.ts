import type { ClientBase, QueryResultRow } from 'pg';
import { asRefusal } from './refusal.ts';
import { newToken } from './tokens.ts';

/** A token that sets a password, for an operator to hand over. Shown this once. */
export interface PasswordLink {
  readonly username: string;
  readonly token: string;
  readonly expiresAt: Date;
}

/** What whoever owns the database may do, and nobody at run time: the functions are granted to no role. */
async function asOwner<Result>(client: ClientBase, work: () => Promise<Result>): Promise<Result> {
  await client.query('begin');
  try {
    await client.query('set local role stoa_owner');
    const result = await work();
    await client.query('commit');
    return result;
  } catch (error) {
    await client.query('rollback');
    throw error;
  }
}

async function ask<Row extends QueryResultRow>(
  client: ClientBase,
  text: string,
  values: readonly unknown[],
): Promise<Row> {
  try {
    const { rows } = await client.query<Row>(text, [...values]);
    const [row] = rows;
    if (!row) throw new Error('the function returned no row');
    return row;
  } catch (error) {
    throw asRefusal(error);
  }
}

/** Makes an administrator who has no password yet, in the transaction of somebody who acts as the owner. */
export async function insertAdministrator(
  client: ClientBase,
  account: { readonly username: string; readonly email: string },
): Promise<PasswordLink> {
  const token = newToken();
  const row = await ask<{ expires_at: Date }>(
    client,
    'select auth.create_administrator($1, $2, $3) as expires_at',
    [account.username, account.email, token.hash],
  );
  return { username: account.username, token: token.text, expiresAt: row.expires_at };
}

/** Makes an administrator who has no password yet. */
export function createAdministrator(
  client: ClientBase,
  account: { readonly username: string; readonly email: string },
): Promise<PasswordLink> {
  return asOwner(client, () => insertAdministrator(client, account));
}

/** `name`: username or e-mail address. */
export async function issuePasswordLink(client: ClientBase, name: string): Promise<PasswordLink> {
  const token = newToken();
  const row = await asOwner(client, () =>
    ask<{ username: string; expires_at: Date }>(client, 'select * from auth.issue_password_link($1, $2)', [
      name,
      token.hash,
    ]),
  );
  return { username: row.username, token: token.text, expiresAt: row.expires_at };
}
