import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { ClientBase } from 'pg';
import pg from 'pg';

/** The roles that a process may log in as; what each is for: sql/cluster/roles.sql. */
export const loginRoles = [
  'stoa_migrator',
  'stoa_gateway',
  'stoa_auth',
  'stoa_media',
  'stoa_tracker',
  'stoa_worker',
  'stoa_backup',
] as const;
export type LoginRole = (typeof loginRoles)[number];

const rolesFile = fileURLToPath(new URL('../../sql/cluster/roles.sql', import.meta.url));

/** Makes the roles of Stoa on this server. Needs CREATEROLE where one is missing; otherwise changes nothing. */
export async function ensureRoles(client: ClientBase): Promise<void> {
  await client.query(readFileSync(rolesFile, 'utf8'));
}

export async function setPasswords(
  client: ClientBase,
  passwords: Readonly<Partial<Record<LoginRole, string>>>,
): Promise<void> {
  for (const role of loginRoles) {
    const password = passwords[role];
    if (password === undefined) continue;
    await client.query(`alter role ${pg.escapeIdentifier(role)} password ${pg.escapeLiteral(password)}`);
  }
}

/** The same database, logged in as one of the roles. */
export function loginUrl(url: string, role: LoginRole, password?: string): string {
  const parsed = new URL(url);
  parsed.username = role;
  parsed.password = password === undefined ? '' : encodeURIComponent(password);
  return parsed.toString();
}

/**
 * The same login, acting as one of the roles from the first statement on. Not the separation that a login of its
 * own gives: whoever can send `reset role` is back to what the login may do.
 */
export function actingUrl(url: string, role: LoginRole): string {
  const parsed = new URL(url);
  const options = parsed.searchParams.get('options');
  parsed.searchParams.set('options', `${options ? `${options} ` : ''}-c role=${role}`);
  return parsed.toString();
}
