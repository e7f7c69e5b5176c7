import { beforeAll, describe, expect, it } from 'vitest';
import { createUser, type TestDatabase, testDatabase } from '../../harness/index.ts';
import { reasonOf, refusal } from '../refusal.ts';

interface Friendship {
  readonly id: string;
  readonly user_id: string;
  readonly status: string;
}

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
});

let made = 0;
async function two(): Promise<[string, string]> {
  made += 1;
  return [
    await createUser(db, { username: `ann_${made}` }),
    await createUser(db, { username: `bob_${made}` }),
  ];
}

async function call(userId: string, expression: string, values: readonly unknown[]): Promise<Friendship> {
  return db.as(
    { role: 'stoa_member', userId },
    async (client) => {
      const { rows } = await client.query<Friendship>(`select * from ${expression}`, [...values]);
      const [row] = rows;
      if (row === undefined) throw new Error('no row');
      return row;
    },
    { commit: true },
  );
}

const ask = (from: string, to: string): Promise<Friendship> =>
  call(from, 'social.send_friend_request($1)', [to]);
const accept = (by: string, id: string): Promise<Friendship> =>
  call(by, 'social.accept_friend_request($1)', [id]);
const decline = (by: string, id: string): Promise<Friendship> =>
  call(by, 'social.decline_friend_request($1)', [id]);
const cancel = (by: string, id: string): Promise<Friendship> =>
  call(by, 'social.cancel_friend_request($1)', [id]);
const remove = (by: string, other: string): Promise<unknown> => call(by, 'social.remove_friend($1)', [other]);

async function between(a: string, b: string): Promise<{ rows: unknown[]; edges: number }> {
  const friendships = await db.query(
    'select user_id, friend_id, status from social.friendships where $1 in (user_id, friend_id) and $2 in (user_id, friend_id)',
    [a, b],
  );
  const edges = await db.query<{ edges: number }>(
    'select count(*)::integer as edges from social.friend_edges where (user_id, friend_id) in (($1, $2), ($2, $1))',
    [a, b],
  );
  return { rows: friendships.rows, edges: edges.rows[0]?.edges ?? -1 };
}

async function friendsSeenBy(userId: string): Promise<unknown> {
  return db.as({ role: 'stoa_member', userId }, async (client) => {
    const { rows } = await client.query('select user_id, friend_id from social.friends where user_id = $1', [
      userId,
    ]);
    return rows;
  });
}

describe('a friend request', () => {
  it('waits for an answer, and the other side is told once', async () => {
    const [ann, bob] = await two();
    expect(await ask(ann, bob)).toMatchObject({ user_id: ann, status: 'pending' });
    expect(await reasonOf(ask(ann, bob))).toBe('friend.already_requested');
    expect(await between(ann, bob)).toMatchObject({ edges: 0 });
    const { rows } = await db.query(
      'select type, actor_id, count from notifications.notifications where user_id = $1',
      [bob],
    );
    expect(rows).toEqual([{ type: 'friend_request', actor_id: ann, count: 1 }]);
  });

  it('makes both friends when it is accepted, whoever has the larger id', async () => {
    for (const isMirrored of [false, true]) {
      const pair = await two();
      const [asker, asked] = isMirrored ? [pair[1], pair[0]] : pair;
      const { id } = await ask(asker, asked);
      expect(await reasonOf(accept(asker, id))).toBe('friend.unknown_request');
      expect(await accept(asked, id)).toMatchObject({ status: 'accepted' });
      expect(await between(asker, asked)).toMatchObject({ edges: 2 });
      expect(await friendsSeenBy(asker)).toEqual([{ user_id: asker, friend_id: asked }]);
      expect(await friendsSeenBy(asked)).toEqual([{ user_id: asked, friend_id: asker }]);
      expect(await reasonOf(ask(asker, asked))).toBe('friend.already');
      expect(await reasonOf(ask(asked, asker))).toBe('friend.already');
    }
  });

  it('that meets one from the other side makes both friends at once', async () => {
    const [ann, bob] = await two();
    await ask(ann, bob);
    expect(await ask(bob, ann)).toMatchObject({ status: 'accepted' });
    expect(await between(ann, bob)).toEqual({
      rows: [{ user_id: ann, friend_id: bob, status: 'accepted' }],
      edges: 2,
    });
  });

  it('sent by both at the same moment leaves one row and two friends', async () => {
    for (let round = 0; round < 10; round += 1) {
      const [ann, bob] = await two();
      await Promise.all([ask(ann, bob), ask(bob, ann)]);
      const state = await between(ann, bob);
      expect(state.rows).toHaveLength(1);
      expect(state).toMatchObject({ rows: [{ status: 'accepted' }], edges: 2 });
    }
  });

  it('sent many times at once by one side is one request', async () => {
    const [ann, bob] = await two();
    const outcomes = await Promise.allSettled(Array.from({ length: 6 }, () => ask(ann, bob)));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect((await between(ann, bob)).rows).toEqual([{ user_id: ann, friend_id: bob, status: 'pending' }]);
  });

  it('that is declined makes who asked wait a week, and not who declined', async () => {
    const [ann, bob] = await two();
    const { id } = await ask(ann, bob);
    expect(await decline(bob, id)).toMatchObject({ status: 'declined' });
    const refused = await refusal(ask(ann, bob));
    expect(refused).toMatchObject({ sqlstate: 'ST429', reason: 'friend.too_soon' });
    expect(refused.retryAfter).toBeGreaterThan(6 * 86_400);

    await db.query("update social.friendships set declined_at = now() - interval '8 days' where id = $1", [
      id,
    ]);
    expect(await ask(ann, bob)).toMatchObject({ id, status: 'pending' });
    await decline(bob, id);
    expect(await ask(bob, ann)).toMatchObject({ id, user_id: bob, status: 'pending' });
  });

  it('can be taken back by who sent it, and answered by who got it, once', async () => {
    const [ann, bob] = await two();
    const { id } = await ask(ann, bob);
    expect(await reasonOf(cancel(bob, id))).toBe('friend.unknown_request');
    await cancel(ann, id);
    expect((await between(ann, bob)).rows).toEqual([]);
    expect(await reasonOf(accept(bob, id))).toBe('friend.unknown_request');
  });

  it('is neither accepted nor declined twice when both happen at the same moment', async () => {
    for (let round = 0; round < 5; round += 1) {
      const [ann, bob] = await two();
      const { id } = await ask(ann, bob);
      const outcomes = await Promise.allSettled([accept(bob, id), decline(bob, id), cancel(ann, id)]);
      expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      const state = await between(ann, bob);
      const isAccepted = state.rows.some((row) => JSON.stringify(row).includes('"accepted"'));
      expect(state.edges).toBe(isAccepted ? 2 : 0);
    }
  });

  it('is refused for oneself, for nobody, and for people who take none', async () => {
    const [ann, bob] = await two();
    expect(await reasonOf(ask(ann, ann))).toBe('friend.self');
    expect(await reasonOf(ask(ann, '00000000-0000-7000-8000-000000000000'))).toBe('user.unknown');
    await db.query("insert into core.user_settings (user_id, friend_request_policy) values ($1, 'nobody')", [
      bob,
    ]);
    expect(await reasonOf(ask(ann, bob))).toBe('friend.refused');
    await db.query('update core.users set deleted_at = now() where id = $1', [bob]);
    expect(await reasonOf(ask(ann, bob))).toBe('user.unknown');
  });

  it('reaches somebody who takes requests from friends of friends only through a common friend', async () => {
    const [ann, bob] = await two();
    const [common] = await two();
    await db.query(
      "insert into core.user_settings (user_id, friend_request_policy) values ($1, 'friends_of_friends')",
      [bob],
    );
    expect(await reasonOf(ask(ann, bob))).toBe('friend.refused');
    await accept(common, (await ask(ann, common)).id);
    await accept(common, (await ask(bob, common)).id);
    expect(await ask(ann, bob)).toMatchObject({ status: 'pending' });
  });

  it('is refused while too many others wait', async () => {
    const [ann, bob] = await two();
    await db.query("update core.settings set value = '2' where key = 'friends.max_pending'");
    try {
      for (const other of await two()) await ask(ann, other);
      expect(await reasonOf(ask(ann, bob))).toBe('friend.too_many_pending');
    } finally {
      await db.query("update core.settings set value = '200' where key = 'friends.max_pending'");
    }
  });
});

describe('a friendship', () => {
  it('ends for both sides', async () => {
    const [ann, bob] = await two();
    await accept(bob, (await ask(ann, bob)).id);
    await remove(bob, ann);
    expect(await between(ann, bob)).toEqual({ rows: [], edges: 0 });
    expect(await reasonOf(remove(ann, bob))).toBe('friend.unknown');
  });

  it('is one row a pair, whatever writes it', async () => {
    const [ann, bob] = await two();
    await db.query('insert into social.friendships (user_id, friend_id) values ($1, $2)', [ann, bob]);
    await expect(
      db.query('insert into social.friendships (user_id, friend_id) values ($1, $2)', [bob, ann]),
    ).rejects.toMatchObject({ constraint: 'friendships_pair_key' });
  });

  it('keeps its edges through statements over many rows', async () => {
    const people: string[] = [];
    for (let pair = 0; pair < 4; pair += 1) people.push(...(await two()));
    const [hub, ...others] = people;
    const edges = async (): Promise<number> => {
      const { rows } = await db.query<{ edges: number }>(
        'select count(*)::integer as edges from social.friend_edges where $1 in (user_id, friend_id)',
        [hub],
      );
      return rows[0]?.edges ?? -1;
    };
    await db.query(
      "insert into social.friendships (user_id, friend_id, status, accepted_at) select $1, other, 'accepted', now() from unnest($2::uuid[]) as other",
      [hub, others],
    );
    expect(await edges()).toBe(14);
    await db.query(
      "update social.friendships set status = 'declined', accepted_at = null where user_id = $1 and friend_id = any ($2)",
      [hub, others.slice(0, 3)],
    );
    expect(await edges()).toBe(8);
    await db.query('delete from social.friendships where user_id = $1', [hub]);
    expect(await edges()).toBe(0);
  });

  it('is mended, and the repair recorded, when edges were changed behind its back', async () => {
    const [ann, bob] = await two();
    const [eve] = await two();
    await accept(bob, (await ask(ann, bob)).id);
    await db.query('delete from social.friend_edges where user_id = $1', [ann]);
    await db.query('insert into social.friend_edges (user_id, friend_id, since) values ($1, $2, now())', [
      ann,
      eve,
    ]);

    const repair = async (): Promise<unknown> =>
      (await db.query('select social.repair_friend_edges() as repaired')).rows[0];
    expect(await repair()).toEqual({ repaired: 2 });
    expect(await repair()).toEqual({ repaired: 0 });
    expect(await between(ann, bob)).toMatchObject({ edges: 2 });
    const { rows } = await db.query(
      "select cached_value::integer as kept, true_value::integer as true from ops.counter_repairs where counter = 'social.friend_edges' order by kept",
    );
    expect(rows).toEqual([
      { kept: 0, true: 1 },
      { kept: 1, true: 0 },
    ]);
  });
});
