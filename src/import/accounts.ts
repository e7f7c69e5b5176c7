import type { Client } from 'pg';
import { exitCodes, StoaError } from '../errors.ts';

/** The account of a person, who will own what is imported. */
export async function accountNamed(client: Client, username: string): Promise<string> {
  const { rows } = await client.query<{ id: string }>(
    'select id from core.users where username operator(extensions.=) $1::extensions.citext',
    [username],
  );
  if (!rows[0]) {
    throw new StoaError('import.owner', `There is no account named "${username}".`, {
      cure: 'Register it first, or leave --owner out.',
      exitCode: exitCodes.input,
    });
  }
  return rows[0].id;
}

/** The system account that owns what nobody was named for. */
export async function archiveAccount(client: Client): Promise<string> {
  await client.query(
    `insert into core.users (username, display_name, is_system)
     values ('archive', 'Archive', true)
     on conflict (username) do nothing`,
  );
  const { rows } = await client.query<{ id: string; is_system: boolean }>(
    `select id, is_system from core.users where username operator(extensions.=) 'archive'::extensions.citext`,
  );
  const account = rows[0];
  if (!account?.is_system) {
    throw new StoaError('import.owner', 'The name "archive" belongs to a person here.', {
      cure: 'Name the account that shall own what is imported with --owner.',
      exitCode: exitCodes.input,
    });
  }
  return account.id;
}
