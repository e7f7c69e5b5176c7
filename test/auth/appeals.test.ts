import { Secret } from 'otpauth';
import { describe, expect, test } from 'vitest';
import { totpCode } from '../../src/auth/totp.ts';
import { startTestApi } from '../api/api.ts';
import { createUser } from '../harness/index.ts';
import { signInFixture } from './fixture.ts';

const { db } = await signInFixture();
const api = await startTestApi(db, { STOA_ARGON2_MEMORY_KIB: '8192' });
const adminId = await createUser(db, { username: 'judge', role: 'admin' });

interface Told {
  readonly data: Record<string, unknown> | null;
  readonly refused: Record<string, unknown> | undefined;
}

/** One operation: its data, or what the refusal tells. */
async function ask(
  query: string,
  variables: Readonly<Record<string, unknown>>,
  token?: string,
): Promise<Told> {
  const answer = await api.ask(query, { variables, ...(token === undefined ? {} : { token }) });
  return { data: answer.data, refused: answer.errors[0]?.extensions };
}

const signIn = (name: string, password: string): Promise<Told> =>
  ask(
    `mutation ($input: SignInInput!) {
       signIn(input: $input) { tokens { accessToken refreshToken } secondFactor { token } }
     }`,
    { input: { name, password } },
  );

const completeSignIn = (token: string, totp: string): Promise<Told> =>
  ask(
    'mutation ($input: CompleteSignInInput!) { completeSignIn(input: $input) { tokens { accessToken } } }',
    { input: { token, totpCode: totp } },
  );

const submit = (token: unknown, text = 'It was not me.'): Promise<Told> =>
  ask(
    'mutation ($input: SubmitAppealInput!) { submitAppeal(input: $input) { ban { id reason appealedAt } } }',
    { input: { token, text } },
  );

const banOf = (token: unknown): Promise<Told> =>
  ask('query ($token: String!) { appealableBan(token: $token) { reason expiresAt appealedAt banType } }', {
    token,
  });

async function registered(username: string) {
  const password = `correct horse of ${username}`;
  await ask('mutation ($input: RegisterInput!) { register(input: $input) { accepted } }', {
    input: { email: `${username}@example.org`, password, username },
  });
  const signedIn = await api.ask(
    'mutation ($input: SignInInput!) { signIn(input: $input) { tokens { accessToken refreshToken } user { id } } }',
    { variables: { input: { name: username, password } } },
  );
  const { rows } = await db.query<{ id: string }>('select id from core.users where username = $1', [
    username,
  ]);
  const id = rows[0]?.id;
  if (id === undefined) throw new Error(`${username} did not register`);
  const tokens: { accessToken: string; refreshToken: string } = signedIn.data.signIn.tokens;
  return { id, username, password, ...tokens };
}

async function ban(userId: string, reason = 'Enough.'): Promise<void> {
  await db.as(
    { role: 'stoa_admin', userId: adminId },
    (client) =>
      client.query(`select moderation.ban_user($1, 'account', $2, p_staff_note => 'Sock puppet')`, [
        userId,
        reason,
      ]),
    { commit: true },
  );
}

describe('somebody whose account is banned', () => {
  test('is refused at sign-in with a token, reads why, appeals once, and gets in when it is granted', async () => {
    const ada = await registered('ada');
    await ban(ada.id, 'Advertising.');
    expect(
      (
        await ask(
          'mutation ($input: RefreshSessionInput!) { refreshSession(input: $input) { tokens { accessToken } } }',
          {
            input: { refreshToken: ada.refreshToken },
          },
        )
      ).refused,
    ).toMatchObject({ reason: 'session.ended' });

    const { refused } = await signIn('ada', ada.password);
    expect(refused).toMatchObject({
      code: 'FORBIDDEN',
      reason: 'account.banned',
      appealToken: expect.stringMatching(/^[\w-]{43}$/),
      appealTokenExpiresAt: expect.stringMatching(/^\d{4}-\d{2}-\d{2}T/),
    });
    const token = refused?.['appealToken'];
    expect((await banOf(token)).data).toEqual({
      appealableBan: { reason: 'Advertising.', expiresAt: null, appealedAt: null, banType: 'account' },
    });
    expect((await submit(token, '  ')).refused).toMatchObject({ reason: 'input.empty' });
    expect((await submit(token)).data).toMatchObject({
      submitAppeal: { ban: { reason: 'Advertising.', appealedAt: expect.any(String) } },
    });
    expect((await submit(token)).refused).toMatchObject({ reason: 'token.spent' });
    const again = (await signIn('ada', ada.password)).refused?.['appealToken'];
    expect((await submit(again)).refused).toMatchObject({ reason: 'user_ban.appealed' });

    const { rows } = await db.query<{ id: string }>(
      `select id from moderation.queue_items where queue_type = 'appeal' and submitted_by = $1`,
      [ada.id],
    );
    await db.as(
      { role: 'stoa_admin', userId: adminId },
      (client) => client.query(`select moderation.decide_appeal($1, true, 'Mistaken.')`, [rows[0]?.id]),
      { commit: true },
    );
    expect((await signIn('ada', ada.password)).data).toMatchObject({ signIn: { tokens: {} } });
    expect(JSON.stringify(api.log)).not.toContain(token);
    const kept = await db.query('select from auth.one_time_tokens where token_hash = convert_to($1, $2)', [
      token,
      'UTF8',
    ]);
    expect(kept.rows).toEqual([]);
  });

  test('gets no session by it, and nothing that a visitor has not', async () => {
    const ben = await registered('ben');
    await ban(ben.id);
    const token = String((await signIn('ben', ben.password)).refused?.['appealToken']);
    const { rows } = await db.query(
      'select from auth.sessions where user_id = $1 and revoked_at is null and expires_at > now()',
      [ben.id],
    );
    expect(rows).toEqual([]);
    for (const bearer of [token, ben.accessToken]) {
      const answer = await api.ask('{ viewer { username } }', { token: bearer });
      expect(answer.data?.viewer ?? null).toBeNull();
    }
    expect(
      (
        await ask('mutation ($input: ResetPasswordInput!) { resetPassword(input: $input) { done } }', {
          input: { token, newPassword: 'long enough too' },
        })
      ).refused,
    ).toMatchObject({ reason: 'token.spent' });
  });

  test('is told nothing before the password is right', async () => {
    const cleo = await registered('cleo');
    await ban(cleo.id);
    const { refused } = await signIn('cleo', 'not it');
    expect(refused).toMatchObject({ reason: 'sign_in.failed' });
    expect(refused).not.toHaveProperty('appealToken');
  });

  test('shows the second factor first, where one is on, and a code does for one token', async () => {
    const dora = await registered('dora');
    const begun = await api.ask(
      'mutation { beginTwoFactor(input: {}) { secret } }'
        .replace('{}', '{ password: $p }')
        .replace('mutation', 'mutation ($p: String!)'),
      { variables: { p: dora.password }, token: dora.accessToken },
    );
    const secret = Secret.fromBase32(begun.data.beginTwoFactor.secret).bytes;
    const step = 30_000;
    await ask(
      'mutation ($input: ConfirmTwoFactorInput!) { confirmTwoFactor(input: $input) { recoveryCodes } }',
      { input: { totpCode: totpCode(secret, new Date(Date.now() - step)) } },
      dora.accessToken,
    );
    await ban(dora.id);

    const first = await signIn('dora', dora.password);
    expect(first.refused).toBeUndefined();
    const pending = (first.data as { signIn: { secondFactor: { token: string } } }).signIn.secondFactor.token;
    const wrong = await completeSignIn(pending, '000000');
    expect(wrong.refused).toMatchObject({ reason: 'second_factor.wrong' });
    expect(wrong.refused).not.toHaveProperty('appealToken');

    const code = totpCode(secret, new Date());
    const { refused } = await completeSignIn(pending, code);
    expect(refused).toMatchObject({ reason: 'account.banned', appealToken: expect.any(String) });
    expect((await completeSignIn(pending, code)).refused).toMatchObject({ reason: 'second_factor.expired' });
    expect((await submit(refused?.['appealToken'])).data).toMatchObject({ submitAppeal: { ban: {} } });
  });

  test('loses the token with its hour, with the next one, and when the ban is over', async () => {
    const emil = await registered('emil');
    await ban(emil.id);
    const [older, newer] = [
      (await signIn('emil', emil.password)).refused?.['appealToken'],
      (await signIn('emil', emil.password)).refused?.['appealToken'],
    ];
    expect((await submit(older)).refused).toMatchObject({ reason: 'token.spent' });
    expect((await banOf(older)).refused).toMatchObject({ reason: 'token.spent' });
    await db.query(`update auth.one_time_tokens set expires_at = now() where purpose = 'appeal'`);
    expect((await submit(newer)).refused).toMatchObject({ reason: 'token.spent' });
    const last = (await signIn('emil', emil.password)).refused?.['appealToken'];
    await db.query('update moderation.bans set lifted_at = clock_timestamp() where user_id = $1', [emil.id]);
    expect((await submit(last)).refused).toMatchObject({ reason: 'user_ban.not_running' });
    expect((await banOf(last)).data).toEqual({ appealableBan: null });
  });

  test('is not the same as disabled: that cannot be appealed here', async () => {
    const fred = await registered('fred');
    await ban(fred.id);
    await db.query('update core.users set is_active = false where id = $1', [fred.id]);
    const { refused } = await signIn('fred', fred.password);
    expect(refused).toMatchObject({ reason: 'account.disabled' });
    expect(refused).not.toHaveProperty('appealToken');
  });
});

test('the database gives no appeal token past a second factor that was not shown', async () => {
  const gina = await registered('gina');
  await db.query(
    `insert into auth.two_factor (user_id, secret_ciphertext, key_id, confirmed_at) values ($1, '\\x00', 'k', now())`,
    [gina.id],
  );
  const issue = () => db.query(`select auth.issue_appeal_token($1, sha256('t')) as until`, [gina.id]);
  expect((await issue()).rows).toEqual([{ until: null }]);
  await ban(gina.id);
  await expect(issue()).rejects.toMatchObject({ detail: 'second_factor.required' });
});
