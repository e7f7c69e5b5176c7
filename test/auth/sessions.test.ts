import { describe, expect, test } from 'vitest';
import type { SessionTokens } from '../../src/auth/sessions.ts';
import { outcomesOf, type Person, refusalOf, signInFixture } from './fixture.ts';

const { db, service, person } = await signInFixture();

async function signIn({ username, password }: Person, device = {}): Promise<SessionTokens> {
  const signedIn = await service.signIn(username, password, device);
  if (signedIn.kind !== 'complete') throw new Error('a second factor was asked for');
  return signedIn.tokens;
}

const age = (sessionId: string, column: string, time: string) =>
  db.query(`update auth.sessions set ${column} = ${column} - $2::interval where id = $1`, [sessionId, time]);

describe('an access token', () => {
  test('stands for its account, its role and its session', async () => {
    const ada = await person('ada');
    const tokens = await signIn(ada);
    expect(await service.authenticate(tokens.accessToken)).toEqual({
      userId: ada.userId,
      sessionId: tokens.sessionId,
      role: 'user',
    });
    await db.query("update core.users set class_id = 11, role = 'moderator' where id = $1", [ada.userId]);
    expect(await service.authenticate(tokens.accessToken)).toMatchObject({ role: 'moderator' });
  });

  test('is worth nothing when it is unknown, or is a refresh token', async () => {
    const tokens = await signIn(await person('bela'));
    for (const token of ['', 'x', tokens.refreshToken, `${tokens.accessToken}x`]) {
      expect(await service.authenticate(token)).toBeUndefined();
    }
  });

  test('ends after an hour, with the session after 30 days', async () => {
    const tokens = await signIn(await person('cleo'));
    const hours = (tokens.accessTokenExpiresAt.getTime() - Date.now()) / 3_600_000;
    const days = (tokens.expiresAt.getTime() - Date.now()) / 86_400_000;
    expect(hours).toBeCloseTo(1, 1);
    expect(days).toBeCloseTo(30, 1);
    await age(tokens.sessionId, 'token_expires_at', '1 hour');
    expect(await service.authenticate(tokens.accessToken)).toBeUndefined();

    const refreshed = await service.refreshSession(tokens.refreshToken, {});
    expect(refreshed.expiresAt).toEqual(tokens.expiresAt);
    await age(tokens.sessionId, 'expires_at', '30 days');
    expect(await service.authenticate(refreshed.accessToken)).toBeUndefined();
    expect(await refusalOf(service.refreshSession(refreshed.refreshToken, {}))).toBe('session.ended');
  });

  test('acts as a visitor with a name while its account is banned or disabled', async () => {
    const dora = await person('dora');
    const tokens = await signIn(dora);
    await db.query("update core.users set banned_until = 'infinity' where id = $1", [dora.userId]);
    expect(await service.authenticate(tokens.accessToken)).toMatchObject({ userId: dora.userId, role: null });
    expect(await refusalOf(service.refreshSession(tokens.refreshToken, {}))).toBe('session.ended');
    await db.query('update core.users set banned_until = null, is_active = false where id = $1', [
      dora.userId,
    ]);
    expect(await service.authenticate(tokens.accessToken)).toMatchObject({ role: null });
    await db.query('update core.users set is_active = true where id = $1', [dora.userId]);
    expect(await service.authenticate(tokens.accessToken)).toMatchObject({ role: 'user' });
  });

  test('is void when the password is newer', async () => {
    const emil = await person('emil');
    const tokens = await signIn(emil);
    await db.query(
      "update auth.accounts set password_changed_at = now() + interval '1 s' where user_id = $1",
      [emil.userId],
    );
    expect(await service.authenticate(tokens.accessToken)).toBeUndefined();
    expect(await refusalOf(service.refreshSession(tokens.refreshToken, {}))).toBe('session.ended');
  });

  test('marks its session as active at most once a minute', async () => {
    const tokens = await signIn(await person('frida'));
    const lastActive = async (): Promise<Date> =>
      (await db.query('select last_active_at from auth.sessions where id = $1', [tokens.sessionId]))
        .rows[0]?.['last_active_at'];
    const first = await lastActive();
    await service.authenticate(tokens.accessToken);
    expect(await lastActive()).toEqual(first);
    await age(tokens.sessionId, 'last_active_at', '2 minutes');
    await service.authenticate(tokens.accessToken);
    expect((await lastActive()).getTime()).toBeGreaterThan(first.getTime());
  });
});

describe('a refresh token', () => {
  test('is replaced together with the access token', async () => {
    const tokens = await signIn(await person('gina'));
    const next = await service.refreshSession(tokens.refreshToken, { ip: '192.0.2.5', userAgent: 'new' });
    expect(next).toMatchObject({ sessionId: tokens.sessionId, userId: tokens.userId, role: 'user' });
    expect(await service.authenticate(tokens.accessToken)).toBeUndefined();
    expect(await service.authenticate(next.accessToken)).toBeDefined();
    const { rows } = await db.query(
      'select host(ip_address) as ip, user_agent from auth.sessions where id = $1',
      [tokens.sessionId],
    );
    expect(rows).toEqual([{ ip: '192.0.2.5', user_agent: 'new' }]);
  });

  test('ends the session when it is used twice, and every token that came of it', async () => {
    const tokens = await signIn(await person('hugo'));
    const second = await service.refreshSession(tokens.refreshToken, {});
    const third = await service.refreshSession(second.refreshToken, {});
    expect(await refusalOf(service.refreshSession(tokens.refreshToken, {}))).toBe('session.token_reused');
    for (const { accessToken } of [tokens, second, third]) {
      expect(await service.authenticate(accessToken)).toBeUndefined();
    }
    expect(await refusalOf(service.refreshSession(third.refreshToken, {}))).toBe('session.ended');
  });

  test('ends the session when it is used at once by several, who win nothing that lasts', async () => {
    const ines = await person('ines');
    for (let round = 0; round < 10; round += 1) {
      const tokens = await signIn(ines);
      const attempts = Array.from({ length: 4 }, () => service.refreshSession(tokens.refreshToken, {}));
      const outcomes = await outcomesOf(attempts);
      expect(outcomes['ok']).toBe(1);
      expect(outcomes['session.token_reused']).toBeGreaterThanOrEqual(1);
      for (const settled of await Promise.allSettled(attempts)) {
        if (settled.status === 'fulfilled') {
          expect(await service.authenticate(settled.value.accessToken)).toBeUndefined();
          expect(await refusalOf(service.refreshSession(settled.value.refreshToken, {}))).toBe(
            'session.ended',
          );
        }
      }
    }
  });

  test('of another session is not touched by that', async () => {
    const jan = await person('jan');
    const stolen = await signIn(jan);
    const other = await signIn(jan);
    await service.refreshSession(stolen.refreshToken, {});
    await refusalOf(service.refreshSession(stolen.refreshToken, {}));
    expect(await service.authenticate(other.accessToken)).toBeDefined();
    await service.refreshSession(other.refreshToken, {});
  });
});

describe('signing out', () => {
  test('ends this session, and says so once', async () => {
    const tokens = await signIn(await person('kira'));
    expect(await service.signOut(tokens.sessionId)).toBe(true);
    expect(await service.signOut(tokens.sessionId)).toBe(false);
    expect(await service.authenticate(tokens.accessToken)).toBeUndefined();
    expect(await refusalOf(service.refreshSession(tokens.refreshToken, {}))).toBe('session.ended');
  });

  test('everywhere ends all, or all but one', async () => {
    const lena = await person('lena');
    const [first, second, third] = [await signIn(lena), await signIn(lena), await signIn(lena)];
    expect(await service.signOutEverywhere(lena.userId, second.sessionId)).toBe(2);
    expect(await service.authenticate(first.accessToken)).toBeUndefined();
    expect(await service.authenticate(second.accessToken)).toBeDefined();
    expect(await service.signOutEverywhere(lena.userId)).toBe(1);
    expect(await service.authenticate(third.accessToken)).toBeUndefined();
  });
});

describe('sessions of one account', () => {
  test('are fifty at most: the oldest ends for the newest', async () => {
    const mona = await person('mona');
    const first = await signIn(mona);
    const second = await signIn(mona);
    for (let count = 0; count < 48; count += 1) await signIn(mona);
    expect(await service.authenticate(first.accessToken)).toBeDefined();
    await signIn(mona);
    expect(await service.authenticate(first.accessToken)).toBeUndefined();
    expect(await service.authenticate(second.accessToken)).toBeDefined();
  });

  test('are fifty at most when they come at once', async () => {
    const nils = await person('nils');
    for (let count = 0; count < 48; count += 1) await signIn(nils);
    await Promise.all(Array.from({ length: 8 }, () => signIn(nils)));
    const { rowCount } = await db.query(
      'select from auth.sessions where user_id = $1 and revoked_at is null',
      [nils.userId],
    );
    expect(rowCount).toBe(50);
  });

  test('keep digests and no tokens', async () => {
    const tokens = await signIn(await person('olga'), { info: { app: 'test' }, userAgent: 'agent' });
    await service.refreshSession(tokens.refreshToken, {});
    const { rows } = await db.query(
      `select s::text as line from auth.sessions s where id = $1
       union all select t::text from auth.spent_refresh_tokens t where session_id = $1`,
      [tokens.sessionId],
    );
    expect(rows).toHaveLength(2);
    const lines = JSON.stringify(rows);
    for (const token of [tokens.accessToken, tokens.refreshToken]) {
      expect(lines).not.toContain(token);
      expect(lines).not.toContain(Buffer.from(token).toString('hex'));
      expect(lines).not.toContain(Buffer.from(token, 'base64url').toString('hex'));
    }
  });
});
