import type pg from 'pg';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { reasonOf } from '../refusal.ts';
import { announcement, type Person, type Swarm, swarm, type Torrent } from './swarm.ts';

/** Each test names the lock or the key that it falls without. */
let world: Swarm;
let torrent: Torrent;
beforeAll(async () => {
  world = await swarm();
});
beforeEach(async () => {
  torrent = await world.torrent();
  await world.db.query('truncate tracker.peers; update tracker.bonus_rules set is_active = false');
});

/** A transaction of its own, which is held open while `meanwhile` runs. */
async function holding<Result>(
  pool: pg.Pool,
  work: (client: pg.PoolClient) => Promise<unknown>,
  meanwhile: (client: pg.PoolClient) => Promise<Result>,
): Promise<Result> {
  const client = await pool.connect();
  try {
    await client.query('begin');
    await work(client);
    const result = await meanwhile(client);
    await client.query('commit');
    return result;
  } catch (error) {
    await client.query('rollback');
    throw error;
  } finally {
    client.release();
  }
}

/** The same sequence in every run (mulberry32). */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const byId = (people: readonly Person[]) => people.toSorted((a, b) => (a.id < b.id ? -1 : 1));

describe('two processes that announce', () => {
  // The lock of the passkey: without it both compare with the same figure before, and the bytes are credited twice.
  it('the same session at once credit what it moved once', async () => {
    const person = await world.person();
    await world.announce(person, torrent, { event: 'started', left: 10, uploaded: 100 });
    const told = { event: 'completed', left: 0, uploaded: 400, downloaded: 10 };
    let second: Promise<unknown> = Promise.resolve();
    await holding(
      world.tracker,
      (client) => world.announceMany([announcement(person, torrent, told)], client),
      async () => {
        second = world.announce(person, torrent, told);
        await world.untilSomebodyWaits();
      },
    );
    await second;
    expect(await world.totals(person)).toMatchObject({
      uploaded: '300',
      downloaded: '10',
      torrents_snatched: 1,
    });
    expect(await world.figures(torrent)).toMatchObject({ times_completed: 1, total_uploaded: '300' });
  });

  // The same lock: without it both count the downloads that run before either has begun.
  it('two downloads of one person get one slot', async () => {
    const person = await world.person();
    await world.db.query('update core.user_classes set max_concurrent_downloads = 1 where is_default');
    const other = await world.torrent();
    let second: Promise<unknown> = Promise.resolve();
    await holding(
      world.tracker,
      (client) => world.announceMany([announcement(person, torrent, { left: 5 })], client),
      async () => {
        second = world.announce(person, other, { left: 5 });
        await world.untilSomebodyWaits();
      },
    );
    expect(await second).toMatchObject({ failure_reason: 'announce.too_many_downloads' });
    await world.db.query('update core.user_classes set max_concurrent_downloads = null where is_default');
  });

  // The order of passkeys: locked as they come in the set, each of the two would hold what the other one waits for.
  it('sets of the same people in opposite order wait for each other, and do not deadlock', async () => {
    const people = (await world.people(5)).toSorted((a, b) => (a.passkeyHash < b.passkeyHash ? -1 : 1));
    const middle = people[2];
    if (!middle) throw new Error('nobody there');
    const set = (order: readonly Person[]) =>
      world.announceMany(order.map((each) => announcement(each, torrent, { event: 'started', left: 5 })));
    const sets: Promise<unknown>[] = [];
    await holding(
      world.db.pool,
      (client) =>
        client.query('select from tracker.passkeys where user_id = $1 for no key update', [middle.id]),
      async () => {
        sets.push(set(people), set(people.toReversed()));
        await world.untilSomebodyWaits(2);
      },
    );
    await Promise.all(sets);
    expect(await world.peers(torrent)).toHaveLength(5);
  });

  // The order of torrent_statistics at the end of a set: these two never wait for each other's passkey.
  it('the same torrents for different people in opposite order do not deadlock', async () => {
    const torrents = [torrent, await world.torrent(), await world.torrent()].toSorted((a, b) =>
      a.id < b.id ? -1 : 1,
    );
    const [left, right] = [await world.person(), await world.person()];
    const set = (person: Person, order: readonly Torrent[], told = {}) =>
      world.announceMany(order.map((each) => announcement(person, each, { event: 'started', ...told })));
    await set(left, torrents);
    await set(right, torrents);
    const sets: Promise<unknown>[] = [];
    await holding(
      world.db.pool,
      (client) =>
        client.query('select from tracker.torrent_statistics where torrent_id = $1 for no key update', [
          torrents[1]?.id,
        ]),
      async () => {
        sets.push(set(left, torrents, { uploaded: 5 }), set(right, torrents.toReversed(), { uploaded: 7 }));
        await world.untilSomebodyWaits(2);
      },
    );
    await Promise.all(sets);
    for (const each of torrents) expect(await world.figures(each)).toMatchObject({ total_uploaded: '12' });
  });

  // The order of user_statistics, the last of all and the same in gifts.
  it('shuffled sets, while their people give to each other, never deadlock, and every byte is counted once', async () => {
    const torrents = [torrent, await world.torrent(), await world.torrent(), await world.torrent()];
    const circles = [await world.people(3), await world.people(3), await world.people(3)];
    for (const person of circles.flat()) await world.fund(person, 1_000);
    await world.announceMany(
      circles
        .flat()
        .flatMap((person) =>
          torrents.map((each) => announcement(person, each, { event: 'started', left: 50 })),
        ),
    );
    const chance = random(7);
    for (let round = 1; round <= 12; round += 1) {
      const sets = circles.map((people) => {
        const pairs = people.flatMap((person) => torrents.map((each) => ({ person, each, at: chance() })));
        return world.announceMany(
          pairs
            .toSorted((left, right) => left.at - right.at)
            .map(({ person, each }) =>
              announcement(person, each, { event: 'completed', left: 0, uploaded: 10 * round }),
            ),
        );
      });
      const gifts = circles.flatMap((people) =>
        people.map((giver, index) => {
          const to = people[(index + 1) % people.length] ?? giver;
          return giver.call('tracker.gift_bonus', { to: to.id, amount: 1 });
        }),
      );
      await Promise.all([...sets, ...gifts]);
    }
    for (const person of circles.flat()) {
      expect(await world.totals(person)).toMatchObject({ uploaded: '480', torrents_snatched: 4 });
    }
    for (const each of torrents) {
      expect(await world.figures(each)).toMatchObject({ total_uploaded: '1080', times_completed: 9 });
    }
    expect(await world.unbalanced()).toEqual([]);
  });
});

describe('the jobs of the swarms', () => {
  // "skip locked" in tracker.sweep_peers and tracker.refresh_torrent_statistics.
  it('wait for no announce, nor does an announce wait for them', async () => {
    const [busy, silent] = [await world.person(), await world.person()];
    await world.announceMany([announcement(busy, torrent, { left: 5 }), announcement(silent, torrent)]);
    await world.letPass(9_000);
    await holding(
      world.tracker,
      (client) =>
        world.announceMany(
          [announcement(busy, torrent, { event: 'completed', left: 0, uploaded: 5 })],
          client,
        ),
      async () => {
        expect(await world.work('tracker.sweep_peers()')).toEqual({ sweep_peers: 1 });
        expect(await world.work('tracker.refresh_torrent_statistics()')).toMatchObject({ refreshed: 0 });
      },
    );
    expect(await world.peers(torrent)).toMatchObject([{ user_id: busy.id }]);
    await world.work('tracker.refresh_torrent_statistics()');
    expect(await world.figures(torrent)).toMatchObject({ seeders: 1, leechers: 0 });
  });
});

describe('the hourly bonus', () => {
  const period = '2030-05-05T10:20:00Z';
  const award = (client: Pick<pg.ClientBase, 'query'> = world.db.pool) =>
    client.query<{ paid: number }>('select paid from tracker.award_bonus($1)', [period]);
  const seed = async (people: readonly Person[], of = torrent) => {
    await world.announceMany(people.map((each) => announcement(each, of)));
    await world.work('tracker.refresh_torrent_statistics()');
    await world.db.query('update tracker.peers set last_announce_at = $1', [period]);
  };
  const rule = (name: string, conditions = '{}') =>
    world.db.query(
      `insert into tracker.bonus_rules (name, event, amount, conditions) values ($1, 'seeding', 5, $2)`,
      [name, conditions],
    );

  // bonus_transactions_rule_period_key: the second run has found everybody unpaid before it waits.
  it('run twice at once pays once', async () => {
    const people = await world.people(3);
    await rule('Once');
    await seed(people);
    let second: ReturnType<typeof award> | undefined;
    await holding(
      world.db.pool,
      async (client) => expect((await award(client)).rows).toEqual([{ paid: 3 }]),
      async () => {
        second = award();
        await world.untilSomebodyWaits();
      },
    );
    expect((await second)?.rows).toEqual([{ paid: 0 }]);
    for (const person of people) {
      expect(await world.totals(person)).toMatchObject({ seedbonus: '5.0000' });
    }
    expect(await world.unbalanced()).toEqual([]);
  });

  // All people are locked at once, in order, before the first rule pays: rule by rule, the first would lock the higher
  // person and the second wait for the lower one, who waits for the higher.
  it('of several rules goes by person, as everybody else, and does not deadlock', async () => {
    const [lower, higher] = byId(await world.people(2));
    if (!lower || !higher) throw new Error('nobody there');
    const large = await world.torrent({ size_bytes: 9_000_000 });
    await rule('Large ones', '{"min_size_bytes":9000000}');
    await rule('Everything');
    await world.fund(lower, 1);
    await world.fund(higher, 1);
    await seed([higher], large);
    await seed([lower]);
    const post = (client: pg.PoolClient, to: Person) =>
      client.query(`select tracker.post_bonus($1, 2, 'adjustment')`, [to.id]);
    let awarded: ReturnType<typeof award> | undefined;
    await holding(
      world.db.pool,
      (client) => post(client, lower),
      async (client) => {
        awarded = award();
        await world.untilSomebodyWaits();
        await post(client, higher);
      },
    );
    expect((await awarded)?.rows).toEqual([{ paid: 3 }]);
    expect(await world.totals(lower)).toMatchObject({ seedbonus: '8.0000' });
    expect(await world.totals(higher)).toMatchObject({ seedbonus: '13.0000' });
    expect(await world.unbalanced()).toEqual([]);
  });
});

describe('points spent at once', () => {
  // The lock of the totals in tracker.post_bonus: without it the second reads the balance that the first is spending.
  it('never make an overdraft', async () => {
    const person = await world.person();
    await world.fund(person, 9_000);
    let second: Promise<unknown> = Promise.resolve();
    await holding(
      world.db.pool,
      (client) => client.query(`select tracker.post_bonus($1, -5000, 'adjustment')`, [person.id]),
      async () => {
        second = reasonOf(person.call('tracker.buy_freeleech'));
        await world.untilSomebodyWaits();
      },
    );
    expect(await second).toBe('tracker.insufficient_points');
    expect(await world.totals(person)).toMatchObject({ seedbonus: '4000.0000' });
    expect(await world.unbalanced()).toEqual([]);
  });

  it('by many at once are as many as the balance allows', async () => {
    const person = await world.person();
    await world.fund(person, 12_000);
    const outcomes = await Promise.allSettled(
      [1, 2, 3, 4, 5, 6].map(() => person.call('tracker.buy_freeleech')),
    );
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(2);
    expect(
      outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason.detail] : [])),
    ).toEqual(Array(4).fill('tracker.insufficient_points'));
    expect(await world.totals(person)).toMatchObject({ seedbonus: '2000.0000' });
    expect(await world.unbalanced()).toEqual([]);
  });

  // The order in tracker.gift_bonus: by person, not giver first.
  it('in gifts that cross do not deadlock', async () => {
    const [lower, higher] = byId(await world.people(2));
    if (!lower || !higher) throw new Error('nobody there');
    await world.fund(lower, 100);
    await world.fund(higher, 100);
    let back: Promise<unknown> = Promise.resolve();
    await holding(
      world.db.pool,
      (client) =>
        client.query('select from tracker.user_statistics where user_id = $1 for no key update', [lower.id]),
      async (client) => {
        // Gives to the lower one, who is held: with the giver locked first, the higher one would be held too.
        back = higher.call('tracker.gift_bonus', { to: lower.id, amount: 10 });
        await world.untilSomebodyWaits();
        await client.query(
          'select from tracker.user_statistics where user_id = $1 for no key update nowait',
          [higher.id],
        );
      },
    );
    await back;
    expect(await world.totals(lower)).toMatchObject({ seedbonus: '109.0000' });
    expect(await world.unbalanced()).toEqual([]);
  });

  it('in many directions keep the ledger and the balances equal', async () => {
    const people = await world.people(5);
    for (const person of people) await world.fund(person, 50);
    await Promise.all(
      people.flatMap((giver, index) =>
        [1, 2, 3].map(async (step) => {
          const to = people[(index + step) % people.length];
          if (!to) return;
          await giver.call('tracker.gift_bonus', { to: to.id, amount: 7 + step });
        }),
      ),
    );
    expect(await world.unbalanced()).toEqual([]);
  });
});

describe('tokens spent at once', () => {
  const activate = (person: Person, of: Torrent) =>
    person.call('tracker.activate_freeleech', { torrent_id: of.id });
  const give = (person: Person, count: number) =>
    world.db.query('insert into tracker.freeleech_tokens (user_id) select $1 from generate_series(1, $2)', [
      person.id,
      count,
    ]);

  // "and activated_at is null" of the update in tracker.activate_freeleech: the second finds its token spent, and goes on.
  it('are each spent once, as many as there are', async () => {
    const person = await world.person();
    await give(person, 2);
    const torrents = [torrent, await world.torrent(), await world.torrent()];
    const outcomes = await Promise.allSettled(torrents.map((each) => activate(person, each)));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(2);
    expect(
      outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason.detail] : [])),
    ).toEqual(['freeleech_token.none_left']);
  });

  // freeleech_tokens_no_overlap.
  it('on one torrent are one', async () => {
    const person = await world.person();
    await give(person, 3);
    const attempts = [1, 2, 3].map(() => activate(person, torrent));
    const outcomes = await Promise.allSettled(attempts);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const [index, { status }] of outcomes.entries()) {
      const attempt = attempts[index];
      if (status === 'rejected' && attempt) expect(await reasonOf(attempt)).toBe('freeleech_token.running');
    }
    expect(
      await world.rows(
        'select from tracker.freeleech_tokens where user_id = $1 and activated_at is not null',
        [person.id],
      ),
    ).toHaveLength(1);
  });
});
