import bcrypt from 'bcryptjs';
import { describe, expect, test } from 'vitest';
import { outcomesOf, refusalOf, signInFixture } from './fixture.ts';

const { db, service, anotherService, person } = await signInFixture();

const hashOf = async (userId: string): Promise<string | undefined> =>
  (
    await db.query<{ password_hash: string }>('select password_hash from auth.accounts where user_id = $1', [
      userId,
    ])
  ).rows[0]?.password_hash;

describe('signing in', () => {
  test('takes the e-mail address or the username, in any case', async () => {
    const ada = await person('ada');
    for (const name of ['ada', 'ADA', ' ada ', 'ada@example.org', 'Ada@Example.ORG']) {
      const signedIn = await service.signIn(name, ada.password, {});
      expect(signedIn).toMatchObject({ kind: 'complete', tokens: { userId: ada.userId, role: 'user' } });
    }
    const { rows } = await db.query(
      'select last_login_at is not null as known from auth.accounts where user_id = $1',
      [ada.userId],
    );
    expect(rows).toEqual([{ known: true }]);
  });

  test('takes a password however its accents are composed', async () => {
    await service.register(
      { email: 'bela@example.org', password: 'p\u00e4ssw\u00f6rter', username: 'bela' },
      {},
    );
    await expect(service.signIn('bela', 'pa\u0308sswo\u0308rter', {})).resolves.toMatchObject({
      kind: 'complete',
    });
  });

  test('gives the same refusal and does the same work for an account, for none, and for one without a password', async () => {
    const cleo = await person('cleo');
    await service.registerAnonymous(undefined, {});
    await db.query(
      "insert into core.users (id, username) values ('00000000-0000-7000-8000-000000000001', 'bare')",
    );
    await db.query("insert into auth.accounts (user_id) values ('00000000-0000-7000-8000-000000000001')");

    const attempt = async (name: string) => {
      const before = { ...service.hashWork };
      const error = await service.signIn(name, 'a wrong password', {}).catch((reason: unknown) => reason);
      return {
        error: JSON.stringify(
          error,
          Object.getOwnPropertyNames(error).filter((key) => key !== 'stack'),
        ),
        verified: service.hashWork.verified - before.verified,
        hashed: service.hashWork.hashed - before.hashed,
      };
    };
    const known = await attempt(cleo.username);
    expect(known).toMatchObject({ verified: 1, hashed: 0 });
    expect(known.error).toContain('sign_in.failed');
    for (const name of [cleo.email, 'nobody', 'nobody@example.org', 'bare']) {
      expect(await attempt(name), name).toEqual(known);
    }
  });

  test('writes the same rows of the throttle whether somebody has the name or not', async () => {
    const dora = await person('dora');
    const written = async (name: string): Promise<unknown> => {
      await refusalOf(service.signIn(name, 'a wrong password', { ip: '192.0.2.1' }));
      const { rows } = await db.query(
        `select attempts, blocks, blocked_until from auth.throttles
         where scope = 'sign_in_name' and key_hash = sha256(convert_to($1, 'UTF8'))`,
        [name],
      );
      return rows;
    };
    expect(await written('nobody_else')).toEqual(await written(dora.username));
  });

  test('refuses an empty name and one that is too long for any account', async () => {
    expect(await refusalOf(service.signIn('   ', 'a password', {}))).toBe('sign_in.failed');
    expect(await refusalOf(service.signIn('x'.repeat(256), 'a password', {}))).toBe('sign_in.failed');
  });

  test('tells of a ban, with its end, or of a disabled account only who has the password', async () => {
    const emil = await person('emil');
    await db.query("update core.users set banned_until = now() + interval '1 hour' where id = $1", [
      emil.userId,
    ]);
    expect(await refusalOf(service.signIn('emil', 'a wrong password', {}))).toBe('sign_in.failed');
    const error: unknown = await service.signIn('emil', emil.password, {}).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ reason: 'account.banned', sqlstate: 'ST403' });
    expect(error).toHaveProperty('retryAfter', expect.closeTo(3600, -1));

    await db.query("update core.users set banned_until = 'infinity' where id = $1", [emil.userId]);
    const forEver: unknown = await service
      .signIn('emil', emil.password, {})
      .catch((reason: unknown) => reason);
    expect(forEver).toMatchObject({ reason: 'account.banned', retryAfter: undefined });

    await db.query("update core.users set banned_until = now() - interval '1 s' where id = $1", [
      emil.userId,
    ]);
    await expect(service.signIn('emil', emil.password, {})).resolves.toMatchObject({ kind: 'complete' });

    await db.query('update core.users set is_active = false where id = $1', [emil.userId]);
    expect(await refusalOf(service.signIn('emil', 'a wrong password', {}))).toBe('sign_in.failed');
    expect(await refusalOf(service.signIn('emil', emil.password, {}))).toBe('account.disabled');
  });

  test('turns away who would wait too long, before anything is counted', async () => {
    const frida = await person('frida');
    const narrow = await anotherService({ argon2: { concurrency: 1, queue: 1 } });
    const outcomes = await outcomesOf(
      Array.from({ length: 30 }, () => narrow.signIn('frida', frida.password, { ip: '192.0.2.9' })),
    );
    expect(outcomes['ok']).toBe(2);
    expect(outcomes['sign_in.busy']).toBe(28);
    const { rows } = await db.query(
      "select attempts from auth.throttles where key_hash = auth.network_key('192.0.2.9')",
    );
    expect(rows).toEqual([{ attempts: 0 }]);
  });
});

describe('a hash of other parameters', () => {
  test('from bcrypt verifies and is replaced by argon2id', async () => {
    for (const [index, prefix] of ['$2a$', '$2b$', '$2y$'].entries()) {
      const name = `import_${index}`;
      const { userId } = await person(name);
      const imported = (await bcrypt.hash('the old password', 4)).replace(/^\$2[aby]\$/, prefix);
      await db.query('update auth.accounts set password_hash = $2 where user_id = $1', [userId, imported]);

      expect(await refusalOf(service.signIn(name, 'a wrong password', {}))).toBe('sign_in.failed');
      expect(await hashOf(userId)).toBe(imported);
      await service.signIn(name, 'the old password', {});
      expect(await hashOf(userId)).toMatch(/^\$argon2id\$/);
      await expect(service.signIn(name, 'the old password', {})).resolves.toMatchObject({ kind: 'complete' });
    }
  });

  test('from argon2 is computed anew, once, and sessions go on', async () => {
    const gina = await person('gina');
    const signedIn = await service.signIn('gina', gina.password, {});
    const before = await hashOf(gina.userId);
    const stricter = await anotherService({ argon2: { passes: 3 } });

    await stricter.signIn('gina', gina.password, {});
    const after = await hashOf(gina.userId);
    expect(before).toContain('t=2');
    expect(after).toContain('t=3');
    expect(stricter.hashWork.hashed).toBe(1);
    await stricter.signIn('gina', gina.password, {});
    expect(await hashOf(gina.userId)).toBe(after);
    if (signedIn.kind !== 'complete') throw new Error('a second factor was asked for');
    expect(await service.authenticate(signedIn.tokens.accessToken)).toBeDefined();
  });

  test('is not replaced when the password was changed meanwhile', async () => {
    const hugo = await person('hugo');
    const current = await hashOf(hugo.userId);
    const { rows } = await db.query('select auth.upgrade_password_hash($1, $2, $3) as replaced', [
      hugo.userId,
      'an older hash',
      current?.replace('t=2', 't=9'),
    ]);
    expect(rows).toEqual([{ replaced: false }]);
    expect(await hashOf(hugo.userId)).toBe(current);
  });
});
