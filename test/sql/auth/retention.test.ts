import { expect, test } from 'vitest';
import { createUser, testDatabase } from '../../harness/index.ts';

const db = await testDatabase();

/** What a rule of the registry would take, as the job reads it. */
async function taken(name: string): Promise<number> {
  const { rows } = await db.query<{ target: string; condition: string }>(
    'select target, ops.retention_condition(name, now()) as condition from ops.retention_policies where name = $1',
    [name],
  );
  const rule = rows[0];
  if (!rule) throw new Error(`there is no rule "${name}"`);
  const { rowCount } = await db.query(`select from ${rule.target} as target where ${rule.condition}`);
  return rowCount ?? 0;
}

test('what is past its time is taken by the rules of the registry, and nothing else', async () => {
  const ada = await createUser(db, { username: 'ada' });
  const digest = (byte: number) => Buffer.alloc(32, byte);
  await db.query(
    `insert into auth.accounts (user_id, registration_ip, inserted_at) values ($1, '192.0.2.1', now() - interval '91 days')`,
    [ada],
  );
  await db.query(
    `insert into auth.sessions (user_id, token_hash, expires_at, revoked_at) values
       ($1, $2, now() + interval '1 day', null),
       ($1, $3, now() - interval '1 s', null),
       ($1, $4, now() + interval '1 day', now() - interval '31 days'),
       ($1, $5, now() + interval '1 day', now() - interval '29 days')`,
    [ada, digest(1), digest(2), digest(3), digest(4)],
  );
  await db.query(
    `insert into auth.one_time_tokens (token_hash, user_id, purpose, expires_at) values
       ($2, $1, 'verify_email', now()), ($3, $1, 'verify_email', now() + interval '1 s')`,
    [ada, digest(1), digest(2)],
  );
  await db.query(
    `insert into auth.pending_sign_ins (token_hash, user_id, expires_at) values
       ($2, $1, now()), ($3, $1, now() + interval '1 s')`,
    [ada, digest(1), digest(2)],
  );
  await db.query(
    `insert into auth.wallet_challenges (nonce, network, address_key, message, expires_at) values
       ('old', 'ethereum', '0x', '', now()), ('new', 'ethereum', '0x', '', now() + interval '1 s')`,
  );
  await db.query(
    `insert into auth.throttles (scope, key_hash, inserted_at, updated_at, blocked_until) values
       ('mail', $1, now() - interval '3 days', now() - interval '3 days', null),
       ('mail', $2, now() - interval '3 days', now() - interval '3 days', now() + interval '1 hour'),
       ('mail', $3, now() - interval '3 days', now(), null),
       ('mail', $4, now(), now(), null)`,
    [digest(1), digest(2), digest(3), digest(4)],
  );

  await db.query(
    `insert into auth.request_rates (scope, key_hash, tokens, granted, inserted_at, updated_at) values
       ('address', $1, 5, 1, now() - interval '2 hours', now() - interval '2 hours'),
       ('address', $2, 5, 1, now() - interval '2 hours', now())`,
    [digest(1), digest(2)],
  );

  const { rows } = await db.query<{ name: string }>(
    "select name from ops.retention_policies where target like 'auth.%' order by name",
  );
  const counts = Object.fromEntries(
    await Promise.all(rows.map(async ({ name }) => [name, await taken(name)] as const)),
  );
  expect(counts).toEqual({
    'auth.accounts.registration_ip': 1,
    'auth.one_time_tokens': 1,
    'auth.pending_sign_ins': 1,
    'auth.request_rates': 1,
    'auth.sessions': 2,
    'auth.throttles': 1,
    'auth.wallet_challenges': 1,
  });
});
