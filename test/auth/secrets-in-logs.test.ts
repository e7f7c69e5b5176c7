import { Secret } from 'otpauth';
import { expect, test, vi } from 'vitest';
import { totpCode } from '../../src/auth/totp.ts';
import { signInFixture, tokenIn } from './fixture.ts';

const { db, config, service, person, deliver, logged } = await signInFixture();

/** What the embedded server wrote; nothing where the tests run on a server of somebody else. */
async function serverLog(): Promise<string> {
  const { rows } = await db.query<{ text: string | null }>(
    "select pg_read_file('server.log', 0, 100000000, true) as text",
  );
  return rows[0]?.text ?? '';
}

test('no password, token, code, key or address is written to any log', async () => {
  const printed: string[] = [];
  const streams = [process.stdout, process.stderr].map((stream) =>
    vi.spyOn(stream, 'write').mockImplementation((chunk) => {
      printed.push(String(chunk));
      return true;
    }),
  );
  const secrets: Record<string, string> = {};
  try {
    const ada = await person('ada');
    Object.assign(secrets, { password: ada.password, email: ada.email });
    secrets['verification token'] = tokenIn((await deliver())[0]);
    await service.verifyEmail(secrets['verification token']);

    secrets['wrong password'] = 'typed in haste';
    await service.signIn('ada', secrets['wrong password'], {}).catch(() => {});
    await service.signIn('a password in the wrong field', 'x', {}).catch(() => {});
    secrets['name that was a password'] = 'a password in the wrong field';
    const taken = { email: ada.email, password: ada.password, username: 'adamant' };
    await service.register(taken, {});
    await deliver();
    const signedIn = await service.signIn('ada', ada.password, {});
    if (signedIn.kind !== 'complete') throw new Error('a second factor was asked for');
    secrets['access token'] = signedIn.tokens.accessToken;
    secrets['refresh token'] = signedIn.tokens.refreshToken;
    const next = await service.refreshSession(secrets['refresh token'], {});
    secrets['next access token'] = next.accessToken;
    await service.refreshSession(secrets['refresh token'], {}).catch(() => {});

    const enrolment = await service.beginTwoFactor(ada.userId, ada.password);
    secrets['second-factor secret'] = enrolment.secret;
    const code = totpCode(Secret.fromBase32(enrolment.secret).bytes, new Date());
    const recoveryCodes = await service.confirmTwoFactor(ada.userId, code);
    secrets['recovery code'] = recoveryCodes[0] ?? '';
    const pending = await service.signIn('ada', ada.password, {});
    if (pending.kind !== 'second_factor') throw new Error('no second factor was asked for');
    secrets['pending token'] = pending.pendingToken;
    await service.completeSignIn(pending.pendingToken, { totpCode: code }, {}).catch(() => {});
    await service.completeSignIn(pending.pendingToken, { recoveryCode: secrets['recovery code'] }, {});

    await service.requestPasswordReset(ada.email, {});
    secrets['reset token'] = tokenIn((await deliver())[0]);
    secrets['new password'] = 'chosen with care';
    await service.resetPassword(secrets['reset token'], secrets['new password']);
    await service.resetPassword(secrets['reset token'], secrets['new password']).catch(() => {});
    await deliver();
    secrets['key'] = config.secretKey.toString('hex');
    secrets['key in base64'] = config.secretKey.toString('base64');
  } finally {
    for (const stream of streams) stream.mockRestore();
  }

  const logs = { ours: logged(), printed: printed.join(''), server: await serverLog() };
  // Where there is a log of the server, it is the one that was written to just now.
  if (logs.server !== '') expect(logs.server).toContain('The name or the password is not right.');
  for (const [what, secret] of Object.entries(secrets)) {
    expect(secret.length, what).toBeGreaterThan(5);
    for (const where of ['ours', 'printed', 'server'] as const) {
      expect(logs[where].includes(secret), `${what} in ${where}`).toBe(false);
    }
  }
});
