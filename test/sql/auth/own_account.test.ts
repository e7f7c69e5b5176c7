import { beforeAll, describe, expect, test } from 'vitest';
import { type Actor, createUser, testDatabase } from '../../harness/index.ts';

const db = await testDatabase();

let ada = '';
let bela = '';
let boss = '';
let counter = 0;

beforeAll(async () => {
  ada = await createUser(db, { username: 'ada' });
  bela = await createUser(db, { username: 'bela' });
  boss = await createUser(db, { username: 'boss', role: 'admin' });
  await db.query(
    `insert into auth.accounts (user_id, email, password_hash, first_name)
     values ($1, 'ada@example.org', 'a hash', 'Ada'), ($2, 'bela@example.org', null, null)`,
    [ada, bela],
  );
});

const member = (userId: string, sessionId?: string): Actor => ({
  role: 'stoa_member',
  userId,
  ...(sessionId === undefined ? {} : { sessionId }),
});

async function session(userId: string): Promise<string> {
  counter += 1;
  const { rows } = await db.query<{ session_id: string }>('select * from auth.create_session($1, $2, $3)', [
    userId,
    Buffer.alloc(32, counter),
    Buffer.alloc(32, 128 + counter),
  ]);
  return rows[0]?.session_id ?? '';
}

async function wallet(userId: string, verified = true): Promise<string> {
  counter += 1;
  const { rows } = await db.query<{ id: string }>(
    `insert into auth.wallets (user_id, address, verified_at) values ($1, $2, case when $3 then now() end) returning id`,
    [userId, `0x${counter.toString(16).padStart(40, 'A')}`, verified],
  );
  return rows[0]?.id ?? '';
}

const call = (actor: Actor, text: string, values: readonly unknown[] = []) =>
  db.as(actor, async (client) => (await client.query(text, [...values])).rows, { commit: true });

describe('my_account', () => {
  test('tells the caller their own data, without a hash', async () => {
    const [account] = await call(member(ada), 'select * from auth.my_account()');
    expect(account).toMatchObject({
      user_id: ada,
      email: 'ada@example.org',
      has_password: true,
      has_wallet_pin: false,
      first_name: 'Ada',
      two_factor_enabled_at: null,
      recovery_codes_left: 0,
    });
    expect(JSON.stringify(account)).not.toContain('a hash');
    expect(await call(member(bela), 'select email, has_password from auth.my_account()')).toEqual([
      { email: 'bela@example.org', has_password: false },
    ]);
  });

  test('works for an account without credentials, and refuses nobody', async () => {
    expect(await call(member(boss), 'select user_id, email from auth.my_account()')).toEqual([
      { user_id: boss, email: null },
    ]);
    await expect(call({ role: 'stoa_member' }, 'select * from auth.my_account()')).rejects.toMatchObject({
      code: 'ST401',
    });
  });
});

describe('sessions', () => {
  test('are listed newest first, the present one marked, without tokens', async () => {
    const first = await session(ada);
    const second = await session(ada);
    await session(bela);
    const rows = await call(member(ada, first), 'select id, is_current from auth.my_sessions()');
    expect(rows).toEqual([
      { id: second, is_current: false },
      { id: first, is_current: true },
    ]);
    const [whole] = await call(member(ada), 'select * from auth.my_sessions()');
    expect(Object.keys(whole ?? {}).filter((column) => /hash|token|fingerprint/.test(column))).toEqual([]);
  });

  test('are revoked by their owner only', async () => {
    const mine = await session(ada);
    const foreign = await session(bela);
    await call(member(ada), 'select auth.revoke_session($1)', [mine]);
    await expect(call(member(ada), 'select auth.revoke_session($1)', [foreign])).rejects.toMatchObject({
      code: 'ST404',
      detail: 'session.unknown',
    });
    const { rows } = await db.query(
      'select id, revoked_at is not null as ended from auth.sessions where id = any($1)',
      [[mine, foreign]],
    );
    expect(Object.fromEntries(rows.map(({ id, ended }) => [id, ended]))).toEqual({
      [mine]: true,
      [foreign]: false,
    });
  });

  test('are revoked all, but for the present one unless that is wanted', async () => {
    await db.query('update auth.sessions set revoked_at = now() where user_id = $1', [ada]);
    const here = await session(ada);
    await session(ada);
    await session(ada);
    expect(await call(member(ada, here), 'select auth.revoke_all_sessions() as ended')).toEqual([
      { ended: 2 },
    ]);
    expect(await call(member(ada, here), 'select auth.revoke_all_sessions(false) as ended')).toEqual([
      { ended: 1 },
    ]);
    expect(await call(member(ada), 'select * from auth.my_sessions()')).toEqual([]);
  });
});

describe('wallets', () => {
  test('are the caller’s own, compared in lower case and shown as written', async () => {
    const id = await wallet(ada);
    const keys = async () =>
      (await db.query('select address, address_key from auth.wallets where id = $1', [id])).rows[0];
    const written = await keys();
    expect(written?.['address_key']).toBe(String(written?.['address']).toLowerCase());
    expect(await call(member(ada), 'select id, network, address from auth.my_wallets()')).toEqual([
      { id, network: 'ethereum', address: written?.['address'] },
    ]);
    expect(await call(member(bela), 'select * from auth.my_wallets()')).toEqual([]);
    await db.query("update auth.wallets set address_key = 'forged' where id = $1", [id]);
    expect(await keys()).toEqual(written);
  });

  test('have one primary, which must be proven', async () => {
    const [first, second, unproven] = [await wallet(bela), await wallet(bela), await wallet(bela, false)];
    await call(member(bela), 'select auth.set_primary_wallet($1)', [first]);
    await call(member(bela), 'select auth.set_primary_wallet($1)', [second]);
    expect(await call(member(bela), 'select id from auth.my_wallets() where is_primary')).toEqual([
      { id: second },
    ]);
    await expect(call(member(bela), 'select auth.set_primary_wallet($1)', [unproven])).rejects.toMatchObject({
      detail: 'wallet.not_verified',
    });
    await expect(call(member(ada), 'select auth.set_primary_wallet($1)', [first])).rejects.toMatchObject({
      detail: 'wallet.unknown',
    });

    await call(member(bela), 'select auth.unlink_wallet($1)', [second]);
    expect(await call(member(bela), 'select id from auth.my_wallets() where is_primary')).toEqual([
      { id: first },
    ]);
    await expect(call(member(bela), 'select auth.unlink_wallet($1)', [first])).rejects.toMatchObject({
      code: 'ST422',
      detail: 'wallet.last_method',
    });
    await call(member(ada), 'select auth.unlink_wallet(id) from auth.my_wallets()');
    expect(await call(member(ada), 'select * from auth.my_wallets()'), 'a password is left').toEqual([]);
  });

  test('with one address on two chains belong to one account', async () => {
    const address = `0x${'b'.repeat(40)}`;
    const insert = 'insert into auth.wallets (user_id, network, address) values ($1, $2, $3)';
    await db.query(insert, [ada, 'ethereum', address]);
    await db.query(insert, [ada, 'base', address.toUpperCase().replace('X', 'x')]);
    await expect(db.query(insert, [bela, 'polygon', address])).rejects.toMatchObject({
      constraint: 'wallets_one_owner_per_address',
    });
  });
});

describe('admin_account', () => {
  test('shows administrators what they may know, and leaves a trace', async () => {
    const admin: Actor = { role: 'stoa_admin', userId: boss, ip: '192.0.2.1' };
    expect(await call(admin, 'select email, first_name from auth.admin_account($1)', [ada])).toEqual([
      { email: 'ada@example.org', first_name: 'Ada' },
    ]);
    const { rows } = await db.query(
      "select actor_id, resource_type, resource_id, host(ip_address) as ip from audit.logs where action = 'read_account'",
    );
    expect(rows).toEqual([
      { actor_id: boss, resource_type: 'auth.accounts', resource_id: ada, ip: '192.0.2.1' },
    ]);
  });

  test('refuses others, and an account that does not exist', async () => {
    await expect(
      call({ role: 'stoa_moderator', userId: boss }, 'select * from auth.admin_account($1)', [ada]),
    ).rejects.toMatchObject({ code: '42501' });
    await expect(
      call({ role: 'stoa_admin', userId: boss }, 'select * from auth.admin_account($1)', [
        '00000000-0000-7000-8000-000000000000',
      ]),
    ).rejects.toMatchObject({ detail: 'user.unknown' });
  });
});
