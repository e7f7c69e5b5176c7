import { beforeAll, describe, expect, it } from 'vitest';
import { reasonOf } from '../refusal.ts';
import { days, type Person, type Scene, scene } from './scene.ts';

let world: Scene;
let moderator: Person;
let admin: Person;
beforeAll(async () => {
  world = await scene();
  [moderator, admin] = [await world.person('moderator'), await world.person('admin')];
});

const revoke = (by: Person, warning: { id?: string }, reason = 'Mistaken') =>
  by.call('revoke_warning', { warning_id: warning.id, reason });
const setThreshold = (by: Person, args: Record<string, unknown>) => by.call('set_threshold', args);
const expireWarnings = (whom: Person) =>
  world.db.query(
    `update moderation.warnings set expires_at = now() - interval '1 second' where user_id = $1`,
    [whom.id],
  );

describe('a warning', () => {
  it('counts for 90 days, until a time, or for ever', async () => {
    const rascal = await world.person();
    const usual = await world.warn(moderator, rascal, 1, { staff_note: 'Watch out' });
    expect(usual).toMatchObject({ issued_by: moderator.id, points: 1, staff_note: 'Watch out' });
    const { rows } = await world.db.query(
      `select round(extract(epoch from expires_at - inserted_at) / 86400)::int as days from moderation.warnings where id = $1`,
      [usual['id']],
    );
    expect(rows).toEqual([{ days: 90 }]);
    const until = days(3);
    expect(await world.warn(moderator, rascal, 1, { expires_at: until })).toMatchObject({
      expires_at: until,
    });
    await world.db.query('delete from moderation.warnings where user_id = $1', [rascal.id]);
    expect(await world.warn(moderator, rascal, 1, { never_expires: true })).toMatchObject({
      expires_at: null,
    });
    expect(await world.auditOf(String(usual['id']))).toEqual(['warn_user']);
  });

  it('is refused for oneself, equals, superiors and the platform, and with other points than 1 to 10', async () => {
    const rascal = await world.person();
    const system = await world.person();
    await world.db.query('update core.users set is_system = true where id = $1', [system.id]);
    for (const spared of [moderator, await world.person('moderator'), admin, system]) {
      expect(await reasonOf(world.warn(moderator, spared, 1))).toBe('sanction.protected');
    }
    expect(await reasonOf(world.warn(admin, await world.person('admin'), 1))).toBe('sanction.protected');
    await world.warn(admin, await world.person('moderator'), 1);
    for (const points of [0, 11, null]) {
      expect(await reasonOf(world.warn(moderator, rascal, 1, { points }))).toBe('warning.points_invalid');
    }
    expect(await reasonOf(world.warn(moderator, rascal, 1, { expires_at: new Date(0) }))).toBe(
      'warning.expiry_past',
    );
    expect(await reasonOf(world.warn(moderator, rascal, 1, { reason: ' ' }))).toBe('input.empty');
    const report = await world.report(rascal, await world.person());
    expect(await reasonOf(world.warn(moderator, rascal, 1, { report_id: report.id }))).toBe(
      'warning.report_mismatch',
    );
    expect(await reasonOf(world.warn(moderator, rascal, 1, { user_id: report.id }))).toBe('user.unknown');
    await expect(world.warn(rascal, system, 1)).rejects.toThrow('permission denied');
  });

  it('to a moderator keeps the note of staff from them, and shows it to the others', async () => {
    const [warned, colleague, administrator] = [
      await world.person('moderator'),
      await world.person('moderator'),
      await world.person('admin'),
    ];
    const warning = await world.warn(administrator, warned, 1, { staff_note: 'Watch out' });
    const note = (by: Person) => by.read('select moderation.warning_staff_note($1) as note', [warning['id']]);
    expect(await note(colleague)).toEqual([{ note: 'Watch out' }]);
    expect(await reasonOf(note(warned))).toBe('warning.unknown');
    await expect(note(await world.person())).rejects.toThrow('permission denied');
    for (const person of [warned, colleague, administrator]) {
      await expect(person.read('select staff_note from moderation.warnings')).rejects.toThrow(
        'permission denied',
      );
    }
    expect(await warned.read('select id from moderation.warnings')).not.toEqual([]);
  });

  it('is read by the warned person without the note of staff, and confirmed by them alone', async () => {
    const [rascal, other] = [await world.person(), await world.person()];
    const warning = await world.warn(moderator, rascal, 1, { staff_note: 'Watch out' });
    const seen = (by: Person) =>
      by.read('select id from moderation.warnings where user_id = $1', [rascal.id]);
    expect([await seen(rascal), await seen(other), await seen(moderator)]).toMatchObject([
      [{ id: warning['id'] }],
      [],
      [{ id: warning['id'] }],
    ]);
    await expect(rascal.read('select staff_note from moderation.warnings')).rejects.toThrow(
      'permission denied',
    );
    const confirm = (by: Person) => by.call('acknowledge_warning', { warning_id: warning['id'] });
    const confirmed = await confirm(rascal);
    expect(confirmed).toMatchObject({ staff_note: null, acknowledged_at: expect.any(Date) });
    expect((await confirm(rascal))['acknowledged_at']).toEqual(confirmed['acknowledged_at']);
    expect(await reasonOf(confirm(other))).toBe('warning.unknown');
  });
});

describe('points', () => {
  it('become a ban at each threshold: posting at 3, the account at 6, for good at 10', async () => {
    const rascal = await world.person();
    const seen = async () =>
      (await world.bansOf(rascal)).map((ban) => [ban.ban_type, ban.points, ban.lifted_at !== null]);
    await world.warn(moderator, rascal, 2);
    expect(await seen()).toEqual([]);
    await world.warn(moderator, rascal, 1);
    expect(await seen()).toEqual([['posting', 3, false]]);
    expect(await world.bannedUntil(rascal)).toBeNull();
    await world.warn(moderator, rascal, 2);
    expect(await seen()).toEqual([['posting', 3, false]]);
    await world.warn(moderator, rascal, 1);
    expect(await seen()).toEqual([
      ['posting', 3, false],
      ['account', 6, false],
    ]);
    await world.warn(moderator, rascal, 4);
    expect(await seen()).toEqual([
      ['posting', 3, false],
      ['account', 6, true],
      ['account', 10, false],
    ]);
    expect(await world.bannedUntil(rascal)).toBe(Number.POSITIVE_INFINITY);
    const [first] = await world.bansOf(rascal);
    expect(first).toMatchObject({
      source: 'points',
      banned_by: null,
      reason: 'Warnings with 3 points in all.',
    });
    expect(await world.auditOf(first?.id ?? '')).toEqual(['ban_user']);
  });

  it('that have expired or were withdrawn do not count', async () => {
    const rascal = await world.person();
    await world.warn(moderator, rascal, 2);
    await expireWarnings(rascal);
    await revoke(moderator, await world.warn(moderator, rascal, 2));
    await world.warn(moderator, rascal, 2);
    expect(await world.bansOf(rascal)).toEqual([]);
  });

  it('leave a manual ban of the same kind that ends no earlier alone', async () => {
    const rascal = await world.person();
    const manual = await world.ban(admin, rascal, 'posting', days(30));
    await world.warn(moderator, rascal, 3);
    expect(await world.bansOf(rascal)).toMatchObject([{ id: manual.id, lifted_at: null }]);
  });

  it('replace a manual ban of the same kind that ends sooner', async () => {
    const rascal = await world.person();
    await world.ban(moderator, rascal, 'posting', days(1));
    await world.warn(moderator, rascal, 3);
    expect(await world.bansOf(rascal)).toMatchObject([
      { source: 'manual', lift_reason: 'Replaced by a harsher ban.' },
      { source: 'points', lifted_at: null },
    ]);
  });

  it('ban again when another offence follows after the ban of the threshold is over', async () => {
    const rascal = await world.person();
    await world.warn(moderator, rascal, 3);
    const [ban] = await world.bansOf(rascal);
    await admin.call('lift_ban', { ban_id: ban?.id, reason: 'Second chance' });
    await world.warn(moderator, rascal, 1);
    expect((await world.bansOf(rascal)).map(({ points }) => points)).toEqual([3, 3]);
  });

  it('ban nobody while the setting is off', async () => {
    const rascal = await world.person();
    await world.db.query(
      `update core.settings set value = 'false' where key = 'moderation.auto_ban_enabled'`,
    );
    await world.warn(moderator, rascal, 10);
    await world.db.query(`update core.settings set value = 'true' where key = 'moderation.auto_ban_enabled'`);
    expect(await world.bansOf(rascal)).toEqual([]);
  });
});

describe('withdrawing a warning', () => {
  it('lifts a ban for points that they no longer add up to', async () => {
    const rascal = await world.person();
    const [first, second] = [await world.warn(moderator, rascal, 2), await world.warn(moderator, rascal, 2)];
    await revoke(moderator, await world.warn(moderator, rascal, 1));
    expect(await world.bansOf(rascal)).toMatchObject([{ lifted_at: null }]);
    expect(await revoke(moderator, first)).toMatchObject({ revoked_by: moderator.id });
    expect(await world.bansOf(rascal)).toMatchObject([{ lift_reason: 'A warning behind it was withdrawn.' }]);
    expect(await reasonOf(revoke(moderator, first))).toBe('warning.revoked');
    expect(await reasonOf(revoke(moderator, { id: rascal.id }))).toBe('warning.unknown');
    expect(await reasonOf(revoke(moderator, second, ' '))).toBe('input.empty');
    expect(await world.bell(rascal)).toContain('A warning was withdrawn');
  });

  it('leaves the lesser ban that the points still add up to, as if it had been that from the beginning', async () => {
    const rascal = await world.person();
    await world.warn(moderator, rascal, 6);
    const last = await world.warn(moderator, rascal, 4);
    expect(await world.bannedUntil(rascal)).toBe(Number.POSITIVE_INFINITY);
    for (const points of [6, 10]) {
      await world.db.query(
        `update moderation.bans
         set starts_at = starts_at - interval '1 day', lifted_at = lifted_at - interval '1 day', expires_at = expires_at - interval '1 day'
         where user_id = $1 and points = $2`,
        [rascal.id, points],
      );
    }
    await revoke(moderator, last);
    const bans = await world.bansOf(rascal);
    expect(bans.map((ban) => [ban.points, ban.lifted_at === null])).toEqual([
      [6, false],
      [10, false],
      [6, true],
    ]);
    const end = bans[2]?.expires_at?.getTime() ?? 0;
    expect(end).toBeGreaterThan(Date.now() + 12.5 * 86_400_000);
    expect(end).toBeLessThan(Date.now() + 13.5 * 86_400_000);
    expect(await world.bannedUntil(rascal)).toEqual(bans[2]?.expires_at);
  });

  it('leaves a ban that what has expired meanwhile still justifies', async () => {
    const rascal = await world.person();
    await world.warn(moderator, rascal, 3);
    const more = await world.warn(moderator, rascal, 1);
    await world.db.query(
      `update moderation.warnings set expires_at = clock_timestamp() where user_id = $1 and points = 3`,
      [rascal.id],
    );
    await revoke(moderator, more);
    expect(await world.bansOf(rascal)).toMatchObject([{ lifted_at: null }]);
  });

  it('leaves manual bans, and is refused to somebody who may not punish the person', async () => {
    const colleague = await world.person('moderator');
    const warning = await world.warn(admin, colleague, 1);
    await world.ban(admin, colleague, 'chat');
    expect(await reasonOf(revoke(moderator, warning))).toBe('sanction.protected');
    expect(await reasonOf(revoke(colleague, warning))).toBe('sanction.protected');
    await revoke(admin, warning);
    expect(await world.bansOf(colleague)).toMatchObject([{ lifted_at: null }]);
  });
});

describe('thresholds', () => {
  it('are known to members, and changed by administrators, with a trace', async () => {
    const member = await world.person();
    expect(
      await member.read('select points, ban_type from moderation.point_thresholds order by points'),
    ).toEqual([
      { points: 3, ban_type: 'posting' },
      { points: 6, ban_type: 'account' },
      { points: 10, ban_type: 'account' },
    ]);
    expect(await setThreshold(admin, { points: 2, ban_type: 'chat', duration: '1 hour' })).toMatchObject({
      points: 2,
      is_active: true,
    });
    await world.warn(moderator, member, 2);
    expect(await world.bansOf(member)).toMatchObject([{ ban_type: 'chat', points: 2 }]);
    await setThreshold(admin, { points: 2, ban_type: 'chat', is_active: false });
    const quiet = await world.person();
    await world.warn(moderator, quiet, 2);
    expect(await world.bansOf(quiet)).toEqual([]);
    for (const wrong of [
      { points: 0, ban_type: 'chat' },
      { points: 4, ban_type: 'forum' },
      { points: 4, ban_type: 'chat', duration: '-1 day' },
    ]) {
      expect(await reasonOf(setThreshold(admin, wrong))).toBe('threshold.invalid');
    }
    await expect(setThreshold(moderator, { points: 4, ban_type: 'chat' })).rejects.toThrow(
      'permission denied',
    );
    const { rows } = await world.db.query(
      `select old_values ->> 'is_active' as before, new_values ->> 'is_active' as after from audit.logs where action = 'set_threshold' order by id`,
    );
    expect(rows).toEqual([
      { before: null, after: 'true' },
      { before: 'true', after: 'false' },
    ]);
  });
});
