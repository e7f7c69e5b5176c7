import { beforeAll, describe, expect, it } from 'vitest';
import { reasonOf, refusal } from '../refusal.ts';
import { type Ban, days, type Person, type QueueItem, type Scene, scene } from './scene.ts';

let world: Scene;
let moderator: Person;
let admin: Person;
beforeAll(async () => {
  world = await scene();
  [moderator, admin] = [await world.person('moderator'), await world.person('admin')];
});

const lift = (by: Person, ban: Ban, reason = 'Forgiven') =>
  by.call<Ban>('lift_ban', { ban_id: ban.id, reason });
const appeal = (by: Person, ban: Ban, text = 'It was not me.') =>
  by.call<Ban>('appeal', { ban_id: ban.id, text });
const decide = (by: Person, item: string, isGranted: boolean | null, reason = 'Looked into it') =>
  by.call<QueueItem>('decide_appeal', { item_id: item, is_granted: isGranted, reason });
const isBanned = async (whom: Person, type: string) =>
  (await world.one<{ banned: boolean }>('select moderation.is_banned($1, $2) as banned', [whom.id, type]))
    .banned;
const appealOf = async (ban: Ban) =>
  (
    await world.one<QueueItem>(
      `select * from moderation.queue_items where queue_type = 'appeal' and item_id = $1 order by id desc limit 1`,
      [ban.id],
    )
  ).id;

/** What a request of this person may do at all: any procedure for members. */
const act = (by: Person) => by.read(`select core.set_status('online')`);
/** A post in a forum that everybody may write in. */
async function post(by: Person): Promise<unknown> {
  await world.db.query(
    `insert into forums.forums (name, slug, owner_id) values ('Open', 'open', $1) on conflict (slug) do nothing`,
    [admin.id],
  );
  return by.read(
    `select id from forums.create_post(
       p_forum_id => (select id from forums.forums where slug = 'open'), p_title => 'A title')`,
  );
}

describe('who may ban whom', () => {
  it('lets moderators bar for seven days from one activity, and administrators do all', async () => {
    const rascal = await world.person();
    expect(await reasonOf(world.ban(moderator, rascal, 'account', days(1)))).toBe('user_ban.admin_only');
    expect(await reasonOf(world.ban(moderator, rascal, 'posting'))).toBe('user_ban.too_long');
    expect(await reasonOf(world.ban(moderator, rascal, 'posting', days(8)))).toBe('user_ban.too_long');
    expect(await world.ban(moderator, rascal, 'posting', days(6))).toMatchObject({ ban_type: 'posting' });
    expect(await world.ban(admin, rascal, 'chat')).toMatchObject({ expires_at: null });
    expect(await world.ban(admin, rascal, 'account', days(100))).toMatchObject({ ban_type: 'account' });
    await expect(world.ban(await world.person(), rascal, 'chat', days(1))).rejects.toThrow(
      'permission denied',
    );
  });

  it('spares oneself, equals, superiors and the platform', async () => {
    for (const [by, whom] of [
      [moderator, moderator],
      [moderator, await world.person('moderator')],
      [moderator, admin],
      [admin, admin],
      [admin, await world.person('admin')],
    ] as const) {
      expect(await reasonOf(world.ban(by, whom, 'chat', days(1)))).toBe('sanction.protected');
    }
    expect(await world.ban(admin, await world.person('moderator'), 'account')).toMatchObject({
      source: 'manual',
    });
  });

  it('refuses kinds that do not exist, ends in the past, empty reasons and unknown people', async () => {
    const rascal = await world.person();
    expect(await reasonOf(world.ban(admin, rascal, 'forum'))).toBe('user_ban.type_unknown');
    expect(await reasonOf(world.ban(admin, rascal, 'chat', new Date(0)))).toBe('user_ban.until_past');
    expect(await reasonOf(world.ban(admin, rascal, 'chat', days(1), { reason: ' ' }))).toBe('input.empty');
    expect(await reasonOf(world.ban(admin, world.visitor(), 'chat', days(1), { user_id: null }))).toBe(
      'user.unknown',
    );
  });
});

describe('a ban', () => {
  it('is audited, told, and replaced by a harsher one only', async () => {
    const rascal = await world.person();
    const first = await world.ban(moderator, rascal, 'chat', days(2), { staff_note: 'Sock puppet?' });
    expect(await refusal(world.ban(moderator, rascal, 'chat', days(1)))).toMatchObject({
      sqlstate: 'ST409',
      reason: 'user_ban.overlapping',
    });
    const second = await world.ban(moderator, rascal, 'chat', days(5));
    expect(await world.bansOf(rascal)).toMatchObject([
      { id: first.id, lift_reason: 'Replaced by a harsher ban.', lifted_by: moderator.id },
      { id: second.id, lifted_at: null },
    ]);
    expect(await world.auditOf(first.id)).toEqual(['ban_user']);
    expect(await world.bell(rascal)).toEqual([
      'You were banned from chatting',
      'You were banned from chatting',
    ]);
    await expect(
      world.db.query(`insert into moderation.bans (user_id, ban_type, reason) values ($1, 'chat', 'Twice')`, [
        rascal.id,
      ]),
    ).rejects.toThrow('bans_no_overlap');
  });

  it('of the account shuts everything, ends the sessions, and stands in banned_until', async () => {
    const rascal = await world.person();
    await world.db.query(
      `insert into auth.sessions (user_id, token_hash, ip_address) values ($1, sha256('token'), '192.0.2.7')`,
      [rascal.id],
    );
    const until = days(3);
    const ban = await world.ban(admin, rascal, 'account', until);
    expect(await world.bannedUntil(rascal)).toEqual(until);
    expect(await reasonOf(act(rascal))).toBe('account.restricted');
    expect(
      await world.one('select revoked_at is not null as over from auth.sessions where user_id = $1', [
        rascal.id,
      ]),
    ).toEqual({ over: true });
    await world.ban(admin, rascal, 'account');
    expect(await world.bannedUntil(rascal)).toBe(Number.POSITIVE_INFINITY);
    const [, running] = await world.bansOf(rascal);
    await lift(admin, running as Ban);
    expect(await world.bannedUntil(rascal)).toBeNull();
    await act(rascal);
    expect(await reasonOf(lift(admin, ban))).toBe('user_ban.not_running');
  });

  it('from one activity bars that, in whichever module, and nothing else', async () => {
    const rascal = await world.person();
    await world.ban(moderator, rascal, 'chat', days(1));
    await post(rascal);
    const ban = await world.ban(moderator, rascal, 'posting', days(1));
    expect(await reasonOf(post(rascal))).toBe('account.activity_barred');
    expect(await world.bannedUntil(rascal)).toBeNull();
    await act(rascal);
    await lift(moderator, ban);
    await post(rascal);
    const { rows } = await world.db.query('select activity from core.user_restrictions where user_id = $1', [
      rascal.id,
    ]);
    expect(rows).toEqual([{ activity: 'chat' }]);
  });

  it('ends when its time has come, without anybody or any job touching it', async () => {
    const [banned, muted] = [await world.person(), await world.person()];
    const until = new Date(Date.now() + 1500);
    await world.ban(admin, banned, 'account', until);
    await world.ban(moderator, muted, 'posting', until);
    expect(await world.bannedUntil(banned)).toEqual(until);

    // The only wait: until the clock of the server has passed the end.
    await world.db.query(
      `select pg_sleep(greatest(0, extract(epoch from $1::timestamptz - clock_timestamp()) + 0.01))`,
      [until],
    );
    await act(banned);
    await post(muted);
    expect([await isBanned(banned, 'account'), await isBanned(muted, 'posting')]).toEqual([false, false]);
    expect(await world.bannedUntil(banned)).toEqual(until);
    expect(await world.bansOf(banned)).toMatchObject([{ lifted_at: null, expires_at: until }]);
    expect(await world.ban(admin, banned, 'account', days(1))).toMatchObject({ lifted_at: null });
  });

  it('is in force by its own dates', async () => {
    const rascal = await world.person();
    expect(await isBanned(rascal, 'chat')).toBe(false);
    const ban = await world.ban(admin, rascal, 'chat');
    expect([await isBanned(rascal, 'chat'), await isBanned(rascal, 'posting')]).toEqual([true, false]);
    await lift(admin, ban);
    expect(await isBanned(rascal, 'chat')).toBe(false);
  });

  it('leaves no trace in the base when its row goes', async () => {
    const rascal = await world.person();
    await world.ban(admin, rascal, 'account');
    await world.ban(admin, rascal, 'chat');
    await world.db.query('delete from moderation.bans where user_id = $1', [rascal.id]);
    expect(await world.bannedUntil(rascal)).toBeNull();
    const { rows } = await world.db.query('select from core.user_restrictions where user_id = $1', [
      rascal.id,
    ]);
    expect(rows).toEqual([]);
  });
});

describe('lifting a ban', () => {
  it('is for administrators, and for moderators where they banned themselves', async () => {
    const [rascal, other] = [await world.person(), await world.person('moderator')];
    const [short, account] = [
      await world.ban(moderator, rascal, 'posting', days(1)),
      await world.ban(admin, rascal, 'account', days(1)),
    ];
    expect(await reasonOf(lift(other, short))).toBe('user_ban.admin_only');
    expect(await reasonOf(lift(moderator, account))).toBe('user_ban.admin_only');
    expect(await reasonOf(lift(admin, short, ' '))).toBe('input.empty');
    expect(await reasonOf(admin.call('lift_ban', { ban_id: rascal.id, reason: 'x' }))).toBe(
      'user_ban.unknown',
    );
    expect(await lift(moderator, short)).toMatchObject({ lift_reason: 'Forgiven', lifted_by: moderator.id });
    expect(await lift(admin, account)).toMatchObject({ lifted_by: admin.id });
    expect(await world.auditOf(short.id)).toEqual(['ban_user', 'lift_ban']);
    expect(await world.bell(rascal)).toContain('A ban was lifted');
  });

  it('is refused to the banned person', async () => {
    const colleague = await world.person('moderator');
    const ban = await world.ban(admin, colleague, 'chat');
    expect(await reasonOf(lift(colleague, ban))).toBe('sanction.protected');
  });
});

describe('reading bans', () => {
  it('is for the banned person, also while banned, and for administrators', async () => {
    const rascal = await world.person();
    const ban = await world.ban(admin, rascal, 'account', undefined, { staff_note: 'Sock puppet' });
    const seen = (by: Person) =>
      by.read('select id, reason from moderation.bans where user_id = $1', [rascal.id]);
    for (const person of [rascal, world.banned(rascal), admin]) {
      expect(await seen(person)).toEqual([{ id: ban.id, reason: 'Enough.' }]);
    }
    for (const person of [await world.person(), moderator, world.visitor()])
      expect(await seen(person)).toEqual([]);
    for (const person of [rascal, admin])
      await expect(person.read('select staff_note from moderation.bans')).rejects.toThrow(
        'permission denied',
      );
    const note = (by: Person) => by.read('select moderation.ban_staff_note($1) as note', [ban.id]);
    expect(await note(admin)).toEqual([{ note: 'Sock puppet' }]);
    await expect(note(moderator)).rejects.toThrow('permission denied');
    expect(
      await moderator.read('select banned_until is not null as banned from core.users where id = $1', [
        rascal.id,
      ]),
    ).toEqual([{ banned: true }]);
    await world.db.query(
      `update core.users set role = 'admin', class_id = (select id from core.user_classes where role = 'admin' limit 1), banned_until = null where id = $1`,
      [rascal.id],
    );
    expect(await reasonOf(note(world.acting(rascal.id, 'stoa_admin')))).toBe('user_ban.unknown');
  });
});

describe('an appeal', () => {
  it('is heard once per ban, from the banned account itself', async () => {
    const rascal = await world.person();
    const ban = await world.ban(admin, rascal, 'account', undefined, { staff_note: 'Sock puppet' });
    const me = world.banned(rascal);
    expect(await reasonOf(appeal(world.visitor(), ban))).toBe('session.required');
    expect(await reasonOf(appeal(await world.person(), ban))).toBe('user_ban.unknown');
    expect(await reasonOf(appeal(me, ban, ' '))).toBe('input.empty');
    expect(await appeal(me, ban)).toMatchObject({
      id: ban.id,
      staff_note: null,
      appealed_at: expect.any(Date),
    });
    expect(await refusal(appeal(me, ban))).toMatchObject({ sqlstate: 'ST409', reason: 'user_ban.appealed' });
    expect(await world.item(await appealOf(ban))).toMatchObject({
      queue_type: 'appeal',
      item_type: 'ban',
      status: 'pending',
      submitted_by: rascal.id,
      metadata: { text: 'It was not me.' },
    });
  });

  it('is decided by administrators: granted lifts the ban, rejected leaves it', async () => {
    const [lucky, unlucky] = [await world.person(), await world.person()];
    const [one, two] = [await world.ban(admin, lucky, 'account'), await world.ban(admin, unlucky, 'account')];
    await appeal(world.banned(lucky), one);
    await appeal(world.banned(unlucky), two);
    const [first, second] = [await appealOf(one), await appealOf(two)];
    await expect(decide(moderator, first, true)).rejects.toThrow('permission denied');
    expect(await reasonOf(decide(admin, first, null))).toBe('input.malformed');
    expect(await decide(admin, first, true)).toMatchObject({ status: 'resolved', resolution: 'approved' });
    expect(await decide(admin, second, false)).toMatchObject({ status: 'resolved', resolution: 'rejected' });
    expect(await reasonOf(decide(admin, second, true))).toBe('queue.resolved');
    expect([await isBanned(lucky, 'account'), await isBanned(unlucky, 'account')]).toEqual([false, true]);
    await act(lucky);
    expect(await world.bell(lucky)).toContain('A ban was lifted');
    expect(await world.bell(unlucky)).toContain('Your appeal was rejected');
    expect(await world.auditOf(second)).toEqual(['decide_appeal']);
    expect(await reasonOf(appeal(world.banned(unlucky), two))).toBe('user_ban.appealed');
  });

  it('is over when the ban is', async () => {
    const rascal = await world.person();
    const ban = await world.ban(admin, rascal, 'chat', days(1));
    await appeal(rascal, ban);
    await lift(admin, ban);
    expect(await world.item(await appealOf(ban))).toMatchObject({ resolution: 'approved' });
    const again = await world.ban(admin, rascal, 'chat', days(1));
    await appeal(rascal, again);
    await world.db.query(
      `update moderation.bans set starts_at = now() - interval '2 days', expires_at = now() - interval '1 day' where id = $1`,
      [again.id],
    );
    expect(await decide(admin, await appealOf(again), true)).toMatchObject({ resolution: 'approved' });
    expect(await reasonOf(appeal(rascal, again))).toBe('user_ban.not_running');
    expect(await world.bell(rascal)).toContain('Your appeal was granted');
  });

  it('is refused to accounts that are disabled, closed or erased, and decides no other work', async () => {
    const rascal = await world.person();
    const ban = await world.ban(admin, rascal, 'chat');
    await world.db.query('update core.users set is_active = false where id = $1', [rascal.id]);
    expect(await reasonOf(appeal(rascal, ban))).toBe('account.restricted');
    const report = await world.report(await world.person(), await world.person());
    expect(await reasonOf(decide(admin, report.queue_item_id, true))).toBe('queue.wrong_type');
  });

  it('of a ban for points ends when a warning behind it is withdrawn', async () => {
    const rascal = await world.person();
    const warning = await world.warn(moderator, rascal, 3);
    const [ban] = await world.bansOf(rascal);
    await appeal(rascal, ban as Ban);
    await moderator.call('revoke_warning', { warning_id: warning['id'], reason: 'Mistaken' });
    expect(await world.item(await appealOf(ban as Ban))).toMatchObject({ resolution: 'approved' });
  });
});

describe('addresses of a person', () => {
  it('are shown to moderators with a reason, and every look is recorded', async () => {
    const rascal = await world.person();
    await world.db.query(
      `insert into auth.sessions (user_id, token_hash, ip_address)
       values ($1, sha256('a'), '192.0.2.7'), ($1, sha256('b'), '192.0.2.7')`,
      [rascal.id],
    );
    const look = (by: Person, reason = 'Ban evasion', whom = rascal.id) =>
      by.call('user_addresses', { user_id: whom, reason });
    expect(await look(moderator)).toMatchObject({ ip_address: '192.0.2.7', session_count: 2 });
    expect(await reasonOf(look(moderator, ' '))).toBe('input.empty');
    expect(await reasonOf(look(moderator, 'x', '019a0000-0000-7000-8000-0000000000ff'))).toBe('user.unknown');
    await expect(look(rascal)).rejects.toThrow('permission denied');
    const { rows } = await world.db.query(
      `select actor_id, reason from audit.logs where action = 'user_addresses' and resource_id = $1`,
      [rascal.id],
    );
    expect(rows).toEqual([{ actor_id: moderator.id, reason: 'Ban evasion' }]);
  });
});
