import { describe, expect, test } from 'vitest';
import { outcomesOf, refusalOf, signInFixture, tokenIn } from './fixture.ts';

const { db, service, person, deliver } = await signInFixture();

const from = (ip: string) => ({ ip });

describe('registering by e-mail', () => {
  test('makes the account, its profile and its settings, and mails a token that proves the address', async () => {
    const ada = await person('ada');
    const { rows } = await db.query(
      `select u.username, u.role, u.is_anonymous, a.email_verified_at, p.user_id is not null as has_profile,
         s.user_id is not null as has_settings
       from core.users u
       join auth.accounts a on a.user_id = u.id
       left join core.profiles p on p.user_id = u.id
       left join core.user_settings s on s.user_id = u.id
       where u.id = $1`,
      [ada.userId],
    );
    expect(rows).toEqual([
      {
        username: 'ada',
        role: 'user',
        is_anonymous: false,
        email_verified_at: null,
        has_profile: true,
        has_settings: true,
      },
    ]);

    const mails = await deliver();
    expect(mails.map(({ to, subject }) => [to, subject])).toEqual([
      ['ada@example.org', 'Confirm your e-mail address'],
    ]);
    await service.verifyEmail(tokenIn(mails[0]));
    const verified = await db.query('select from auth.accounts where email_verified_at is not null');
    expect(verified.rowCount).toBe(1);
  });

  test('keeps an argon2id hash and never the password', async () => {
    const bela = await person('bela');
    const { rows } = await db.query('select password_hash from auth.accounts where user_id = $1', [
      bela.userId,
    ]);
    expect(rows[0]?.['password_hash']).toMatch(/^\$argon2id\$v=19\$m=1024,p=1,t=2\$/);
    expect(
      await refusalOf(db.query("select auth.register('x@example.org', 'plain password', 'plain')")),
    ).toBe('ST422');
  });

  test('answers the same for an address that is taken, tells its owner, and makes nothing', async () => {
    const cleo = await person('cleo');
    await deliver();
    const before = await db.query('select count(*) from core.users');
    const free = await service.register(
      { email: 'dora@example.org', password: 'long enough', username: 'dora' },
      {},
    );
    const taken = await service.register(
      { email: 'CLEO@example.org', password: 'long enough', username: 'cleopatra' },
      {},
    );
    expect(taken).toEqual(free);
    const after = await db.query('select count(*) from core.users');
    expect(Number(after.rows[0]?.['count'])).toBe(Number(before.rows[0]?.['count']) + 1);

    const mails = await deliver();
    expect(mails.map(({ to, subject }) => [to, subject]).sort()).toEqual([
      [cleo.email, 'You have an account already'],
      ['dora@example.org', 'Confirm your e-mail address'],
    ]);
    expect(await refusalOf(service.signIn('cleopatra', 'long enough', {}))).toBe('sign_in.failed');
  });

  test('of several who want one username at once, one gets it', async () => {
    const attempts = Array.from({ length: 5 }, (_, index) =>
      service.register({ email: `emil${index}@example.org`, password: 'long enough', username: 'emil' }, {}),
    );
    expect(await outcomesOf(attempts)).toEqual({ ok: 1, 'username.taken': 4 });
  });

  test('of several who want one address at once, one gets it and all get the same answer', async () => {
    const attempts = Array.from({ length: 5 }, (_, index) =>
      service.register(
        { email: 'frida@example.org', password: 'long enough', username: `frida_${index}` },
        {},
      ),
    );
    expect(await outcomesOf(attempts)).toEqual({ ok: 5 });
    const { rowCount } = await db.query("select from core.users where username like 'frida%'");
    expect(rowCount).toBe(1);
  });

  test.each([
    ['a short password', { password: 'short' }, 'password.too_short'],
    ['a long password', { password: 'x'.repeat(129) }, 'password.too_long'],
    ['an address without an @', { email: 'nobody' }, 'email.malformed'],
    ['a username with a blank', { username: 'no body' }, 'username.malformed'],
    ['a reserved username', { username: 'admin' }, 'username.reserved'],
  ])('refuses %s', async (_what, wrong, reason) => {
    const account = { email: 'nobody@example.org', password: 'long enough', username: 'nobody' };
    expect(await refusalOf(service.register({ ...account, ...wrong }, {}))).toBe(reason);
  });

  test('is limited by network address, an IPv6 home network counting as one', async () => {
    const attempts = Array.from({ length: 22 }, (_, index) =>
      service.registerAnonymous(undefined, from(`2001:db8::${(index + 1).toString(16)}`)),
    );
    expect(await outcomesOf(attempts)).toEqual({ ok: 20, 'registration.too_many': 2 });
    await service.registerAnonymous(undefined, from('2001:db8:0:1::1'));
  });

  test('lets a module add its own rows for each account by a trigger on core.users', async () => {
    await db.query(`
      create schema scratch;
      create table scratch.followers (user_id uuid primary key references core.users);
      create function scratch.follow() returns trigger language plpgsql security definer as
        $$ begin insert into scratch.followers values (new.id); return null; end $$;
      create trigger follow after insert on core.users for each row execute function scratch.follow();
    `);
    const gina = await person('gina');
    const { rows } = await db.query('select user_id from scratch.followers');
    expect(rows).toEqual([{ user_id: gina.userId }]);
    await db.query('drop schema scratch cascade');
  });
});

describe('an anonymous account', () => {
  test('is a session, and becomes a whole account when its address is proven', async () => {
    const tokens = await service.registerAnonymous('Somebody', {});
    expect(await service.authenticate(tokens.accessToken)).toMatchObject({
      userId: tokens.userId,
      role: 'user',
    });
    await deliver();

    await service.completeAccount(
      tokens.userId,
      { email: 'hugo@example.org', password: 'long enough', username: 'hugo' },
      {},
    );
    expect(await refusalOf(service.signIn('hugo', 'long enough', {}))).toBe('sign_in.failed');

    await service.confirmEmailChange(tokenIn((await deliver())[0]));
    const { rows } = await db.query(
      `select username, is_anonymous, email::text, email_verified_at is not null as is_verified, pending_email
       from core.users join auth.accounts on user_id = id where id = $1`,
      [tokens.userId],
    );
    expect(rows).toEqual([
      {
        username: 'hugo',
        is_anonymous: false,
        email: 'hugo@example.org',
        is_verified: true,
        pending_email: null,
      },
    ]);
    const signedIn = await service.signIn('hugo@example.org', 'long enough', {});
    expect(signedIn).toMatchObject({ kind: 'complete', tokens: { userId: tokens.userId } });
    expect(await service.authenticate(tokens.accessToken), 'the first session goes on').toBeDefined();
    expect(
      await refusalOf(
        service.completeAccount(tokens.userId, { email: 'hugo@example.org', password: 'long enough' }, {}),
      ),
    ).toBe('account.complete');
  });

  test('learns nothing about an address that is taken', async () => {
    await person('ines');
    await deliver();
    const tokens = await service.registerAnonymous(undefined, {});
    const free = await service.completeAccount(
      tokens.userId,
      { email: 'jan@example.org', password: 'long enough', username: 'jan' },
      {},
    );
    const taken = await service.completeAccount(
      tokens.userId,
      { email: 'ines@example.org', password: 'long enough' },
      {},
    );
    expect(taken).toEqual(free);
    const mails = await deliver();
    expect(mails.map(({ to, subject }) => [to, subject])).toEqual([
      ['ines@example.org', 'You have an account already'],
    ]);
    expect(mails[0]?.text).not.toContain('jan');
  });

  test('needs a username that is free', async () => {
    await person('kira');
    const { userId } = await service.registerAnonymous(undefined, {});
    const completion = { email: 'lena@example.org', password: 'long enough' };
    expect(await refusalOf(service.completeAccount(userId, completion, {}))).toBe('username.malformed');
    expect(await refusalOf(service.completeAccount(userId, { ...completion, username: 'kira' }, {}))).toBe(
      'username.taken',
    );
  });
});
