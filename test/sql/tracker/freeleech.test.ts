import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { reasonOf } from '../refusal.ts';
import { type Person, type Swarm, swarm, type Torrent } from './swarm.ts';

let world: Swarm;
let person: Person;
let torrent: Torrent;
beforeAll(async () => {
  world = await swarm();
});
beforeEach(async () => {
  person = await world.person();
  torrent = await world.torrent();
});

const buy = (count: number, key?: string) =>
  person.call<{ buy_freeleech: number }>('tracker.buy_freeleech', {
    count,
    ...(key === undefined ? {} : { key }),
  });
const activate = (of = torrent) =>
  person.call<{ activated_at: Date; expires_at: Date; torrent_id: string }>('tracker.activate_freeleech', {
    torrent_id: of.id,
  });
const tokens = () =>
  person.read('select id, source, activated_at from tracker.freeleech_tokens where user_id = $1', [
    person.id,
  ]);

describe('buying tokens', () => {
  it('costs points, and says how many there are then', async () => {
    await world.fund(person, 12_000);
    expect(await buy(2)).toEqual({ buy_freeleech: 2 });
    expect(await world.totals(person)).toMatchObject({ seedbonus: '2000.0000' });
    expect(await reasonOf(buy(1))).toBe('tracker.insufficient_points');
    expect(await tokens()).toHaveLength(2);
    expect(await world.unbalanced()).toEqual([]);
  });

  it('with a key happens once', async () => {
    await world.fund(person, 12_000);
    await buy(1, 'k');
    expect(await buy(1, 'k')).toEqual({ buy_freeleech: 1 });
    expect(await world.totals(person)).toMatchObject({ seedbonus: '7000.0000' });
  });

  it.each([0, -1, 101])('of %i is refused', async (count) => {
    await world.fund(person, 1_000_000);
    expect(await reasonOf(buy(count))).toBe('freeleech_token.count_invalid');
  });
});

describe('granting tokens', () => {
  it('is an administrator’s, told and audited', async () => {
    const admin = await world.person('admin');
    await admin.call('tracker.grant_freeleech', { user_id: person.id, count: 3 });
    expect(await tokens()).toMatchObject([{ source: 'staff' }, { source: 'staff' }, { source: 'staff' }]);
    expect(await world.rows('select action from audit.logs where resource_id = $1', [person.id])).toEqual([
      { action: 'grant_freeleech' },
    ]);
    expect(
      await world.rows('select title from notifications.notifications where user_id = $1', [person.id]),
    ).toEqual([{ title: 'You were given freeleech tokens' }]);
    expect(
      await reasonOf(
        admin.call('tracker.grant_freeleech', { user_id: '01a1fb00-0000-7000-8000-000000000000', count: 1 }),
      ),
    ).toBe('user.unknown');
    await expect(
      person.call('tracker.grant_freeleech', { user_id: person.id, count: 1 }),
    ).rejects.toMatchObject({ code: '42501' });
  });
});

describe('spending a token', () => {
  const give = (useBefore: string | null) =>
    world.one<{ id: string }>(
      'insert into tracker.freeleech_tokens (user_id, use_before) values ($1, $2) returning id',
      [person.id, useBefore],
    );

  it('makes one torrent free for a week; what lapses first is spent first, and nothing that has lapsed', async () => {
    await give('2020-01-01');
    await give(null);
    const { id } = await give('2099-01-01');
    const spent = await activate();
    expect(spent).toMatchObject({ id, torrent_id: torrent.id });
    expect(spent.expires_at.getTime() - spent.activated_at.getTime()).toBe(7 * 86_400_000);
    await activate(await world.torrent());
    expect(await reasonOf(activate(await world.torrent()))).toBe('freeleech_token.none_left');
  });

  // freeleech_tokens_no_overlap.
  it('on a torrent on which one runs is refused, and keeps the token', async () => {
    await give(null);
    await give(null);
    await activate();
    expect(await reasonOf(activate())).toBe('freeleech_token.running');
    expect((await tokens()).filter(({ activated_at }) => activated_at === null)).toHaveLength(1);
    await world.db.query(
      `update tracker.freeleech_tokens set activated_at = now() - interval '8 days', expires_at = now() - interval '1 day'
       where torrent_id = $1`,
      [torrent.id],
    );
    await activate();
    expect((await tokens()).filter(({ activated_at }) => activated_at === null)).toHaveLength(0);
  });

  it('is refused for a torrent that is not offered', async () => {
    await give(null);
    const hidden = await world.torrent({ is_active: false });
    expect(await reasonOf(activate(hidden))).toBe('freeleech_token.torrent_unknown');
  });
});
