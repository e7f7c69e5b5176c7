import { beforeAll, describe, expect, it } from 'vitest';
import { createUser, type TestDatabase, testDatabase } from '../../harness/index.ts';
import { reasonOf } from '../refusal.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
});

let made = 0;
async function two(): Promise<[string, string]> {
  made += 1;
  const pair: [string, string] = [
    await createUser(db, { username: `ann_${made}` }),
    await createUser(db, { username: `bob_${made}` }),
  ];
  await db.query('insert into core.profiles (user_id) select unnest($1::uuid[])', [pair]);
  return pair;
}

function call(userId: string, statement: string, values: readonly unknown[] = []): Promise<unknown[]> {
  return db.as(
    { role: 'stoa_member', userId },
    async (client) => (await client.query(statement, [...values])).rows,
    { commit: true },
  );
}

const ask = (from: string, to: string): Promise<unknown[]> =>
  call(from, 'select social.send_friend_request($1)', [to]);
const block = (by: string, other: string): Promise<unknown[]> => call(by, 'select social.block($1)', [other]);

async function trace(a: string, b: string): Promise<unknown> {
  const { rows } = await db.query(
    `select
       (select count(*)::integer from social.friendships where $1 in (user_id, friend_id) and $2 in (user_id, friend_id)) as friendships,
       (select count(*)::integer from social.friend_edges where (user_id, friend_id) in (($1, $2), ($2, $1))) as edges`,
    [a, b],
  );
  return rows[0];
}

describe('a block', () => {
  it('ends a friendship', async () => {
    const [ann, bob] = await two();
    await ask(ann, bob);
    await ask(bob, ann);
    expect(await trace(ann, bob)).toEqual({ friendships: 1, edges: 2 });
    await block(bob, ann);
    expect(await trace(ann, bob)).toEqual({ friendships: 0, edges: 0 });
  });

  it('ends a request that waits, and lets neither side ask again', async () => {
    const [ann, bob] = await two();
    await ask(ann, bob);
    await block(bob, ann);
    expect(await trace(ann, bob)).toMatchObject({ friendships: 0 });
    expect(await reasonOf(ask(ann, bob))).toBe('friend.refused');
    expect(await reasonOf(ask(bob, ann))).toBe('friend.refused');
  });

  it('leaves no request behind when both happen at the same moment', async () => {
    for (let round = 0; round < 10; round += 1) {
      const [ann, bob] = await two();
      await Promise.allSettled([ask(ann, bob), block(bob, ann)]);
      expect(await trace(ann, bob)).toEqual({ friendships: 0, edges: 0 });
    }
  });

  it('does not shorten the wait after a declined request', async () => {
    const [ann, bob] = await two();
    await ask(ann, bob);
    await call(
      bob,
      'select social.decline_friend_request(id) from social.friendships where user_id = $1 and friend_id = $2',
      [ann, bob],
    );
    await block(bob, ann);
    await call(bob, 'select social.unblock($1)', [ann]);
    expect(await reasonOf(ask(ann, bob))).toBe('friend.too_soon');
  });

  it('is seen by who made it and by nobody else', async () => {
    const [ann, bob] = await two();
    await call(ann, "select social.block($1, 'rude')", [bob]);
    expect(await call(ann, 'select blocked_id, reason from social.blocks')).toEqual([
      { blocked_id: bob, reason: 'rude' },
    ]);
    expect(await call(bob, 'select from social.blocks')).toEqual([]);
  });

  it('hides the profile of each side from the other, and comes off again', async () => {
    const [ann, bob] = await two();
    const profileOf = (seer: string, seen: string): Promise<unknown[]> =>
      call(seer, 'select from core.profiles where user_id = $1', [seen]);
    await block(ann, bob);
    expect(await profileOf(ann, bob)).toHaveLength(0);
    expect(await profileOf(bob, ann)).toHaveLength(0);
    expect(await profileOf(ann, ann)).toHaveLength(1);
    await call(ann, 'select social.unblock($1)', [bob]);
    expect(await profileOf(bob, ann)).toHaveLength(1);
    expect(await reasonOf(call(ann, 'select social.unblock($1)', [bob]))).toBe('block.unknown');
  });

  it('can be made by both sides, and is taken back by each for itself', async () => {
    const [ann, bob] = await two();
    await Promise.all([block(ann, bob), block(bob, ann)]);
    await call(ann, 'select social.unblock($1)', [bob]);
    expect(await reasonOf(ask(ann, bob))).toBe('friend.refused');
  });

  it('is refused for oneself and for nobody', async () => {
    const [ann] = await two();
    expect(await reasonOf(block(ann, ann))).toBe('block.self');
    expect(await reasonOf(block(ann, '00000000-0000-7000-8000-000000000000'))).toBe('user.unknown');
  });
});
