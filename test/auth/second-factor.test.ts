import { Secret } from 'otpauth';
import { describe, expect, test } from 'vitest';
import type { SignIn } from '../../src/auth/password-sign-in.ts';
import { totpCode } from '../../src/auth/totp.ts';
import { outcomesOf, type Person, refusalOf, signInFixture } from './fixture.ts';

const { db, config, anotherService, person } = await signInFixture();

/** A clock that the tests move: each code is right for a while, and is accepted once. */
let now = new Date('2030-01-01T12:00:00Z');
const service = await anotherService({ now: () => now });
const nextStep = () => {
  now = new Date(now.getTime() + 30_000);
};

interface Enrolled extends Person {
  readonly secret: Uint8Array;
  readonly recoveryCodes: string[];
}

async function enrolled(username: string): Promise<Enrolled> {
  const somebody = await person(username);
  const enrolment = await service.beginTwoFactor(somebody.userId, somebody.password);
  const secret = Secret.fromBase32(enrolment.secret).bytes;
  nextStep();
  const recoveryCodes = await service.confirmTwoFactor(somebody.userId, totpCode(secret, now));
  nextStep();
  return { ...somebody, secret, recoveryCodes };
}

async function pendingOf({ username, password }: Person): Promise<string> {
  const signedIn: SignIn = await service.signIn(username, password, {});
  if (signedIn.kind !== 'second_factor') throw new Error('no second factor was asked for');
  return signedIn.pendingToken;
}

describe('enrolling', () => {
  test('asks for the password, shows the secret once, and is in force after a first code', async () => {
    const ada = await person('ada');
    expect(await refusalOf(service.beginTwoFactor(ada.userId, 'a wrong password'))).toBe('password.wrong');
    expect(await refusalOf(service.beginTwoFactor(ada.userId, undefined))).toBe('password.wrong');
    expect(await refusalOf(service.confirmTwoFactor(ada.userId, '123456'))).toBe('second_factor.not_begun');

    const enrolment = await service.beginTwoFactor(ada.userId, ada.password);
    expect(enrolment.uri).toMatch(/^otpauth:\/\/totp\/Stoa:ada\?issuer=Stoa&secret=[A-Z2-7]{32}&/);
    await expect(service.signIn('ada', ada.password, {})).resolves.toMatchObject({ kind: 'complete' });

    const secret = Secret.fromBase32(enrolment.secret).bytes;
    const wrongCode = totpCode(secret, new Date(now.getTime() + 3_600_000));
    expect(await refusalOf(service.confirmTwoFactor(ada.userId, wrongCode))).toBe('second_factor.wrong');
    const codes = await service.confirmTwoFactor(ada.userId, totpCode(secret, now));
    expect(codes).toHaveLength(10);
    expect(new Set(codes).size).toBe(10);
    await expect(service.signIn('ada', ada.password, {})).resolves.toMatchObject({ kind: 'second_factor' });
    expect(await refusalOf(service.beginTwoFactor(ada.userId, ada.password))).toBe(
      'second_factor.already_on',
    );
  });

  test('keeps the secret encrypted, bound to its account, and the codes as argon2id hashes', async () => {
    const bela = await enrolled('bela');
    const { rows } = await db.query(
      'select secret_ciphertext, key_id from auth.two_factor where user_id = $1',
      [bela.userId],
    );
    expect(rows[0]?.['secret_ciphertext'].includes(Buffer.from(bela.secret))).toBe(false);
    expect(rows[0]?.['key_id']).not.toContain(config.secretKey.toString('hex').slice(0, 8));
    const codes = await db.query('select code_hash from auth.recovery_codes where user_id = $1', [
      bela.userId,
    ]);
    expect(codes.rows).toHaveLength(10);
    for (const row of codes.rows) expect(row.code_hash).toMatch(/^\$argon2id\$/);
  });
});

describe('a code', () => {
  test('turns a pending sign-in into a session; the pending token alone does not', async () => {
    const cleo = await enrolled('cleo');
    const pending = await pendingOf(cleo);
    expect(await service.authenticate(pending)).toBeUndefined();
    expect(await refusalOf(service.refreshSession(pending, {}))).toBe('session.ended');

    const tokens = await service.completeSignIn(pending, { totpCode: totpCode(cleo.secret, now) }, {});
    expect(await service.authenticate(tokens.accessToken)).toMatchObject({ userId: cleo.userId });
    const { rows } = await db.query(
      'select second_factor_at is not null as passed from auth.sessions where id = $1',
      [tokens.sessionId],
    );
    expect(rows).toEqual([{ passed: true }]);
    nextStep();
    expect(
      await refusalOf(service.completeSignIn(pending, { totpCode: totpCode(cleo.secret, now) }, {})),
    ).toBe('second_factor.expired');
  });

  test('cannot be replayed', async () => {
    const dora = await enrolled('dora');
    const code = totpCode(dora.secret, now);
    await service.completeSignIn(await pendingOf(dora), { totpCode: code }, {});
    expect(await refusalOf(service.completeSignIn(await pendingOf(dora), { totpCode: code }, {}))).toBe(
      'second_factor.replayed',
    );
    nextStep();
    expect(await refusalOf(service.completeSignIn(await pendingOf(dora), { totpCode: code }, {}))).toBe(
      'second_factor.replayed',
    );
    await service.completeSignIn(await pendingOf(dora), { totpCode: totpCode(dora.secret, now) }, {});
  });

  test('signs one in, when several come with it at once', async () => {
    const emil = await enrolled('emil');
    const pendings = await Promise.all(Array.from({ length: 8 }, () => pendingOf(emil)));
    const code = totpCode(emil.secret, now);
    const outcomes = await outcomesOf(
      pendings.map((token) => service.completeSignIn(token, { totpCode: code }, {})),
    );
    expect(outcomes).toEqual({ ok: 1, 'second_factor.replayed': 7 });
  });

  test('and its pending sign-in work once, when that comes several times at once', async () => {
    const frida = await enrolled('frida');
    const pending = await pendingOf(frida);
    const attempts = [frida.recoveryCodes[0], frida.recoveryCodes[1], frida.recoveryCodes[2]].map((code) =>
      service.completeSignIn(pending, { recoveryCode: code ?? '' }, {}),
    );
    expect(await outcomesOf(attempts)).toEqual({ ok: 1, 'second_factor.expired': 2 });
  });

  test('of the step before or after is taken, older and younger ones are not', async () => {
    const gina = await enrolled('gina');
    const at = (seconds: number) => totpCode(gina.secret, new Date(now.getTime() + seconds * 1000));
    for (const seconds of [-90, -60, 60, 90]) {
      expect(
        await refusalOf(service.completeSignIn(await pendingOf(gina), { totpCode: at(seconds) }, {})),
      ).toBe('second_factor.wrong');
    }
    await service.completeSignIn(await pendingOf(gina), { totpCode: at(30) }, {});
    expect(await refusalOf(service.completeSignIn(await pendingOf(gina), { totpCode: at(0) }, {}))).toBe(
      'second_factor.replayed',
    );
  });

  test('that is wrong is counted by account, over any number of pending sign-ins', async () => {
    const hugo = await enrolled('hugo');
    // One after the other: more than ten passwords at once for one name are too many by themselves.
    const pendings: string[] = [];
    for (let signIn = 0; signIn < 15; signIn += 1) pendings.push(await pendingOf(hugo));
    const wrong = totpCode(hugo.secret, new Date(now.getTime() + 3_600_000));
    const outcomes = await outcomesOf(
      pendings.map((token) => service.completeSignIn(token, { totpCode: wrong }, {})),
    );
    expect(outcomes).toEqual({ 'second_factor.wrong': 10, 'second_factor.too_many': 5 });
    expect(
      await refusalOf(
        service.completeSignIn(await pendingOf(hugo), { totpCode: totpCode(hugo.secret, now) }, {}),
      ),
    ).toBe('second_factor.too_many');
  });

  test('comes too late after five minutes', async () => {
    const ines = await enrolled('ines');
    const pending = await pendingOf(ines);
    await db.query(
      "update auth.pending_sign_ins set expires_at = now() - interval '1 s' where user_id = $1",
      [ines.userId],
    );
    expect(
      await refusalOf(service.completeSignIn(pending, { totpCode: totpCode(ines.secret, now) }, {})),
    ).toBe('second_factor.expired');
  });
});

test('no session can be made behind the back of the second factor', async () => {
  const jan = await enrolled('jan');
  await pendingOf(jan);
  const digest = (byte: number) => Buffer.alloc(32, byte);
  const attempt = db.query('select * from auth.create_session($1, $2, $3)', [
    jan.userId,
    digest(1),
    digest(2),
  ]);
  await expect(attempt).rejects.toMatchObject({ code: 'ST401', detail: 'second_factor.required' });
});

describe('a recovery code', () => {
  test('stands in once, however it is typed', async () => {
    const kira = await enrolled('kira');
    const code = kira.recoveryCodes[4] ?? '';
    const typed = ` ${code.toLowerCase().replaceAll('-', ' ').replaceAll('0', 'o').replaceAll('1', 'l')} `;
    const tokens = await service.completeSignIn(await pendingOf(kira), { recoveryCode: typed }, {});
    expect(await service.authenticate(tokens.accessToken)).toBeDefined();
    expect(await refusalOf(service.completeSignIn(await pendingOf(kira), { recoveryCode: code }, {}))).toBe(
      'second_factor.wrong',
    );
  });

  test('signs one in, when several come with it at once', async () => {
    const lena = await enrolled('lena');
    const pendings = await Promise.all(Array.from({ length: 4 }, () => pendingOf(lena)));
    const recoveryCode = lena.recoveryCodes[0] ?? '';
    const outcomes = await outcomesOf(
      pendings.map((token) => service.completeSignIn(token, { recoveryCode }, {})),
    );
    expect(outcomes['ok']).toBe(1);
  });

  test('of the old set is void when new ones are made', async () => {
    const mona = await enrolled('mona');
    expect(await refusalOf(service.regenerateRecoveryCodes(mona.userId, '000000'))).toBe(
      'second_factor.wrong',
    );
    const fresh = await service.regenerateRecoveryCodes(mona.userId, totpCode(mona.secret, now));
    expect(
      await refusalOf(
        service.completeSignIn(await pendingOf(mona), { recoveryCode: mona.recoveryCodes[0] ?? '' }, {}),
      ),
    ).toBe('second_factor.wrong');
    await service.completeSignIn(await pendingOf(mona), { recoveryCode: fresh[9] ?? '' }, {});
  });
});

describe('switching it off', () => {
  test('takes a code, and leaves nothing behind', async () => {
    const nils = await enrolled('nils');
    expect(await refusalOf(service.disableTwoFactor(nils.userId, { totpCode: '000000' }))).toBe(
      'second_factor.wrong',
    );
    await service.disableTwoFactor(nils.userId, { totpCode: totpCode(nils.secret, now) });
    await expect(service.signIn('nils', nils.password, {})).resolves.toMatchObject({ kind: 'complete' });
    const { rowCount } = await db.query(
      'select from auth.recovery_codes where user_id = $1 union all select from auth.two_factor where user_id = $1',
      [nils.userId],
    );
    expect(rowCount).toBe(0);
    expect(await refusalOf(service.disableTwoFactor(nils.userId, { totpCode: '000000' }))).toBe(
      'second_factor.not_on',
    );
  });

  test('takes a recovery code, too', async () => {
    const olga = await enrolled('olga');
    await service.disableTwoFactor(olga.userId, { recoveryCode: olga.recoveryCodes[7] ?? '' });
    await expect(service.signIn('olga', olga.password, {})).resolves.toMatchObject({ kind: 'complete' });
  });
});
