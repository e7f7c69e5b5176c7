import { Secret } from 'otpauth';
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts';
import { describe, expect, test } from 'vitest';
import { totpCode } from '../../src/auth/totp.ts';
import { startTestApi } from '../api/api.ts';
import { signInFixture, tokenIn } from './fixture.ts';

const { db, deliver } = await signInFixture();
const api = await startTestApi(db, { STOA_ARGON2_MEMORY_KIB: '8192' });

const tokens =
  'tokens { accessToken accessTokenExpiresAt refreshToken expiresAt sessionId } user { username }';

/** One mutation; its payload, or the reason with which it was refused. */
async function mutate(name: string, input: object, fields: string, token?: string) {
  const type = `${name.charAt(0).toUpperCase()}${name.slice(1)}Input`;
  const answer = await api.ask(`mutation ($input: ${type}!) { ${name}(input: $input) { ${fields} } }`, {
    variables: { input },
    ...(token === undefined ? {} : { token }),
  });
  const [error] = answer.errors;
  return error ? { refused: error.extensions['reason'] ?? error.message } : answer.data[name];
}

async function registered(
  username: string,
): Promise<{ email: string; password: string; token: string; refreshToken: string }> {
  const [email, password] = [`${username}@example.org`, `correct horse of ${username}`];
  await mutate('register', { email, password, username }, 'accepted');
  const signedIn = await mutate('signIn', { name: username, password }, tokens);
  return { email, password, token: signedIn.tokens.accessToken, refreshToken: signedIn.tokens.refreshToken };
}

describe('through the API', () => {
  test('somebody registers, signs in, is told who they are, refreshes and signs out', async () => {
    expect(
      await mutate(
        'register',
        { email: 'ada@example.org', password: 'long enough', username: 'ada', clientMutationId: 'x' },
        'accepted clientMutationId query { __typename }',
      ),
    ).toEqual({ accepted: true, clientMutationId: 'x', query: { __typename: 'Query' } });

    const signedIn = await mutate(
      'signIn',
      { name: 'ada', password: 'long enough', device: { app: 'test' } },
      `${tokens} secondFactor { token }`,
    );
    expect(signedIn).toMatchObject({ secondFactor: null, user: { username: 'ada' } });
    expect(signedIn.tokens.accessTokenExpiresAt).toMatch(/^\d{4}-\d{2}-\d{2}T/);
    const token: string = signedIn.tokens.accessToken;

    const who = await api.ask(
      '{ viewer { username } myAccount { email emailVerifiedAt hasPassword } mySessions { nodes { isCurrent deviceInfo userAgent } } }',
      { token },
    );
    expect(who.errors).toEqual([]);
    expect(who.data).toMatchObject({
      viewer: { username: 'ada' },
      myAccount: { email: 'ada@example.org', emailVerifiedAt: null, hasPassword: true },
      mySessions: { nodes: [{ isCurrent: true, deviceInfo: { app: 'test' } }] },
    });

    const { refreshToken } = signedIn.tokens;
    const refreshed = await mutate('refreshSession', { refreshToken }, tokens);
    expect((await api.ask('{ viewer { username } }', { token })).status).toBe(401);
    expect(await mutate('signOut', {}, 'ended', refreshed.tokens.accessToken)).toEqual({ ended: true });
    expect((await api.ask('{ viewer { username } }', { token: refreshed.tokens.accessToken })).status).toBe(
      401,
    );
    expect(await mutate('signOut', {}, 'ended')).toEqual({ refused: 'session.required' });
  });

  test('a refusal says code, reason, cure and how long to wait', async () => {
    const wrong =
      'mutation { signIn(input: { name: "nobody", password: "wrong" }) { tokens { accessToken } } }';
    const answer = await api.ask(wrong);
    expect(answer.errors[0]).toMatchObject({
      message: 'The name or the password is not right.',
      extensions: { code: 'UNAUTHENTICATED', reason: 'sign_in.failed', cure: expect.any(String) },
    });
    for (let count = 0; count < 9; count += 1) await api.ask(wrong);
    const tooMany = await api.ask(wrong);
    expect(tooMany.errors[0]?.extensions).toMatchObject({
      code: 'TOO_MANY_REQUESTS',
      reason: 'sign_in.too_many',
      retryAfter: expect.any(Number),
    });
  });

  test('a password is forgotten and set anew by mail', async () => {
    const { email, token } = await registered('bela');
    await deliver();
    expect(await mutate('requestPasswordReset', { email }, 'accepted')).toEqual({ accepted: true });
    const mailed = tokenIn((await deliver()).find(({ to }) => to === email));
    expect(await mutate('resetPassword', { token: mailed, newPassword: 'another one' }, 'done')).toEqual({
      done: true,
    });
    expect((await api.ask('{ viewer { username } }', { token })).status).toBe(401);
    expect(await mutate('signIn', { name: email, password: 'another one' }, 'user { username }')).toEqual({
      user: { username: 'bela' },
    });
  });

  test('an address is verified, and another one takes its place', async () => {
    const { password, email, token } = await registered('cleo');
    const first = tokenIn((await deliver()).find(({ to }) => to === email));
    expect(await mutate('resendVerification', {}, 'accepted', token)).toEqual({ accepted: true });
    const second = tokenIn((await deliver()).find(({ to }) => to === email));
    expect(await mutate('verifyEmail', { token: first }, 'done')).toEqual({ refused: 'token.spent' });
    expect(await mutate('verifyEmail', { token: second }, 'done')).toEqual({ done: true });

    const next = { email: 'cleopatra@example.org', password };
    expect(await mutate('requestEmailChange', next, 'accepted', token)).toEqual({ accepted: true });
    const mailed = tokenIn((await deliver()).find(({ to }) => to === next.email));
    expect(await mutate('confirmEmailChange', { token: mailed }, 'done')).toEqual({ done: true });
    const { data } = await api.ask('{ myAccount { email pendingEmail } }', { token });
    expect(data).toEqual({ myAccount: { email: next.email, pendingEmail: null } });
  });

  test('a password is changed, and other sessions end one by one or all together', async () => {
    const { password, token } = await registered('dora');
    const elsewhere = await mutate('signIn', { name: 'dora', password }, tokens);
    const changed = await mutate(
      'changePassword',
      { currentPassword: password, newPassword: 'another one' },
      'tokens { accessToken }',
      token,
    );
    expect((await api.ask('{ viewer { username } }', { token: elsewhere.tokens.accessToken })).status).toBe(
      401,
    );

    const own: string = changed.tokens.accessToken;
    const other = await mutate('signIn', { name: 'dora', password: 'another one' }, tokens);
    const revoke = `mutation { revokeSession(input: { id: "${other.tokens.sessionId}" }) { clientMutationId } }`;
    expect((await api.ask(revoke, { token: own })).errors).toEqual([]);
    expect((await api.ask('{ viewer { username } }', { token: other.tokens.accessToken })).status).toBe(401);
    expect(await mutate('signOutEverywhere', { keepCurrent: true }, 'ended', own)).toEqual({ ended: 0 });
    expect(await mutate('signOutEverywhere', {}, 'ended', own)).toEqual({ ended: 1 });
  });

  test('a second factor is enrolled, asked for, and switched off', async () => {
    const { password, token } = await registered('emil');
    expect(await mutate('beginTwoFactor', { password: 'wrong' }, 'uri', token)).toEqual({
      refused: 'password.wrong',
    });
    const enrolment = await mutate('beginTwoFactor', { password }, 'uri secret', token);
    const secret = Secret.fromBase32(enrolment.secret).bytes;
    // Neighbouring steps, so that three codes are right at one time.
    const codeAt = (steps: number) => totpCode(secret, new Date(Date.now() + steps * 30_000));
    const { recoveryCodes } = await mutate(
      'confirmTwoFactor',
      { totpCode: codeAt(-1) },
      'recoveryCodes',
      token,
    );
    expect(recoveryCodes).toHaveLength(10);

    const signIn = () =>
      mutate('signIn', { name: 'emil', password }, `${tokens} secondFactor { token expiresAt }`);
    const pending = await signIn();
    expect(pending).toMatchObject({ tokens: null, user: null, secondFactor: { token: expect.any(String) } });
    const complete = (factor: object) =>
      mutate('completeSignIn', { token: pending.secondFactor.token, ...factor }, tokens);
    expect(await complete({})).toEqual({ refused: 'input.malformed' });
    expect(await complete({ totpCode: '1', recoveryCode: '2' })).toEqual({ refused: 'input.malformed' });
    expect(await complete({ totpCode: codeAt(100) })).toEqual({ refused: 'second_factor.wrong' });
    expect(await complete({ totpCode: codeAt(0) })).toMatchObject({ user: { username: 'emil' } });
    expect(await complete({ totpCode: codeAt(1) })).toEqual({ refused: 'second_factor.expired' });

    const again = await signIn();
    const recovered = await mutate(
      'completeSignIn',
      { token: again.secondFactor.token, recoveryCode: recoveryCodes[0] },
      tokens,
    );
    const fresh = await mutate('regenerateRecoveryCodes', { totpCode: codeAt(1) }, 'recoveryCodes', token);
    expect(fresh.recoveryCodes).not.toContain(recoveryCodes[1]);
    const off = { recoveryCode: fresh.recoveryCodes[0] };
    expect(await mutate('disableTwoFactor', off, 'done', recovered.tokens.accessToken)).toEqual({
      done: true,
    });
    expect(await signIn()).toMatchObject({ secondFactor: null, user: { username: 'emil' } });
  });

  test('a wallet signs in, gets a PIN, and is linked elsewhere', async () => {
    const wallet = privateKeyToAccount(generatePrivateKey());
    const signed = async (who = wallet) => {
      const { message } = await mutate(
        'createWalletChallenge',
        { address: who.address },
        'message expiresAt',
      );
      return { message, signature: await who.signMessage({ message }) };
    };
    const first = await mutate(
      'signInWithWallet',
      await signed(),
      'tokens { accessToken } user { isAnonymous username }',
    );
    expect(first.user).toEqual({ isAnonymous: true, username: null });
    const token: string = first.tokens.accessToken;
    expect(await mutate('setWalletPin', { pin: '4938' }, 'done', token)).toEqual({ done: true });
    const proof = await signed();
    expect(await mutate('signInWithWallet', proof, tokens)).toEqual({ refused: 'wallet.pin_required' });
    expect(await mutate('signInWithWallet', { ...proof, pin: '4938' }, 'user { username }')).toEqual({
      user: { username: null },
    });

    const { token: frida, password } = await registered('frida');
    const own = privateKeyToAccount(generatePrivateKey());
    expect(await mutate('linkWallet', { ...(await signed()), password }, 'walletId', frida)).toEqual({
      refused: 'wallet.taken',
    });
    const linked = await mutate('linkWallet', { ...(await signed(own)), password }, 'walletId', frida);
    const { data } = await api.ask('{ myWallets { nodes { id address isPrimary } } }', { token: frida });
    expect(data.myWallets.nodes).toEqual([{ id: linked.walletId, address: own.address, isPrimary: true }]);
    const unlink = `mutation { unlinkWallet(input: { id: "${linked.walletId}" }) { clientMutationId } }`;
    expect((await api.ask(unlink, { token: frida })).errors).toEqual([]);
  });

  test('an anonymous account acts at once and is completed later', async () => {
    const anonymous = await mutate('registerAnonymous', { displayName: 'Somebody' }, `${tokens}`);
    const token: string = anonymous.tokens.accessToken;
    const completion = { email: 'gina@example.org', password: 'long enough', username: 'gina' };
    expect(await mutate('completeAccount', completion, 'accepted user { username }', token)).toEqual({
      accepted: true,
      user: { username: 'gina' },
    });
    const mailed = tokenIn((await deliver()).find(({ to }) => to === completion.email));
    await mutate('confirmEmailChange', { token: mailed }, 'done');
    const { data } = await api.ask('{ viewer { username isAnonymous } }', { token });
    expect(data).toEqual({ viewer: { username: 'gina', isAnonymous: false } });
  });

  test('who is banned while signed in may sign out and nothing else', async () => {
    const { password, token } = await registered('hugo');
    await db.query("update core.users set banned_until = 'infinity' where username = 'hugo'");
    expect(
      await mutate(
        'changePassword',
        { currentPassword: password, newPassword: 'another one' },
        'tokens { accessToken }',
        token,
      ),
    ).toEqual({ refused: 'account.restricted' });
    expect(await mutate('signOut', {}, 'ended', token)).toEqual({ ended: true });
  });

  test('neither tables nor functions of sign-in are in the schema', async () => {
    const { data } = await api.ask(
      '{ __schema { types { name } queryType { fields { name } } mutationType { fields { name } } } }',
    );
    const names = [
      ...data.__schema.types,
      ...data.__schema.queryType.fields,
      ...data.__schema.mutationType.fields,
    ].map(({ name }: { name: string }) => name);
    expect(names).toEqual(expect.arrayContaining(['signIn', 'mySessions', 'Session', 'Account', 'Wallet']));
    expect(
      names.filter((name: string) =>
        /(?<!info)hash|authenticate|createSession|OneTimeToken|Throttle|RecoveryCode$|createAdministrator|prepareMail|accountOf/i.test(
          name,
        ),
      ),
    ).toEqual([]);
  });

  test('no secret is in the log of the server', async () => {
    const { token, refreshToken, password } = await registered('ines');
    await mutate('signIn', { name: 'ines', password: 'typed wrong by ines' }, tokens);
    await mutate('refreshSession', { refreshToken }, tokens);
    await api.ask('{ nonsense }', { token });
    const log = JSON.stringify(api.log);
    for (const secret of [token, refreshToken, password, 'typed wrong by ines', 'ines@example.org']) {
      expect(log).not.toContain(secret);
    }
  });
});
