import { beforeAll, describe, expect, it } from 'vitest';
import { reasonOf } from '../refusal.ts';
import { type Forum, type Person, type Scene, scene } from './scene.ts';

let world: Scene;
let owner: Person;
let stranger: Person;
let staff: Person;
let forum: Forum;
beforeAll(async () => {
  world = await scene();
  [owner, stranger, staff] = [await world.person(), await world.person(), await world.person('moderator')];
  forum = await world.forum(owner, 'order');
});

const appoint = (by: Person, whom: Person, permissions: number | null) =>
  by.call('appoint_moderator', { forum_id: forum.id, user_id: whom.id, permissions });
const dismiss = (by: Person, whom: Person) =>
  by.call('dismiss_moderator', { forum_id: forum.id, user_id: whom.id });
const ban = (by: Person, whom: Person, more: Record<string, unknown> = {}) =>
  by.call('ban_from_forum', { forum_id: forum.id, user_id: whom.id, reason: 'Noise', ...more });
const unban = (by: Person, whom: Person) =>
  by.call('unban_from_forum', { forum_id: forum.id, user_id: whom.id });

async function permissionsOf(person: Person): Promise<string | undefined> {
  const [row] = await person.list<{ my_permissions: string }>('my_permissions', { forum_id: forum.id });
  return row?.my_permissions;
}

describe('permissions in a forum', () => {
  it('are all for its owner and for staff, none for others and visitors, and what was given for moderators', async () => {
    const moderator = await world.person();
    await appoint(owner, moderator, 5);
    expect(await permissionsOf(owner)).toBe('511');
    expect(await permissionsOf(staff)).toBe('511');
    expect(await permissionsOf(stranger)).toBe('0');
    expect(await permissionsOf(world.visitor())).toBe('0');
    expect(await permissionsOf(moderator)).toBe('5');
    const can = (bit: number) => moderator.call('can_moderate', { forum_id: forum.id, bit });
    expect(await can(0)).toEqual({ can_moderate: true });
    expect(await can(1)).toEqual({ can_moderate: false });
  });
});

describe('appointing moderators', () => {
  it('needs APPOINT, and gives and takes only what the appointer holds', async () => {
    const [deputy, helper] = [await world.person(), await world.person()];
    expect(await reasonOf(appoint(stranger, helper, 1))).toBe('forum.not_allowed');
    await appoint(owner, deputy, 256 | 1 | 2);
    expect(await appoint(deputy, helper, 1)).toMatchObject({ permissions: '1', appointed_by: deputy.id });
    expect(await reasonOf(appoint(deputy, helper, 4))).toBe('moderator.permission_not_held');
    expect(await reasonOf(appoint(helper, deputy, 1))).toBe('forum.not_allowed');
    await appoint(owner, helper, 4);
    expect(await reasonOf(appoint(deputy, helper, 1))).toBe('moderator.permission_not_held');
    expect(await reasonOf(dismiss(deputy, helper))).toBe('moderator.permission_not_held');
    await dismiss(owner, helper);
    expect(await reasonOf(dismiss(owner, helper))).toBe('moderator.unknown');
  });

  it('refuses the owner, closed accounts, banned people and bits that do not exist', async () => {
    const closed = await world.person();
    await world.db.query('update core.users set deleted_at = now() where id = $1', [closed.id]);
    const banned = await world.person();
    await ban(owner, banned);
    expect(await reasonOf(appoint(owner, owner, 1))).toBe('user.unknown');
    expect(await reasonOf(appoint(owner, closed, 1))).toBe('user.unknown');
    expect(await reasonOf(appoint(owner, banned, 1))).toBe('forum.banned');
    for (const permissions of [512, -1, null]) {
      expect(await reasonOf(appoint(owner, stranger, permissions))).toBe('input.malformed');
    }
  });

  it('lets anybody resign, and nobody else be dismissed without APPOINT', async () => {
    const [one, other] = [await world.person(), await world.person()];
    await appoint(owner, one, 1);
    await appoint(owner, other, 1);
    expect(await reasonOf(dismiss(other, one))).toBe('forum.not_allowed');
    await dismiss(one, one);
    expect(await permissionsOf(one)).toBe('0');
  });

  it('is audited and told', async () => {
    const moderator = await world.person();
    await appoint(owner, moderator, 1);
    await appoint(owner, moderator, 3);
    await dismiss(owner, moderator);
    const { rows } = await world.db.query(
      `select action, old_values, new_values from audit.logs where resource_key ->> 'user_id' = $1 order by id`,
      [moderator.id],
    );
    expect(rows).toEqual([
      { action: 'appoint_moderator', old_values: { permissions: null }, new_values: { permissions: 1 } },
      { action: 'appoint_moderator', old_values: { permissions: 1 }, new_values: { permissions: 3 } },
      { action: 'dismiss_moderator', old_values: { permissions: 3 }, new_values: null },
    ]);
    expect(await moderator.read('select title from notifications.notifications')).toEqual([
      { title: 'You now moderate the forum The order' },
    ]);
  });
});

describe('banning from a forum', () => {
  it('needs BAN, and spares the owner, moderators, staff and oneself', async () => {
    const [keeper, colleague] = [await world.person(), await world.person()];
    await appoint(owner, keeper, 16);
    await appoint(owner, colleague, 1);
    expect(await reasonOf(ban(stranger, keeper))).toBe('forum.not_allowed');
    expect(await reasonOf(ban(colleague, stranger))).toBe('forum.not_allowed');
    for (const spared of [owner, colleague, staff, keeper]) {
      expect(await reasonOf(ban(keeper, spared))).toBe('ban.protected');
    }
    expect(await reasonOf(ban(keeper, stranger, { until: new Date(0) }))).toBe('ban.until_past');
    expect(await reasonOf(ban(keeper, stranger, { reason: ' ' }))).toBe('input.empty');
    expect(await reasonOf(ban(keeper, stranger, { user_id: forum.id }))).toBe('user.unknown');
    expect(await reasonOf(unban(keeper, stranger))).toBe('ban.unknown');
  });

  it('keeps a history in which a new ban replaces the old one', async () => {
    const rascal = await world.person();
    const until = new Date(Date.now() + 86_400_000);
    await ban(owner, rascal, { until });
    await ban(owner, rascal, { reason: 'Worse' });
    expect(
      await rascal.read(
        'select reason, banned_until, lifted_at is not null as lifted from forums.bans order by id',
      ),
    ).toEqual([
      { reason: 'Noise', banned_until: until, lifted: true },
      { reason: 'Worse', banned_until: null, lifted: false },
    ]);
    await unban(owner, rascal);
    expect(await reasonOf(unban(owner, rascal))).toBe('ban.unknown');
    await ban(owner, rascal);
    const { rows } = await world.db.query<{ id: string }>(
      'select id from forums.bans where user_id = $1 order by id',
      [rascal.id],
    );
    expect(await Promise.all(rows.map((row) => world.auditOf(row.id)))).toEqual([
      ['ban_from_forum'],
      ['ban_from_forum', 'unban_from_forum'],
      ['ban_from_forum'],
    ]);
    expect(
      await rascal.read(`select body from notifications.notifications where type = 'moderation' order by id`),
    ).toEqual([{ body: 'Noise' }, { body: 'Worse' }, { body: 'Noise' }]);
  });

  it('stays one ban when several moderators ban at once', async () => {
    const rascal = await world.person();
    await Promise.all(Array.from({ length: 5 }, () => ban(owner, rascal)));
    const { rows } = await world.db.query(
      'select count(*) filter (where lifted_at is null)::int as running, count(*)::int as bans from forums.bans where user_id = $1',
      [rascal.id],
    );
    expect(rows).toEqual([{ running: 1, bans: 5 }]);
    await expect(
      world.db.query(`insert into forums.bans (forum_id, user_id, reason) values ($1, $2, 'Twice')`, [
        forum.id,
        rascal.id,
      ]),
    ).rejects.toThrow('bans_no_overlap');
  });

  it('is read by the banned person, by moderators of that forum and by staff', async () => {
    const rascal = await world.person();
    const moderator = await world.person();
    await appoint(owner, moderator, 1);
    await ban(owner, rascal);
    const seen = (person: Person) =>
      person.read('select id from forums.bans where user_id = $1', [rascal.id]);
    for (const person of [rascal, moderator, owner, staff]) expect(await seen(person)).toHaveLength(1);
    expect(await seen(stranger)).toEqual([]);
    await expect(seen(world.visitor())).rejects.toThrow('permission denied');
  });
});
