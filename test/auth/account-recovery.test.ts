import { afterEach, describe, expect, test } from 'vitest';
import { outcomesOf, type Person, refusalOf, signInFixture, tokenIn } from './fixture.ts';

const { db, service, person, deliver } = await signInFixture();

// No mail of one test arrives in the next.
afterEach(() => deliver().then(() => {}));

async function tokensOf({ username, password }: Person) {
  const signedIn = await service.signIn(username, password, {});
  if (signedIn.kind !== 'complete') throw new Error('a second factor was asked for');
  return signedIn.tokens;
}

const queued = async () =>
  (await db.query<{ kind: string }>("select payload ->> 'kind' as kind from graphile_worker._private_jobs"))
    .rows;

describe('a forgotten password', () => {
  test('is replaced by a mailed token, which proves the address and signs out everywhere', async () => {
    const ada = await person('ada');
    const tokens = await tokensOf(ada);
    await deliver();
    await service.requestPasswordReset('ADA@example.org', {});
    const mails = await deliver();
    expect(mails.map(({ to, subject }) => [to, subject])).toEqual([[ada.email, 'Set a new password']]);

    await service.resetPassword(tokenIn(mails[0]), 'another password');
    expect(await service.authenticate(tokens.accessToken)).toBeUndefined();
    expect(await refusalOf(service.refreshSession(tokens.refreshToken, {}))).toBe('session.ended');
    const alive = await db.query('select from auth.sessions where user_id = $1 and revoked_at is null', [
      ada.userId,
    ]);
    expect(alive.rowCount).toBe(0);
    expect(await refusalOf(service.signIn('ada', ada.password, {}))).toBe('sign_in.failed');
    await expect(service.signIn('ada', 'another password', {})).resolves.toMatchObject({ kind: 'complete' });
    const { rows } = await db.query(
      'select email_verified_at is not null as is_verified from auth.accounts where user_id = $1',
      [ada.userId],
    );
    expect(rows).toEqual([{ is_verified: true }]);
    expect((await deliver()).map(({ subject }) => subject)).toEqual(['Your password was changed']);
  });

  test('of nobody gets the same answer and the same job, and no mail', async () => {
    const bela = await person('bela');
    await deliver();
    const known = await service.requestPasswordReset(bela.email, {});
    const jobsOfKnown = await queued();
    await deliver();
    const unknown = await service.requestPasswordReset('nobody@example.org', {});
    expect(unknown).toEqual(known);
    expect(await queued()).toEqual(jobsOfKnown);
    expect(await deliver()).toEqual([]);
  });

  test('keeps the second factor', async () => {
    const cleo = await person('cleo');
    await db.query(
      "insert into auth.two_factor (user_id, secret_ciphertext, key_id, confirmed_at) values ($1, '\\x00', 'x', now())",
      [cleo.userId],
    );
    await deliver();
    await service.requestPasswordReset(cleo.email, {});
    await service.resetPassword(tokenIn((await deliver())[0]), 'another password');
    await expect(service.signIn('cleo', 'another password', {})).resolves.toMatchObject({
      kind: 'second_factor',
    });
  });
});

describe('a mailed token', () => {
  test('works once, when it comes several times at once', async () => {
    const dora = await person('dora');
    await deliver();
    await service.requestPasswordReset(dora.email, {});
    const token = tokenIn((await deliver())[0]);
    const attempts = Array.from({ length: 6 }, (_, index) =>
      service.resetPassword(token, `new password ${index}`),
    );
    expect(await outcomesOf(attempts)).toEqual({ ok: 1, 'token.spent': 5 });
  });

  test('is replaced by the next one, ends in time, and serves one purpose', async () => {
    const emil = await person('emil');
    const verification = tokenIn((await deliver())[0]);
    expect(await refusalOf(service.resetPassword(verification, 'another password'))).toBe('token.spent');
    expect(await refusalOf(service.confirmEmailChange(verification))).toBe('token.spent');

    await service.requestPasswordReset(emil.email, {});
    const first = tokenIn((await deliver())[0]);
    await service.requestPasswordReset(emil.email, {});
    const second = tokenIn((await deliver())[0]);
    expect(await refusalOf(service.resetPassword(first, 'another password'))).toBe('token.spent');
    const { rows } = await db.query(
      `select purpose, round(extract(epoch from expires_at - now()) / 3600)::int as hours
       from auth.one_time_tokens where user_id = $1 order by purpose`,
      [emil.userId],
    );
    expect(rows).toEqual([
      { purpose: 'reset_password', hours: 1 },
      { purpose: 'verify_email', hours: 24 },
    ]);
    await db.query('update auth.one_time_tokens set expires_at = now() where user_id = $1', [emil.userId]);
    expect(await refusalOf(service.resetPassword(second, 'another password'))).toBe('token.spent');
    expect(await refusalOf(service.verifyEmail(verification))).toBe('token.spent');
  });

  test('that comes with a password which is too short is not spent', async () => {
    const frida = await person('frida');
    await deliver();
    await service.requestPasswordReset(frida.email, {});
    const token = tokenIn((await deliver())[0]);
    expect(await refusalOf(service.resetPassword(token, 'short'))).toBe('password.too_short');
    await service.resetPassword(token, 'long enough');
  });

  test('is in no job of the queue and in no row of the database', async () => {
    const gina = await person('gina');
    await deliver();
    await service.requestPasswordReset(gina.email, {});
    const { rows } = await db.query('select payload::text from graphile_worker._private_jobs');
    expect(rows).toEqual(
      [{ payload: JSON.stringify({ kind: 'reset_password', userId: gina.userId }) }].map(({ payload }) => ({
        payload: expect.toSatisfy((text: string) => JSON.stringify(JSON.parse(text)) === payload),
      })),
    );
    const token = tokenIn((await deliver())[0]);
    const stored = await db.query('select t::text as line from auth.one_time_tokens t');
    expect(JSON.stringify(stored.rows)).not.toContain(token);
  });
});

describe('changing the password', () => {
  test('asks for the present one, signs out elsewhere, and gives this session new tokens', async () => {
    const hugo = await person('hugo');
    const here = await tokensOf(hugo);
    const elsewhere = await tokensOf(hugo);
    expect(
      await refusalOf(
        service.changePassword(hugo.userId, here.sessionId, 'a wrong password', 'another password'),
      ),
    ).toBe('password.wrong');
    const renewed = await service.changePassword(
      hugo.userId,
      here.sessionId,
      hugo.password,
      'another password',
    );
    expect(renewed.sessionId).toBe(here.sessionId);
    expect(await service.authenticate(here.accessToken)).toBeUndefined();
    expect(await service.authenticate(elsewhere.accessToken)).toBeUndefined();
    expect(await service.authenticate(renewed.accessToken)).toBeDefined();
    await service.refreshSession(renewed.refreshToken, {});
    expect(await refusalOf(service.signIn('hugo', hugo.password, {}))).toBe('sign_in.failed');
  });

  test('by guessing is limited', async () => {
    const ines = await person('ines');
    const { sessionId } = await tokensOf(ines);
    const attempts = Array.from({ length: 14 }, () =>
      service.changePassword(ines.userId, sessionId, 'a wrong password', 'another password'),
    );
    expect(await outcomesOf(attempts)).toEqual({ 'password.wrong': 10, 'password.too_many': 4 });
  });

  test('from a session that has ended is refused', async () => {
    const jan = await person('jan');
    const { sessionId } = await tokensOf(jan);
    await service.signOut(sessionId);
    expect(
      await refusalOf(service.changePassword(jan.userId, sessionId, jan.password, 'another password')),
    ).toBe('session.ended');
    await expect(service.signIn('jan', jan.password, {})).resolves.toMatchObject({ kind: 'complete' });
  });
});

describe('an e-mail address', () => {
  test('is proven by its token, once, and the token is mailed again on demand', async () => {
    const kira = await person('kira');
    const first = tokenIn((await deliver())[0]);
    await service.resendVerification(kira.userId, {});
    const second = tokenIn((await deliver())[0]);
    expect(await refusalOf(service.verifyEmail(first))).toBe('token.spent');
    await service.verifyEmail(second);
    expect(await refusalOf(service.verifyEmail(second))).toBe('token.spent');
    expect(await refusalOf(service.resendVerification(kira.userId, {}))).toBe('email.already_verified');
    const { userId } = await service.registerAnonymous(undefined, {});
    expect(await refusalOf(service.resendVerification(userId, {}))).toBe('email.missing');
    expect(await refusalOf(service.requestEmailChange(userId, 'x@example.org', undefined, {}))).toBe(
      'email.missing',
    );
  });

  test('gives way to another one that is proven, and is told before', async () => {
    const lena = await person('lena');
    await deliver();
    await service.requestPasswordReset(lena.email, {});
    const resetToken = tokenIn((await deliver())[0]);

    expect(await refusalOf(service.requestEmailChange(lena.userId, 'new@example.org', 'wrong', {}))).toBe(
      'password.wrong',
    );
    await service.requestEmailChange(lena.userId, 'new@example.org', lena.password, {});
    const mails = await deliver();
    expect(mails.map(({ to, subject }) => [to, subject]).sort()).toEqual([
      ['lena@example.org', 'Your e-mail address is about to change'],
      ['new@example.org', 'Confirm your new e-mail address'],
    ]);
    await expect(service.signIn(lena.email, lena.password, {})).resolves.toMatchObject({ kind: 'complete' });

    await service.confirmEmailChange(tokenIn(mails.find(({ to }) => to === 'new@example.org')));
    expect(await refusalOf(service.signIn(lena.email, lena.password, {}))).toBe('sign_in.failed');
    await expect(service.signIn('new@example.org', lena.password, {})).resolves.toMatchObject({
      kind: 'complete',
    });
    expect(
      await refusalOf(service.resetPassword(resetToken, 'another password')),
      'mailed to the old one',
    ).toBe('token.spent');
  });

  test('that is taken gets the same answer, and its owner a mail without a token', async () => {
    const mona = await person('mona');
    const nils = await person('nils');
    await deliver();
    const free = await service.requestEmailChange(nils.userId, 'free@example.org', nils.password, {});
    await deliver();
    const taken = await service.requestEmailChange(nils.userId, mona.email, nils.password, {});
    expect(taken).toEqual(free);
    const mail = (await deliver()).find(({ to }) => to === mona.email);
    expect(mail?.subject).toBe('You have an account already');
    expect(mail?.text).not.toContain('token');
    expect(mail?.text).not.toContain('nils');
  });

  test('that was taken while the token was on its way stays with whoever has it', async () => {
    const olga = await person('olga');
    await deliver();
    await service.requestEmailChange(olga.userId, 'late@example.org', olga.password, {});
    const token = tokenIn((await deliver()).find(({ to }) => to === 'late@example.org'));
    await person('late');
    expect(await refusalOf(service.confirmEmailChange(token))).toBe('email.taken');
    await expect(service.signIn('late@example.org', 'correct horse of late', {})).resolves.toMatchObject({
      kind: 'complete',
    });
  });
});
