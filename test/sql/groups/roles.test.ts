import { beforeAll, describe, expect, it } from 'vitest';
import { reasonOf } from '../refusal.ts';
import { bits, every, type Group, mask, type Person, type Role, type Scene, scene, tally } from './scene.ts';

let world: Scene;
let owner: Person;
beforeAll(async () => {
  world = await scene();
  owner = await world.person();
});

/** A group with a high role for the chief, a middle one for the deputy and a low one for the helper. */
async function ranks() {
  const group = await world.group(owner);
  const [chief, deputy, helper, plain] = await world.people(4);
  if (!chief || !deputy || !helper || !plain) throw new Error('nobody came');
  await world.join(group, chief, deputy, helper, plain);
  const low = await world.role(group, mask('KICK_MEMBERS'), helper);
  const middle = await world.role(group, mask('MANAGE_ROLES', 'KICK_MEMBERS'), deputy);
  const high = await world.role(group, mask('MANAGE_ROLES', 'KICK_MEMBERS', 'BAN_MEMBERS'), chief);
  return { group, chief, deputy, helper, plain, low, middle, high };
}

const assign = (by: Person, group: Group, whom: Person, role: Role) =>
  by.call('assign_role', { group_id: group.id, user_id: whom.id, role_id: role.id });
const unassign = (by: Person, group: Group, whom: Person, role: Role) =>
  by.call('unassign_role', { group_id: group.id, user_id: whom.id, role_id: role.id });
const update = (by: Person, role: { id: string }, patch: unknown) =>
  by.call<Role>('update_role', { role_id: role.id, patch });
const order = async (group: Group): Promise<string[]> =>
  (
    await world.rows<{ id: string }>(
      'select id from groups.roles where group_id = $1 and not is_default order by position desc',
      group.id,
    )
  ).map((row) => row.id);

describe('making roles', () => {
  it('needs MANAGE_ROLES, and gives only what the maker holds', async () => {
    const { group, deputy, plain, low, middle } = await ranks();
    const make = (by: Person, permissions: string | number, more: Record<string, unknown> = {}) =>
      by.call<Role>('create_role', { group_id: group.id, name: 'New', permissions, ...more });
    expect(await reasonOf(make(plain, 0))).toBe('group.not_allowed');
    expect(await reasonOf(make(deputy, mask('BAN_MEMBERS')))).toBe('group_role.bits_not_held');
    expect(await reasonOf(make(deputy, mask('ADMINISTRATOR')))).toBe('group_role.bits_not_held');
    expect(await reasonOf(make(owner, (every + 1n).toString()))).toBe('group_role.bits_invalid');
    expect(await reasonOf(make(owner, -1))).toBe('group_role.bits_invalid');
    expect(await reasonOf(make(owner, 0, { color: 16_777_216 }))).toBe('input.malformed');
    const made = await make(deputy, mask('KICK_MEMBERS'), { color: 255, hoist: true, mentionable: true });
    expect(made).toMatchObject({ position: 1, color: 255, hoist: true, mentionable: true });
    expect((await order(group)).slice(-3)).toEqual([middle.id, low.id, made.id]);
    expect(await make(owner, bits.ADMINISTRATOR.toString())).toMatchObject({ position: 1 });
  });

  it('keeps ranks apart when several are made at once', async () => {
    const group = await world.group(owner);
    const outcomes = await world.stampede(
      Array<Person>(12).fill(owner),
      'create_role',
      (_, index) => ({ group_id: group.id, name: `Role ${index}` }),
      12,
    );
    expect(tally(outcomes)).toEqual({ done: 12 });
    expect(
      await world.one(
        'select count(distinct position)::int as ranks, max(position) as highest from groups.roles where group_id = $1',
        group.id,
      ),
    ).toEqual({ ranks: 13, highest: 12 });
  });

  it('stops at 250', async () => {
    const group = await world.group(owner);
    await world.db.query(
      `insert into groups.roles (group_id, name, position) select $1, 'x', number from generate_series(1, 249) as number`,
      [group.id],
    );
    expect(await reasonOf(owner.call('create_role', { group_id: group.id, name: 'One too many' }))).toBe(
      'group_role.limit_reached',
    );
  });
});

describe('changing roles', () => {
  it('touches only roles below one’s own, and only bits that one holds', async () => {
    const { group, chief, deputy, low, middle, high } = await ranks();
    expect(await reasonOf(update(deputy, middle, { name: 'Mine' }))).toBe('group.hierarchy');
    expect(await reasonOf(update(deputy, high, { permissions: 0 }))).toBe('group.hierarchy');
    expect(
      await reasonOf(update(deputy, low, { permissions: Number(mask('KICK_MEMBERS', 'BAN_MEMBERS')) })),
    ).toBe('group_role.bits_not_held');
    expect(await reasonOf(update(deputy, { id: group.id }, {}))).toBe('group_role.unknown');
    // Taking a bit away that one lacks is no better than giving it.
    await update(chief, low, { permissions: mask('BAN_MEMBERS') });
    expect(await reasonOf(update(deputy, low, { permissions: 0 }))).toBe('group_role.bits_not_held');
    expect(
      await update(deputy, low, {
        name: ' Low ',
        color: 1,
        hoist: true,
        mentionable: true,
        icon_url: 'https://example.org/r.png',
        unicode_emoji: '⭐',
      }),
    ).toMatchObject({
      name: 'Low',
      color: 1,
      hoist: true,
      mentionable: true,
      unicode_emoji: '⭐',
    });
    for (const [patch, reason] of [
      [{ permissions: 'all' }, 'input.malformed'],
      [{ permissions: null }, 'input.malformed'],
      [{ permissions: 17_179_869_184 }, 'group_role.bits_invalid'],
      [{ color: -1 }, 'input.malformed'],
      [{ position: 9 }, 'input.unknown_key'],
      [{ managed: true }, 'input.unknown_key'],
      [{ icon_url: 'x' }, 'group.url_invalid'],
    ] as const) {
      expect([patch, await reasonOf(update(owner, low, patch))]).toEqual([patch, reason]);
    }
  });

  it('changes what everybody may, for whoever ranks above nothing', async () => {
    const { group, deputy } = await ranks();
    const everyone = { id: group.everyone };
    const now = await world.one<{ permissions: string }>(
      'select permissions from groups.roles where id = $1',
      group.everyone,
    );
    const more = (BigInt(now.permissions) | bits.KICK_MEMBERS).toString();
    expect(await update(deputy, everyone, { permissions: more })).toMatchObject({ permissions: more });
    expect(await reasonOf(update(deputy, everyone, { permissions: every.toString() }))).toBe(
      'group_role.bits_not_held',
    );
    // Somebody whose MANAGE_ROLES comes from the default role ranks at 0, and may touch nothing.
    await update(owner, everyone, { permissions: mask('MANAGE_ROLES', 'VIEW_CHANNEL') });
    const newcomer = await world.person();
    await world.join(group, newcomer);
    expect(await reasonOf(update(newcomer, everyone, { permissions: 0 }))).toBe('group.hierarchy');
  });

  it('deletes roles below one’s own, not the default one and not those of integrations', async () => {
    const { group, chief, deputy, helper, low, middle } = await ranks();
    const remove = (by: Person, id: string) => by.call('delete_role', { role_id: id });
    expect(await reasonOf(remove(deputy, middle.id))).toBe('group.hierarchy');
    expect(await reasonOf(remove(chief, group.everyone))).toBe('group_role.not_deletable');
    await world.db.query('update groups.roles set managed = true where id = $1', [low.id]);
    expect(await reasonOf(remove(chief, low.id))).toBe('group_role.not_deletable');
    await world.db.query('update groups.roles set managed = false where id = $1', [low.id]);
    await remove(deputy, low.id);
    expect(await world.rows('select from groups.group_member_roles where user_id = $1', helper.id)).toEqual(
      [],
    );
  });
});

describe('ordering roles', () => {
  it('moves only roles below one’s own', async () => {
    const { group, chief, deputy, helper, low, middle, high } = await ranks();
    const extra = await deputy.call<Role>('create_role', { group_id: group.id, name: 'Extra' });
    const reorder = (by: Person, ...ids: string[]) =>
      by.list<Role>('reorder_roles', { group_id: group.id, role_ids: ids });
    expect(await reasonOf(reorder(helper, high.id, middle.id, low.id, extra.id))).toBe('group.not_allowed');
    expect(
      (await reorder(deputy, high.id, middle.id, extra.id, low.id)).map((role) => role.position),
    ).toEqual([4, 3, 2, 1, 0]);
    expect(await order(group)).toEqual([high.id, middle.id, extra.id, low.id]);
    expect(await reasonOf(reorder(deputy, high.id, low.id, middle.id, extra.id))).toBe('group.hierarchy');
    expect(await reasonOf(reorder(deputy, middle.id, high.id, extra.id, low.id))).toBe('group.hierarchy');
    expect(await reasonOf(reorder(deputy, low.id, high.id, middle.id, extra.id))).toBe('group.hierarchy');
    for (const ids of [
      [high.id, middle.id, low.id],
      [high.id, middle.id, low.id, low.id],
      [high.id, middle.id, extra.id, low.id, group.everyone],
    ]) {
      expect(await reasonOf(reorder(owner, ...ids))).toBe('group.order_incomplete');
    }
    expect(await reasonOf(chief.list('reorder_roles', { group_id: group.id, role_ids: null }))).toBe(
      'group.order_incomplete',
    );
    // Gaps left by deleted roles do not matter.
    await deputy.call('delete_role', { role_id: extra.id });
    await reorder(deputy, high.id, middle.id, low.id);
    await reorder(owner, low.id, middle.id, high.id);
    expect(await order(group)).toEqual([low.id, middle.id, high.id]);
  });
});

describe('giving roles', () => {
  it('needs a rank above the role’s and the member’s, and every bit of the role', async () => {
    const { group, chief, deputy, helper, plain, low, middle, high } = await ranks();
    expect(await reasonOf(assign(helper, group, plain, low))).toBe('group.not_allowed');
    expect(await reasonOf(assign(deputy, group, plain, middle))).toBe('group.hierarchy');
    expect(await reasonOf(assign(deputy, group, plain, high))).toBe('group.hierarchy');
    expect(await reasonOf(assign(deputy, group, chief, low))).toBe('group.hierarchy');
    expect(await reasonOf(unassign(deputy, group, deputy, middle))).toBe('group.hierarchy');
    expect(await assign(deputy, group, plain, low)).toMatchObject({ assigned_by: deputy.id });
    expect(await assign(owner, group, plain, low)).toMatchObject({ assigned_by: deputy.id });
    await unassign(deputy, group, plain, low);
    expect(await reasonOf(unassign(deputy, group, plain, low))).toBe('group_role.not_held');
    // A lower role that can do more: whoever gives it would grant what they lack, also to themselves.
    await update(owner, low, { permissions: mask('BAN_MEMBERS') });
    expect(await reasonOf(assign(deputy, group, plain, low))).toBe('group_role.bits_not_held');
    expect(await reasonOf(assign(deputy, group, deputy, low))).toBe('group_role.bits_not_held');
    await assign(chief, group, chief, low);
    expect(await reasonOf(assign(owner, group, await world.person(), low))).toBe('group_member.unknown');
    expect(await reasonOf(assign(owner, group, plain, { ...low, id: group.everyone }))).toBe(
      'group_role.not_assignable',
    );
    const other = await world.group(owner);
    expect(await reasonOf(assign(owner, other, owner, low))).toBe('group_role.unknown');
  });

  it('never stores the default role, whoever writes', async () => {
    const { group, plain } = await ranks();
    expect(
      await reasonOf(
        world.db.query(
          'insert into groups.group_member_roles (group_id, user_id, role_id) values ($1, $2, $3)',
          [group.id, plain.id, group.everyone],
        ),
      ),
    ).toBe('group_role.not_assignable');
  });

  // Proves the lock of the group: without it the deputy decides on a rank that is being taken from them.
  it('leaves nobody with a role that was given by somebody who had lost the right', async () => {
    for (let round = 0; round < 5; round += 1) {
      const { group, deputy, plain, low, middle } = await ranks();
      const [taken, given] = await Promise.all([
        world.stampede(
          [owner],
          'unassign_role',
          () => ({ group_id: group.id, user_id: deputy.id, role_id: middle.id }),
          1,
        ),
        world.stampede(
          Array<Person>(6).fill(deputy),
          'assign_role',
          () => ({ group_id: group.id, user_id: plain.id, role_id: low.id }),
          6,
        ),
      ]);
      expect(taken).toEqual(['done']);
      expect(new Set([...given, 'done', 'group.not_allowed'])).toEqual(
        new Set(['done', 'group.not_allowed']),
      );
      const entries = await world.rows<{ action: string }>(
        `select action from audit.logs where group_id = $1 and action in ('assign_group_role', 'unassign_group_role') order by id`,
        group.id,
      );
      const actions = entries.map((entry) => entry.action);
      expect(actions.slice(actions.indexOf('unassign_group_role') + 1)).toEqual([]);
    }
  });
});

describe('overrides', () => {
  it('need MANAGE_ROLES there, a rank above the target’s, and every bit that changes', async () => {
    const { group, chief, deputy, helper, plain, low, high } = await ranks();
    const set = (by: Person, more: Record<string, unknown>) =>
      by.call<{ id: string; allow: string; deny: string }>('set_override', {
        channel_id: group.general,
        ...more,
      });
    expect(await reasonOf(set(helper, { user_id: plain.id, deny: mask('SPEAK') }))).toBe(
      'channel.not_allowed',
    );
    expect(
      await set(deputy, { role_id: low.id, allow: mask('ADD_REACTIONS'), deny: mask('SPEAK') }),
    ).toMatchObject({
      allow: mask('ADD_REACTIONS'),
      deny: mask('SPEAK'),
    });
    expect(await set(deputy, { role_id: low.id, allow: 0, deny: mask('SPEAK') })).toMatchObject({
      allow: '0',
    });
    expect(
      await reasonOf(set(deputy, { role_id: low.id, allow: mask('MANAGE_MESSAGES'), deny: mask('SPEAK') })),
    ).toBe('group_role.bits_not_held');
    expect(await reasonOf(set(deputy, { role_id: low.id, deny: mask('MANAGE_MESSAGES', 'SPEAK') }))).toBe(
      'group_role.bits_not_held',
    );
    expect(await reasonOf(set(deputy, { role_id: high.id, deny: mask('SPEAK') }))).toBe('group.hierarchy');
    expect(await reasonOf(set(deputy, { user_id: chief.id, deny: mask('SPEAK') }))).toBe('group.hierarchy');
    expect(await reasonOf(set(deputy, { user_id: owner.id, deny: mask('SPEAK') }))).toBe('group.hierarchy');
    await set(deputy, { user_id: plain.id, deny: mask('SPEAK') });
    await set(deputy, { role_id: group.everyone, deny: mask('STREAM') });
    // What stands there with bits that one lacks cannot be replaced or cleared either.
    await set(owner, { role_id: low.id, allow: mask('MANAGE_MESSAGES') });
    expect(await reasonOf(set(deputy, { role_id: low.id }))).toBe('group_role.bits_not_held');
    const clear = (by: Person, more: Record<string, unknown>) =>
      by.call('clear_override', { channel_id: group.general, ...more });
    expect(await reasonOf(clear(deputy, { role_id: low.id }))).toBe('group_role.bits_not_held');
    await clear(deputy, { user_id: plain.id });
    expect(await reasonOf(clear(deputy, { user_id: plain.id }))).toBe('override.unknown');
    await clear(owner, { role_id: low.id });
  });

  it('are about one place and one target of one group', async () => {
    const { group, plain, low } = await ranks();
    const other = await world.group(owner);
    const heading = await owner.call<{ id: string }>('create_category', {
      group_id: group.id,
      name: 'Heading',
    });
    const thread = await owner.call<{ channel_id: string }>('start_thread', {
      channel_id: group.general,
      name: 'A thread',
    });
    const set = (more: Record<string, unknown>) => owner.call('set_override', more);
    await set({ category_id: heading.id, role_id: low.id, allow: mask('SPEAK') });
    await set({ category_id: heading.id, user_id: plain.id, deny: mask('SPEAK') });
    for (const [more, reason] of [
      [{ role_id: low.id }, 'override.malformed'],
      [{ channel_id: group.general, category_id: heading.id, role_id: low.id }, 'override.malformed'],
      [{ channel_id: group.general, role_id: low.id, user_id: plain.id }, 'override.malformed'],
      [{ channel_id: group.general }, 'override.malformed'],
      [{ channel_id: group.id, role_id: low.id }, 'channel.unknown'],
      [{ category_id: group.id, role_id: low.id }, 'channel_category.unknown'],
      [{ channel_id: other.general, role_id: low.id }, 'group_role.unknown'],
      [{ channel_id: other.general, user_id: plain.id }, 'group_member.unknown'],
      [{ channel_id: thread.channel_id, role_id: low.id }, 'channel.wrong_type'],
      [
        { channel_id: group.general, role_id: low.id, allow: mask('SPEAK'), deny: mask('SPEAK') },
        'override.bits_overlap',
      ],
      [
        { channel_id: group.general, role_id: low.id, allow: mask('ADMINISTRATOR') },
        'group_role.bits_invalid',
      ],
      [{ channel_id: group.general, role_id: low.id, deny: mask('KICK_MEMBERS') }, 'group_role.bits_invalid'],
      [
        { channel_id: group.general, role_id: low.id, allow: (every + 1n).toString() },
        'group_role.bits_invalid',
      ],
    ] as const) {
      expect([more, await reasonOf(set(more))]).toEqual([more, reason]);
    }
  });

  it('stay one for each place and target when several are set at once', async () => {
    const { group, low } = await ranks();
    const outcomes = await world.stampede(
      Array<Person>(10).fill(owner),
      'set_override',
      (_, index) => ({
        channel_id: group.general,
        role_id: low.id,
        allow: index % 2 === 0 ? mask('SPEAK') : 0,
      }),
      10,
    );
    expect(tally(outcomes)).toEqual({ done: 10 });
    expect(
      await world.rows('select from groups.channel_permission_overrides where role_id = $1', low.id),
    ).toHaveLength(1);
  });

  it('are read by members who may view the channel', async () => {
    const { group, plain, low } = await ranks();
    const secret = await owner.call<{ id: string }>('create_channel', {
      group_id: group.id,
      name: 'Secret',
      is_private: true,
    });
    await owner.call('set_override', { channel_id: secret.id, role_id: low.id, allow: mask('VIEW_CHANNEL') });
    await owner.call('set_override', { channel_id: group.general, role_id: low.id, allow: mask('SPEAK') });
    expect(await plain.read('select channel_id from groups.channel_permission_overrides')).toEqual([
      { channel_id: group.general },
    ]);
  });
});

describe('what clients are told of permissions', () => {
  it('is told of the caller, of other members of their groups, and of nobody else', async () => {
    const { group, helper, plain } = await ranks();
    const outsider = await world.person();
    const of = (person: Person, whom: Person) =>
      person.read<{ bits: string | null }>(
        'select groups.group_members_permissions(member) as bits from groups.group_members as member where user_id = $1 and group_id = $2',
        [whom.id, group.id],
      );
    const [told] = await of(plain, helper);
    expect(BigInt(told?.bits ?? 0) & bits.KICK_MEMBERS).toBe(bits.KICK_MEMBERS);
    expect(await of(outsider, helper)).toEqual([]);
    expect(
      await outsider.read(
        'select groups.group_members_permissions(row($1::uuid, $2::uuid, null, now(), null, false, null, false, false, null, now(), now())::groups.group_members) as bits',
        [group.id, helper.id],
      ),
    ).toEqual([{ bits: null }]);
    expect(
      await plain.read(
        'select (groups.groups_my_permissions(home) & 2048)::int as bits from groups.groups as home where id = $1',
        [group.id],
      ),
    ).toEqual([{ bits: 2048 }]);
    expect(
      await plain.read(
        'select (groups.channels_my_permissions(place) & 2048)::int as bits from groups.channels as place where id = $1',
        [group.general],
      ),
    ).toEqual([{ bits: 2048 }]);
    expect(await plain.call('can_in_group', { group_id: group.id, permission: 'KICK_MEMBERS' })).toEqual({
      can_in_group: false,
    });
    expect(await helper.call('can_in_group', { group_id: group.id, permission: 'KICK_MEMBERS' })).toEqual({
      can_in_group: true,
    });
  });
});
