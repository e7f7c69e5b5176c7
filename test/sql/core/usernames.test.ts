import { beforeAll, describe, expect, it } from 'vitest';
import { createUser, type TestDatabase, testDatabase } from '../../harness/index.ts';
import { reasonOf, refusal } from '../refusal.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
});

function rename(userId: string, name: string, commit = false): Promise<{ username: string }> {
  return db.as(
    { role: 'stoa_member', userId },
    async (client) => {
      const { rows } = await client.query<{ username: string }>(
        'select username from core.change_username($1)',
        [name],
      );
      const [row] = rows;
      if (row === undefined) throw new Error('no row');
      return row;
    },
    { commit },
  );
}

describe('changing a username', () => {
  it('stores it trimmed and in lower case', async () => {
    const ada = await createUser(db, { username: 'ada' });
    expect(await rename(ada, '  Ada_Lovelace ')).toEqual({ username: 'ada_lovelace' });
  });

  it.each(['ab', 'a'.repeat(31), 'with space', 'dash-ed', 'ümlaut', 'dot.ted'])(
    'refuses %j',
    async (name) => {
      const somebody = await createUser(db, { username: `u${Math.random().toString(36).slice(2, 10)}` });
      expect(await reasonOf(rename(somebody, name))).toBe('username.malformed');
    },
  );

  it('refuses an empty name', async () => {
    const somebody = await createUser(db, { username: 'blank' });
    expect(await reasonOf(rename(somebody, '   '))).toBe('input.empty');
  });

  it('refuses reserved names, in any case', async () => {
    const somebody = await createUser(db, { username: 'climber' });
    expect(await reasonOf(rename(somebody, 'Admin'))).toBe('username.reserved');
  });

  it('refuses a name that somebody has, in any case', async () => {
    await createUser(db, { username: 'grace' });
    const other = await createUser(db, { username: 'other' });
    expect(await refusal(rename(other, 'GRACE'))).toMatchObject({
      sqlstate: 'ST409',
      reason: 'username.taken',
    });
  });

  it('makes the next change wait for the cool-down, and says how long', async () => {
    const alan = await createUser(db, { username: 'alan' });
    await rename(alan, 'turing', true);
    const refused = await refusal(rename(alan, 'alan_again'));
    expect(refused).toMatchObject({ sqlstate: 'ST429', reason: 'username.too_soon' });
    expect(refused.retryAfter).toBeGreaterThan(29 * 86_400);
    expect(refused.retryAfter).toBeLessThanOrEqual(30 * 86_400);

    await db.query("update core.users set username_changed_at = now() - interval '31 days' where id = $1", [
      alan,
    ]);
    expect(await rename(alan, 'alan_again')).toEqual({ username: 'alan_again' });
  });

  it('takes the cool-down from the settings', async () => {
    const edsger = await createUser(db, { username: 'edsger' });
    await rename(edsger, 'dijkstra', true);
    await db.query("update core.settings set value = '0' where key = 'username.cooldown_days'");
    try {
      expect(await rename(edsger, 'edsger')).toEqual({ username: 'edsger' });
    } finally {
      await db.query("update core.settings set value = '30' where key = 'username.cooldown_days'");
    }
  });

  it('lets an account without a name choose at once, and again only after the cool-down', async () => {
    const { rows } = await db.query<{ id: string }>(
      'insert into core.users (is_anonymous) values (true) returning id',
    );
    const id = rows[0]?.id ?? '';
    expect(await rename(id, 'satoshi', true)).toEqual({ username: 'satoshi' });
    expect(await reasonOf(rename(id, 'nakamoto'))).toBe('username.too_soon');
  });

  it('gives a name that two want at the same moment to one of them', async () => {
    const [first, second] = [
      await createUser(db, { username: 'first_racer' }),
      await createUser(db, { username: 'second_racer' }),
    ];
    const outcomes = await Promise.allSettled([
      rename(first, 'winner', true),
      rename(second, 'winner', true),
    ]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  it('is refused to visitors', async () => {
    await expect(
      db.as({ role: 'stoa_anonymous' }, (client) => client.query("select core.change_username('x_x')")),
    ).rejects.toMatchObject({ code: '42501' });
  });
});
