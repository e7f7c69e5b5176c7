import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { reasonOf } from '../refusal.ts';
import { announcement, type Person, type Swarm, swarm, type Torrent } from './swarm.ts';

let world: Swarm;
let person: Person;
let admin: Person;
beforeAll(async () => {
  world = await swarm();
  admin = await world.person('admin');
});
beforeEach(async () => {
  await world.db.query('truncate tracker.peers; update tracker.bonus_rules set is_active = false');
  person = await world.person();
});

let rules = 0;
async function rule(args: object): Promise<{ id: string }> {
  rules += 1;
  return admin.call<{ id: string }>('tracker.save_bonus_rule', {
    name: `Rule ${rules}`,
    event: 'seeding',
    amount: 3,
    ...args,
  });
}

const award = (period = '2030-05-05T10:20:00Z') =>
  world.work<{ paid: number; next_after: string | null }>('tracker.award_bonus($1)', [period]);

const ledgerOf = (of: Person) =>
  world.rows<{ amount: string; balance_after: string; kind: string }>(
    'select amount, balance_after, kind from tracker.bonus_transactions where user_id = $1 order by id',
    [of.id],
  );

/** People who seed, as of the moment that rules are asked about. */
async function seed(people: readonly Person[], torrents: readonly Torrent[], at = '2030-05-05T10:20:00Z') {
  await world.announceMany(people.flatMap((each) => torrents.map((torrent) => announcement(each, torrent))));
  await world.work('tracker.refresh_torrent_statistics()');
  await world.db.query('update tracker.peers set last_announce_at = $1', [at]);
}

describe('posting', () => {
  it('keeps the balance, each movement with the one that followed from it', async () => {
    await world.fund(person, 10);
    await world.fund(person, '-2.5');
    expect(await ledgerOf(person)).toEqual([
      { amount: '10.0000', balance_after: '10.0000', kind: 'adjustment' },
      { amount: '-2.5000', balance_after: '7.5000', kind: 'adjustment' },
    ]);
    expect(await world.totals(person)).toMatchObject({ seedbonus: '7.5000' });
  });
});

describe('a movement', () => {
  it('beyond the balance is refused, and leaves nothing behind', async () => {
    await world.fund(person, 10);
    await expect(world.fund(person, '-10.0001')).rejects.toMatchObject({
      code: 'ST409',
      detail: 'tracker.insufficient_points',
    });
    expect(await world.totals(person)).toMatchObject({ seedbonus: '10.0000' });
    expect(await ledgerOf(person)).toHaveLength(1);
  });

  it('stays as it is, for the owner too', async () => {
    await world.fund(person, 10);
    for (const change of [
      'update tracker.bonus_transactions set amount = 99',
      `update tracker.bonus_transactions set description = 'other words'`,
      'delete from tracker.bonus_transactions',
      'truncate tracker.bonus_transactions cascade',
    ]) {
      await expect(world.db.query(change)).rejects.toMatchObject({ code: '23001' });
    }
  });

  it('forgets a torrent that is purged, also one that a rule paid for twice over', async () => {
    const { id } = await rule({ event: 'upload_approved', period: 'once' });
    const torrents = [await world.torrent(), await world.torrent()];
    for (const torrent of torrents) {
      await world.db.query(
        `select tracker.post_bonus($1, 5, 'earned', p_bonus_rule_id => $2, p_torrent_id => $3)`,
        [person.id, id, torrent.id],
      );
    }
    await world.db.query('delete from tracker.torrents where id = any($1)', [
      torrents.map((each) => each.id),
    ]);
    expect(await ledgerOf(person)).toHaveLength(2);
  });

  // bonus_transactions_rule_torrent_key.
  it('for a torrent is earned once by each rule', async () => {
    const { id } = await rule({ event: 'upload_approved', period: 'once' });
    const torrent = await world.torrent();
    const pay = () =>
      world.db.query(
        `select tracker.post_bonus($1, 5, 'earned', p_bonus_rule_id => $2, p_torrent_id => $3)`,
        [person.id, id, torrent.id],
      );
    await pay();
    await expect(pay()).rejects.toMatchObject({ constraint: 'bonus_transactions_rule_torrent_key' });
    expect(await world.totals(person)).toMatchObject({ seedbonus: '5.0000' });
  });

  it('keeps the sums of bounties beside the balance', async () => {
    await world.fund(person, 100);
    const post = (amount: number, kind: string) =>
      world.db.query('select tracker.post_bonus($1, $2, $3)', [person.id, amount, kind]);
    await post(-60, 'bounty_escrow');
    await post(20, 'bounty_refund');
    await post(7, 'bounty_payout');
    expect(await world.totals(person)).toMatchObject({
      seedbonus: '67.0000',
      bounty_spent: '40.0000',
      bounty_earned: '7.0000',
    });
  });
});

describe('a gift', () => {
  const give = (to: Person, amount: unknown, more = {}) =>
    person.call('tracker.gift_bonus', { to: to.id, amount, ...more });

  it('takes from one and gives to the other, less the fee, and tells them', async () => {
    const other = await world.person();
    await world.fund(person, 100);
    expect(await give(other, '10.5', { message: 'For you' })).toMatchObject({
      amount: '-10.5000',
      balance_after: '89.5000',
      kind: 'gift_out',
      counterparty_id: other.id,
    });
    expect(await ledgerOf(other)).toEqual([{ amount: '9.4500', balance_after: '9.4500', kind: 'gift_in' }]);
    expect(
      await world.rows('select title, body from notifications.notifications where user_id = $1', [other.id]),
    ).toEqual([{ title: 'You were given points', body: 'For you' }]);
    expect(await world.unbalanced()).toEqual([]);
  });

  it('is given once for a key', async () => {
    const other = await world.person();
    await world.fund(person, 100);
    const first = await give(other, 10, { key: 'k' });
    expect(await give(other, 10, { key: 'k' })).toEqual(first);
    expect(await reasonOf(give(other, 11, { key: 'k' }))).toBe('idempotency.mismatch');
    expect(await world.totals(person)).toMatchObject({ seedbonus: '90.0000' });
  });

  it('is refused of nothing, of too little, to oneself, to nobody and to whom one is blocked by', async () => {
    const other = await world.person();
    await world.fund(person, 100);
    for (const amount of [0, -5, '0.0001', '1.00001', null]) {
      expect(await reasonOf(give(other, amount))).toBe('bonus.amount_invalid');
    }
    expect(await reasonOf(give(person, 1))).toBe('bonus.gift_to_self');
    expect(await reasonOf(give({ ...other, id: '01a1fb00-0000-7000-8000-000000000000' }, 1))).toBe(
      'user.unknown',
    );
    await world.db.query('insert into social.blocks (blocker_id, blocked_id) values ($1, $2)', [
      other.id,
      person.id,
    ]);
    expect(await reasonOf(give(other, 1))).toBe('user.unknown');
    expect(await reasonOf(give(await world.person(), 101))).toBe('tracker.insufficient_points');
  });
});

describe('a correction', () => {
  it('is an administrator’s, with a reason, audited and told', async () => {
    await admin.call('tracker.adjust_bonus', { user_id: person.id, amount: 40, reason: 'A fault of ours' });
    expect(await ledgerOf(person)).toMatchObject([{ amount: '40.0000', kind: 'adjustment' }]);
    const adjust = (amount: unknown, reason = 'x', user_id = person.id) =>
      reasonOf(admin.call('tracker.adjust_bonus', { user_id, amount, reason }));
    expect(await adjust(-41)).toBe('tracker.insufficient_points');
    expect(await adjust(0)).toBe('bonus.amount_invalid');
    expect(await adjust(1, ' ')).toBe('input.empty');
    expect(await adjust('9999999999999')).toBe('bonus.balance_too_large');
    expect(await world.rows(`select action from audit.logs where resource_id = $1`, [person.id])).toEqual([
      { action: 'adjust_bonus' },
    ]);
    await expect(
      person.call('tracker.adjust_bonus', { user_id: person.id, amount: 1, reason: 'x' }),
    ).rejects.toMatchObject({ code: '42501' });
  });
});

describe('a rule about seeding', () => {
  it('pays each person for each torrent they seed, once an hour', async () => {
    await rule({ amount: 3 });
    const [left, right] = [await world.torrent(), await world.torrent()];
    const other = await world.person();
    await seed([person], [left, right]);
    await seed([other], [right]);
    await world.announce(person, left, { peer: 'two' });
    await world.db.query(`update tracker.peers set last_announce_at = '2030-05-05T10:20:00Z'`);
    expect(await award()).toMatchObject({ paid: 2, next_after: null });
    expect(await award('2030-05-05T10:59:59Z')).toMatchObject({ paid: 0 });
    expect(await world.totals(person)).toMatchObject({ seedbonus: '6.0000' });
    expect(await world.totals(other)).toMatchObject({ seedbonus: '3.0000' });
    expect(await award('2030-05-05T11:00:00Z')).toMatchObject({ paid: 2 });
    expect(await world.unbalanced()).toEqual([]);
  });

  it('pays nobody who downloads, has gone silent, is banned, or seeds what is not offered', async () => {
    await rule({});
    const torrent = await world.torrent();
    const [leecher, silent, banned] = await world.people(3);
    if (!leecher || !silent || !banned) throw new Error('nobody there');
    await seed([silent], [torrent], '2030-05-05T09:00:00Z');
    await world.announceMany([announcement(leecher, torrent, { left: 5 }), announcement(banned, torrent)]);
    await world.db.query(
      `update tracker.peers set last_announce_at = '2030-05-05T10:20:00Z' where user_id <> $1`,
      [silent.id],
    );
    await world.db.query(`update core.users set banned_until = 'infinity' where id = $1`, [banned.id]);
    expect(await award()).toMatchObject({ paid: 0 });
  });

  it.each([
    [{ min_seeders: 2 }, 0],
    [{ max_seeders: 1 }, 1],
    [{ min_size_bytes: 2_000_000 }, 0],
    [{ min_size_bytes: 1_000_000 }, 1],
    [{ min_age_days: 36_500 }, 0],
    [{ min_seed_seconds: 3_600 }, 0],
  ])('asks what its conditions %o ask', async (conditions, paid) => {
    await rule({ conditions: JSON.stringify(conditions) });
    await seed([person], [await world.torrent()]);
    expect(await award()).toMatchObject({ paid });
  });

  it('pays at most its limit, once a day or once for ever where it says so, and within its time', async () => {
    await rule({ amount: 3, max_per_period: 4 });
    await rule({ amount: 10, period: 'day' });
    await rule({ amount: 100, period: 'once' });
    await rule({ amount: 1_000, starts_at: '2031-01-01' });
    await rule({ amount: 1_000, ends_at: '2030-01-01' });
    const torrents = [await world.torrent(), await world.torrent()];
    await seed([person], torrents);
    await award();
    expect(await world.totals(person)).toMatchObject({ seedbonus: '224.0000' });
    await seed([person], torrents, '2030-05-05T23:20:00Z');
    await award('2030-05-05T23:20:00Z');
    expect(await world.totals(person)).toMatchObject({ seedbonus: '228.0000' });
    await seed([person], torrents, '2030-05-06T00:10:00Z');
    await award('2030-05-06T00:10:00Z');
    expect(await world.totals(person)).toMatchObject({ seedbonus: '252.0000' });
  });

  it('is paid in batches that together reach everybody', async () => {
    await rule({});
    await seed([person, ...(await world.people(4))], [await world.torrent()]);
    let after: string | null = null;
    const paid: number[] = [];
    do {
      const answer: { paid: number; next_after: string | null } = await world.work(
        'tracker.award_bonus($1, $2, 2)',
        ['2030-05-05T10:20:00Z', after],
      );
      paid.push(answer.paid);
      after = answer.next_after;
    } while (after !== null);
    expect(paid).toEqual([2, 2, 1]);
  });
});

describe('a rule about what people did', () => {
  it('pays for the hour that is over, by how often, and not for what was deleted', async () => {
    await rule({ event: 'comment', amount: 2 });
    const torrent = await world.torrent();
    const write = (at: string, deleted: string | null = null) =>
      world.db.query(
        `insert into tracker.comments (id, torrent_id, author_id, content, deleted_at)
         values ((left(core.uuidv7_floor($1)::text, 19) || right(gen_random_uuid()::text, 17))::uuid, $2, $3, 'x', $4)`,
        [at, torrent.id, person.id, deleted],
      );
    await write('2030-05-05T09:10:00Z');
    await write('2030-05-05T09:50:00Z');
    await write('2030-05-05T09:51:00Z', '2030-05-05T09:52:00Z');
    await write('2030-05-05T10:01:00Z');
    await award();
    expect(await world.totals(person)).toMatchObject({ seedbonus: '4.0000' });
    await award();
    await award('2030-05-05T11:05:00Z');
    expect(await world.totals(person)).toMatchObject({ seedbonus: '6.0000' });
  });

  it('pays for posts and comments in forums, and for badges', async () => {
    await rule({ event: 'achievement', amount: 50, period: 'day' });
    await rule({ event: 'forum_post', amount: 1, period: 'once' });
    const badge = await world.one<{ id: string }>(
      `insert into core.achievements (slug, name) values ('generous', 'Generous') returning id`,
    );
    await world.db.query(
      `insert into core.user_achievements (user_id, achievement_id, earned_at) values ($1, $2, '2030-05-04T12:00:00Z')`,
      [person.id, badge.id],
    );
    expect(await award()).toMatchObject({ paid: 1 });
    expect(await award()).toMatchObject({ paid: 0 });
    expect(await world.totals(person)).toMatchObject({ seedbonus: '50.0000' });
  });
});

describe('writing a rule', () => {
  it('is an administrator’s: new, or anew, audited', async () => {
    const made = await rule({ description: 'x' });
    const changed = await admin.call<{ id: string; amount: string; is_active: boolean }>(
      'tracker.save_bonus_rule',
      { name: 'Changed', event: 'seeding', amount: 9, is_active: false, rule_id: made.id },
    );
    expect(changed).toMatchObject({ id: made.id, amount: '9.0000', is_active: false });
    expect(await person.read('select from tracker.bonus_rules where id = $1', [made.id])).toEqual([]);
    expect(await world.rows('select action from audit.logs where resource_id = $1', [made.id])).toHaveLength(
      2,
    );
  });

  it.each([
    [{ amount: 0 }],
    [{ event: 'dancing' }],
    [{ period: 'week' }],
    [{ conditions: '{"max_moons":2}' }],
    [{ conditions: '{"max_seeders":"2"}' }],
    [{ conditions: '{"max_seeders":2}', event: 'comment' }],
    [{ starts_at: '2030-01-02', ends_at: '2030-01-01' }],
    [{ max_per_period: 0 }],
  ])('is refused with %o', async (wrong) => {
    expect(await reasonOf(rule(wrong))).toBe('bonus.rule_invalid');
  });

  it('is refused under a name that is taken, or of a rule that is not there', async () => {
    await rule({ name: 'Taken' });
    expect(await reasonOf(rule({ name: 'Taken' }))).toBe('bonus.rule_name_taken');
    expect(await reasonOf(rule({ rule_id: person.id }))).toBe('bonus.rule_unknown');
  });
});
