import { beforeEach, describe, expect, test } from 'vitest';
import { outcomesOf, refusalOf, signInFixture, tokenIn } from './fixture.ts';

const { db, service, anotherService, person, deliver } = await signInFixture();

beforeEach(() => db.query('delete from auth.throttles'));

const wrong = (name: string, ip = '192.0.2.1') => service.signIn(name, 'a wrong password', { ip });

/** Groups of so many at once, one group after the other. */
async function inGroups(
  sizes: readonly number[],
  attempt: () => Promise<unknown>,
): Promise<Promise<unknown>[]> {
  const attempts: Promise<unknown>[] = [];
  for (const size of sizes) {
    const group = Array.from({ length: size }, attempt);
    await Promise.allSettled(group);
    attempts.push(...group);
  }
  return attempts;
}

/** As if so much time had passed. */
const later = (time: string) =>
  db.query(
    `update auth.throttles set
       window_started_at = window_started_at - $1::interval,
       blocked_until = blocked_until - $1::interval`,
    [time],
  );

const blockedFor = async (scope: string): Promise<number[]> => {
  const { rows } = await db.query<{ minutes: number }>(
    `select round(extract(epoch from blocked_until - now()) / 60)::int as minutes
     from auth.throttles where scope = $1 and blocked_until > now()`,
    [scope],
  );
  return rows.map(({ minutes }) => minutes);
};

describe('wrong passwords', () => {
  test('of a thousand, ten are looked at, whether they come one by one or at once', async () => {
    await person('ada');
    const before = service.hashWork.verified;
    const attempts = await inGroups([...Array(100).fill(1), ...Array(9).fill(100)], () => wrong('ada'));
    expect(await outcomesOf(attempts)).toEqual({ 'sign_in.failed': 10, 'sign_in.too_many': 990 });
    expect(service.hashWork.verified - before).toBe(10);
  });

  test('of a thousand at once for a name that nobody has, ten are looked at too', async () => {
    const before = service.hashWork.verified;
    const attempts = await inGroups(Array(10).fill(100), () => wrong('nobody'));
    expect(await outcomesOf(attempts)).toEqual({ 'sign_in.failed': 10, 'sign_in.too_many': 990 });
    expect(service.hashWork.verified - before).toBe(10);
  });

  test('keep the right one out as well, and the wait is told in seconds', async () => {
    const bela = await person('bela');
    await outcomesOf(Array.from({ length: 10 }, () => wrong('bela')));
    const error: unknown = await service.signIn('bela', bela.password, {}).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ reason: 'sign_in.too_many', sqlstate: 'ST429' });
    expect(error).toHaveProperty('retryAfter', expect.closeTo(900, -1));
  });

  test('are still counted by a process that was started again', async () => {
    const cleo = await person('cleo');
    await outcomesOf(Array.from({ length: 10 }, () => wrong('cleo')));
    const restarted = await anotherService();
    expect(await refusalOf(restarted.signIn('cleo', cleo.password, {}))).toBe('sign_in.too_many');
    const { rows } = await db.query(
      "select relpersistence from pg_class where oid = 'auth.throttles'::regclass",
    );
    expect(rows, 'a crash of the server does not empty it').toEqual([{ relpersistence: 'p' }]);
  });

  test('are forgotten after a success', async () => {
    const dora = await person('dora');
    for (let round = 0; round < 3; round += 1) {
      await outcomesOf(Array.from({ length: 9 }, () => wrong('dora')));
      await service.signIn('dora', dora.password, {});
    }
    const { rows } = await db.query("select from auth.throttles where scope = 'sign_in_name'");
    expect(rows).toEqual([]);
  });

  test('block for 15 minutes, then for twice as long each time, up to a day', async () => {
    const waits: number[] = [];
    for (let round = 0; round < 9; round += 1) {
      await outcomesOf(Array.from({ length: 12 }, () => wrong('nobody', '198.51.100.1')));
      const [minutes] = await blockedFor('sign_in_name');
      waits.push(minutes ?? 0);
      await later(`${minutes ?? 0} minutes`);
      await db.query("delete from auth.throttles where scope = 'sign_in_address'");
    }
    expect(waits).toEqual([15, 30, 60, 120, 240, 480, 960, 1440, 1440]);
    await later('2 days');
    await outcomesOf(Array.from({ length: 12 }, () => wrong('nobody', '198.51.100.1')));
    expect(await blockedFor('sign_in_name'), 'a quiet day ends the doubling').toEqual([15]);
  });

  test('for many names from one address are limited by the address', async () => {
    const attempts = Array.from({ length: 150 }, (_, index) => wrong(`name_${index}`, '203.0.113.7'));
    expect(await outcomesOf(attempts)).toEqual({ 'sign_in.failed': 100, 'sign_in.too_many': 50 });
    expect(await refusalOf(wrong('name_1', '203.0.113.8'))).toBe('sign_in.failed');
  });

  test('cannot be wiped from the count of an address by signing in to an account of one’s own', async () => {
    const emil = await person('emil');
    for (let index = 0; index < 99; index += 1) await refusalOf(wrong(`target_${index}`, '203.0.113.9'));
    await service.signIn('emil', emil.password, { ip: '203.0.113.9' });
    await service.signIn('emil', emil.password, { ip: '203.0.113.9' });
    expect(await refusalOf(wrong('target_a', '203.0.113.9'))).toBe('sign_in.failed');
    expect(await refusalOf(wrong('target_b', '203.0.113.9'))).toBe('sign_in.too_many');
  });

  test('lock the account whichever of its names they come by, and only the right password learns it', async () => {
    const frida = await person('frida');
    await outcomesOf(Array.from({ length: 5 }, () => wrong(frida.username)));
    await outcomesOf(Array.from({ length: 5 }, () => wrong(frida.email)));
    expect(await refusalOf(wrong(frida.username))).toBe('sign_in.failed');
    const error: unknown = await service
      .signIn(frida.username, frida.password, {})
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({ reason: 'account.locked', sqlstate: 'ST403' });
    expect(error).toHaveProperty('retryAfter', expect.closeTo(900, -1));
  });

  test('do not keep out who sets a new password by mail', async () => {
    const gina = await person('gina');
    await deliver();
    await outcomesOf(Array.from({ length: 20 }, () => wrong(gina.username)));
    await outcomesOf(Array.from({ length: 20 }, () => wrong(gina.email)));
    await service.requestPasswordReset(gina.email, {});
    await service.resetPassword(tokenIn((await deliver())[0]), 'a new password');
    await expect(service.signIn(gina.username, 'a new password', {})).resolves.toMatchObject({
      kind: 'complete',
    });
    await expect(service.signIn(gina.email, 'a new password', {})).resolves.toMatchObject({
      kind: 'complete',
    });
  });
});

describe('mails that are asked for', () => {
  test('are limited by address, whether or not somebody has it', async () => {
    const hugo = await person('hugo');
    await db.query('delete from auth.throttles');
    for (const email of [hugo.email, 'nobody@example.org']) {
      const attempts = Array.from({ length: 8 }, () => service.requestPasswordReset(email, {}));
      expect(await outcomesOf(attempts), email).toEqual({ ok: 5, 'mail.too_many': 3 });
    }
  });
});

test('a network address is one IPv4 address, however it is written, or a /64 of IPv6', async () => {
  const { rows } = await db.query(
    `select
       auth.network_key('192.0.2.1') = auth.network_key('::ffff:192.0.2.1') as mapped,
       auth.network_key('::ffff:192.0.2.1') = auth.network_key('::ffff:192.0.2.2') as neighbours,
       auth.network_key('2001:db8::1') = auth.network_key('2001:db8:0:0:ffff::2') as home,
       auth.network_key('2001:db8::1') = auth.network_key('2001:db8:0:1::1') as next_home,
       auth.network_key(null) as nowhere`,
  );
  expect(rows).toEqual([{ mapped: true, neighbours: false, home: true, next_home: false, nowhere: null }]);
});

test('what was counted is keyed by digests only', async () => {
  await refusalOf(wrong('a password typed into the wrong field'));
  const { rows } = await db.query('select t::text as line from auth.throttles t');
  expect(rows).not.toEqual([]);
  expect(JSON.stringify(rows)).not.toMatch(/password typed|192\.0\.2/);
});

test('an operator may change a rule, and it holds at once', async () => {
  await db.query("update auth.throttle_rules set attempts = 2 where scope = 'sign_in_name'");
  expect(await outcomesOf(Array.from({ length: 5 }, () => wrong('somebody')))).toEqual({
    'sign_in.failed': 2,
    'sign_in.too_many': 3,
  });
});
