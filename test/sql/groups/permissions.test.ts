import { beforeAll, describe, expect, it } from 'vitest';
import { type Bit, bits, every, type Group, mask, type Person, type Scene, scene } from './scene.ts';

let world: Scene;
let owner: Person;
beforeAll(async () => {
  world = await scene();
  owner = await world.person();
});

/** Who asks: nobody with an account, somebody outside, a member, the owner, somebody banned. */
type Subject = 'visitor' | 'outsider' | 'member' | 'owner' | 'banned';
type Change = readonly [allow: readonly Bit[], deny: readonly Bit[]];

interface Case {
  readonly is: string;
  readonly subject?: Subject;
  readonly isPublic?: boolean;
  /** What the default role grants; by default what a new group grants. */
  readonly everyone?: readonly Bit[];
  /** Roles that the subject holds, the lowest first. */
  readonly roles?: readonly (readonly Bit[])[];
  readonly isPending?: boolean;
  readonly muted?: 'running' | 'over';
  readonly isPrivate?: boolean;
  readonly isDeleted?: 'group' | 'channel' | 'parent';
  readonly inThread?: boolean;
  readonly banExpires?: 'never' | 'later' | 'over';
  /** Overrides for the default role, for the subject's roles, for the subject. */
  readonly onHeading?: {
    readonly everyone?: Change;
    readonly roles?: readonly Change[];
    readonly member?: Change;
  };
  readonly onChannel?: {
    readonly everyone?: Change;
    readonly roles?: readonly Change[];
    readonly member?: Change;
  };
  /** What must be permitted in the channel, and what must not. */
  readonly may?: readonly Bit[] | 'everything';
  readonly mayNot?: readonly Bit[] | 'anything';
  /** The whole bitfield in the channel. */
  readonly exactly?: readonly Bit[];
  /** The whole bitfield in the group. */
  readonly inGroup?: readonly Bit[] | 'everything';
}

const look: readonly Bit[] = ['VIEW_CHANNEL', 'READ_HISTORY'];
const granted: readonly Bit[] = [
  'CREATE_INVITE',
  'ADD_REACTIONS',
  'VIEW_CHANNEL',
  'SEND_MESSAGES',
  'EMBED_LINKS',
  'ATTACH_FILES',
  'READ_HISTORY',
  'USE_EXTERNAL_EMOJI',
  'CONNECT',
  'SPEAK',
  'STREAM',
  'CHANGE_NICKNAME',
  'CREATE_THREADS',
];
const basic: readonly Bit[] = ['VIEW_CHANNEL', 'READ_HISTORY', 'SEND_MESSAGES'];

const cases: readonly Case[] = [
  // Outside the group.
  {
    is: 'a visitor sees nothing of a group that is not public',
    subject: 'visitor',
    exactly: [],
    inGroup: [],
  },
  {
    is: 'a visitor looks into a public group',
    subject: 'visitor',
    isPublic: true,
    exactly: look,
    inGroup: look,
  },
  {
    is: 'an outsider sees nothing of a group that is not public',
    subject: 'outsider',
    exactly: [],
    inGroup: [],
  },
  {
    is: 'an outsider looks into a public group',
    subject: 'outsider',
    isPublic: true,
    exactly: look,
    inGroup: look,
  },
  {
    is: 'an outsider only looks, whatever the default role grants',
    subject: 'outsider',
    isPublic: true,
    everyone: ['ADMINISTRATOR', ...basic],
    exactly: look,
  },
  {
    is: 'an outsider does not look where the default role may not view',
    subject: 'outsider',
    isPublic: true,
    everyone: ['READ_HISTORY', 'SEND_MESSAGES'],
    exactly: [],
  },
  {
    is: 'an outsider views but does not read where the default role may not read',
    subject: 'outsider',
    isPublic: true,
    everyone: ['VIEW_CHANNEL'],
    exactly: ['VIEW_CHANNEL'],
  },
  {
    is: 'an outsider does not look into a private channel',
    subject: 'outsider',
    isPublic: true,
    isPrivate: true,
    exactly: [],
  },
  {
    is: 'an outsider looks into a private channel that is opened to the default role',
    subject: 'outsider',
    isPublic: true,
    isPrivate: true,
    onChannel: { everyone: [['VIEW_CHANNEL'], []] },
    exactly: look,
  },
  {
    is: 'an outsider is shut out by an override of the default role',
    subject: 'outsider',
    isPublic: true,
    onChannel: { everyone: [[], ['VIEW_CHANNEL']] },
    exactly: [],
  },
  {
    is: 'an outsider is shut out by an override on the heading',
    subject: 'outsider',
    isPublic: true,
    onHeading: { everyone: [[], ['VIEW_CHANNEL']] },
    exactly: [],
  },
  {
    is: 'an outsider does not write, though an override lets the default role',
    subject: 'outsider',
    isPublic: true,
    onChannel: { everyone: [['SEND_MESSAGES'], []] },
    exactly: look,
  },
  {
    is: 'an outsider looks into a thread of a public channel',
    subject: 'outsider',
    isPublic: true,
    inThread: true,
    exactly: look,
  },
  {
    is: 'somebody banned for good sees nothing of a public group',
    subject: 'banned',
    isPublic: true,
    banExpires: 'never',
    exactly: [],
    inGroup: [],
  },
  {
    is: 'somebody banned for a time sees nothing of a public group',
    subject: 'banned',
    isPublic: true,
    banExpires: 'later',
    exactly: [],
  },
  {
    is: 'somebody whose ban is over is an outsider',
    subject: 'banned',
    isPublic: true,
    banExpires: 'over',
    exactly: look,
  },
  {
    is: 'somebody banned sees nothing of a group that is not public',
    subject: 'banned',
    banExpires: 'never',
    exactly: [],
  },

  // The owner and administrators.
  { is: 'the owner may do everything', subject: 'owner', may: 'everything', inGroup: 'everything' },
  {
    is: 'the owner may do everything in a private channel',
    subject: 'owner',
    isPrivate: true,
    may: 'everything',
  },
  {
    is: 'the owner is beyond overrides',
    subject: 'owner',
    onChannel: { everyone: [[], basic], member: [[], basic] },
    may: 'everything',
  },
  {
    is: 'the owner is beyond time-outs',
    subject: 'owner',
    muted: 'running',
    may: 'everything',
    inGroup: 'everything',
  },
  {
    is: 'the owner may do nothing in a group that is deleted',
    subject: 'owner',
    isDeleted: 'group',
    exactly: [],
    inGroup: [],
  },
  {
    is: 'the owner may do nothing in a channel that is deleted',
    subject: 'owner',
    isDeleted: 'channel',
    exactly: [],
  },
  {
    is: 'the owner may do nothing in a thread of a deleted channel',
    subject: 'owner',
    inThread: true,
    isDeleted: 'parent',
    exactly: [],
  },
  {
    is: 'an administrator may do everything',
    roles: [['ADMINISTRATOR']],
    may: 'everything',
    inGroup: 'everything',
  },
  {
    is: 'an administrator is beyond overrides for members',
    roles: [['ADMINISTRATOR']],
    onChannel: { member: [[], basic] },
    may: 'everything',
  },
  {
    is: 'an administrator is beyond overrides for roles',
    roles: [['ADMINISTRATOR']],
    onHeading: { roles: [[[], basic]] },
    onChannel: { roles: [[[], basic]] },
    may: 'everything',
  },
  {
    is: 'an administrator may do everything in a private channel',
    roles: [['ADMINISTRATOR']],
    isPrivate: true,
    may: 'everything',
  },
  {
    is: 'an administrator is beyond time-outs',
    roles: [['ADMINISTRATOR']],
    muted: 'running',
    may: 'everything',
  },
  {
    is: 'a default role with ADMINISTRATOR makes every member one',
    everyone: ['ADMINISTRATOR'],
    may: 'everything',
  },
  {
    is: 'one of several roles with ADMINISTRATOR is enough',
    roles: [['SPEAK'], ['ADMINISTRATOR'], ['STREAM']],
    may: 'everything',
  },

  // Base permissions.
  { is: 'a member has what the default role grants', exactly: granted, inGroup: granted },
  {
    is: 'a member has what their roles add',
    roles: [['KICK_MEMBERS']],
    exactly: [...granted, 'KICK_MEMBERS'],
    inGroup: [...granted, 'KICK_MEMBERS'],
  },
  {
    is: 'roles add up',
    roles: [['KICK_MEMBERS'], ['BAN_MEMBERS']],
    inGroup: [...granted, 'KICK_MEMBERS', 'BAN_MEMBERS'],
  },
  { is: 'a role cannot take away what the default role grants', roles: [[]], exactly: granted },
  { is: 'a default role without anything grants nothing', everyone: [], exactly: [], inGroup: [] },
  {
    is: 'bit 32 is a permission like any other',
    roles: [['BYPASS_SLOWMODE']],
    may: ['BYPASS_SLOWMODE'],
    inGroup: [...granted, 'BYPASS_SLOWMODE'],
  },
  { is: 'bit 31 is a permission like any other', roles: [['MANAGE_THREADS']], may: ['MANAGE_THREADS'] },

  // Time-outs and screening.
  {
    is: 'a time-out leaves looking and connecting',
    muted: 'running',
    exactly: [...look, 'CONNECT'],
    inGroup: [...look, 'CONNECT'],
  },
  { is: 'a time-out that is over has no effect', muted: 'over', exactly: granted },
  {
    is: 'a member before screening looks and connects',
    isPending: true,
    exactly: [...look, 'CONNECT'],
    inGroup: [...look, 'CONNECT'],
  },
  {
    is: 'a time-out takes away what roles grant',
    muted: 'running',
    roles: [['MANAGE_MESSAGES', 'KICK_MEMBERS']],
    exactly: [...look, 'CONNECT'],
  },
  {
    is: 'an override cannot end a time-out',
    muted: 'running',
    onChannel: { member: [['SEND_MESSAGES'], []] },
    exactly: [...look, 'CONNECT'],
  },
  {
    is: 'an override cannot replace screening',
    isPending: true,
    onChannel: { roles: [[['SEND_MESSAGES'], []]], everyone: [['SEND_MESSAGES'], []] },
    roles: [[]],
    exactly: [...look, 'CONNECT'],
  },
  { is: 'a time-out does not open a private channel', muted: 'running', isPrivate: true, exactly: [] },
  {
    is: 'a time-out gives nothing that was not there',
    muted: 'running',
    everyone: ['VIEW_CHANNEL'],
    exactly: ['VIEW_CHANNEL'],
  },

  // Overrides of a channel.
  {
    is: 'an override takes from the default role',
    onChannel: { everyone: [[], ['ADD_REACTIONS']] },
    mayNot: ['ADD_REACTIONS'],
    may: basic,
  },
  {
    is: 'an override adds to the default role',
    everyone: look,
    onChannel: { everyone: [['SEND_MESSAGES'], []] },
    exactly: basic,
  },
  {
    is: 'an override changes nothing in the group',
    onChannel: { everyone: [['MANAGE_MESSAGES'], ['SPEAK']] },
    inGroup: granted,
  },
  {
    is: 'a role gets back what the default role is denied',
    roles: [[]],
    onChannel: { everyone: [[], ['SEND_MESSAGES']], roles: [[['SEND_MESSAGES'], []]] },
    may: ['SEND_MESSAGES'],
  },
  {
    is: 'a role loses what the default role is allowed',
    everyone: look,
    roles: [[]],
    onChannel: { everyone: [['SEND_MESSAGES'], []], roles: [[[], ['SEND_MESSAGES']]] },
    mayNot: ['SEND_MESSAGES'],
  },
  {
    is: 'among roles, allowing wins over denying',
    roles: [[], []],
    onChannel: {
      roles: [
        [[], ['SEND_MESSAGES']],
        [['SEND_MESSAGES'], []],
      ],
    },
    may: ['SEND_MESSAGES'],
  },
  {
    is: 'among roles, allowing wins over denying, whichever ranks higher',
    roles: [[], []],
    onChannel: {
      roles: [
        [['SEND_MESSAGES'], []],
        [[], ['SEND_MESSAGES']],
      ],
    },
    may: ['SEND_MESSAGES'],
  },
  {
    is: 'the member’s own override wins over denying roles',
    roles: [[]],
    onChannel: { roles: [[[], ['SEND_MESSAGES']]], member: [['SEND_MESSAGES'], []] },
    may: ['SEND_MESSAGES'],
  },
  {
    is: 'the member’s own override wins over allowing roles',
    roles: [[]],
    onChannel: { roles: [[['SEND_MESSAGES'], []]], member: [[], ['SEND_MESSAGES']] },
    mayNot: ['SEND_MESSAGES'],
  },
  {
    is: 'the member’s own override wins over the default role',
    onChannel: { everyone: [[], ['ADD_REACTIONS']], member: [['ADD_REACTIONS'], []] },
    may: ['ADD_REACTIONS'],
  },
  {
    is: 'an override denies what a role grants',
    roles: [['MANAGE_MESSAGES']],
    onChannel: { roles: [[[], ['MANAGE_MESSAGES']]] },
    mayNot: ['MANAGE_MESSAGES'],
    inGroup: [...granted, 'MANAGE_MESSAGES'],
  },
  {
    is: 'an override of the default role denies what a role grants',
    roles: [['MANAGE_MESSAGES']],
    onChannel: { everyone: [[], ['MANAGE_MESSAGES']] },
    mayNot: ['MANAGE_MESSAGES'],
  },

  // Headings, and which of the two comes first.
  {
    is: 'an override on the heading holds in its channels',
    onHeading: { everyone: [[], ['SEND_MESSAGES']] },
    mayNot: ['SEND_MESSAGES'],
  },
  {
    is: 'an override on the channel comes after the one on the heading',
    onHeading: { everyone: [[], ['SEND_MESSAGES']] },
    onChannel: { everyone: [['SEND_MESSAGES'], []] },
    may: ['SEND_MESSAGES'],
  },
  {
    is: 'the channel denies what the heading allows',
    everyone: look,
    onHeading: { everyone: [['SEND_MESSAGES'], []] },
    onChannel: { everyone: [[], ['SEND_MESSAGES']] },
    mayNot: ['SEND_MESSAGES'],
  },
  {
    is: 'an override of the default role on the channel comes after the member’s own on the heading',
    onHeading: { member: [['SEND_MESSAGES'], []] },
    onChannel: { everyone: [[], ['SEND_MESSAGES']] },
    mayNot: ['SEND_MESSAGES'],
  },
  {
    is: 'within the heading too the member comes last',
    roles: [[]],
    onHeading: { roles: [[[], ['SEND_MESSAGES']]], member: [['SEND_MESSAGES'], []] },
    may: ['SEND_MESSAGES'],
  },
  {
    is: 'within the heading too roles come after the default role',
    roles: [[]],
    onHeading: { everyone: [[], ['SEND_MESSAGES']], roles: [[['SEND_MESSAGES'], []]] },
    may: ['SEND_MESSAGES'],
  },

  // Private channels.
  { is: 'a private channel is closed to members', isPrivate: true, exactly: [], inGroup: granted },
  {
    is: 'a private channel is closed, whatever roles grant',
    isPrivate: true,
    roles: [['VIEW_CHANNEL', 'MANAGE_CHANNELS']],
    exactly: [],
  },
  {
    is: 'a private channel opens to a role by an override',
    isPrivate: true,
    roles: [[]],
    onChannel: { roles: [[['VIEW_CHANNEL'], []]] },
    exactly: granted,
  },
  {
    is: 'a private channel opens to a member by an override',
    isPrivate: true,
    onChannel: { member: [['VIEW_CHANNEL'], []] },
    exactly: granted,
  },
  {
    is: 'a private channel opens to everybody by an override of the default role',
    isPrivate: true,
    onChannel: { everyone: [['VIEW_CHANNEL'], []] },
    exactly: granted,
  },
  {
    is: 'a private channel does not open by an override on the heading',
    isPrivate: true,
    onHeading: { member: [['VIEW_CHANNEL'], []], everyone: [['VIEW_CHANNEL'], []] },
    exactly: [],
  },
  {
    is: 'a private channel opened to a role stays closed to a member who is denied',
    isPrivate: true,
    roles: [[]],
    onChannel: { roles: [[['VIEW_CHANNEL'], []]], member: [[], ['VIEW_CHANNEL']] },
    exactly: [],
  },

  // What follows from what.
  {
    is: 'without VIEW_CHANNEL nothing is permitted',
    onChannel: { everyone: [['MANAGE_MESSAGES'], ['VIEW_CHANNEL']] },
    exactly: [],
  },
  {
    is: 'without VIEW_CHANNEL in the group its other permissions stand',
    everyone: ['SEND_MESSAGES'],
    roles: [['KICK_MEMBERS']],
    exactly: [],
    inGroup: ['SEND_MESSAGES', 'KICK_MEMBERS'],
  },
  {
    is: 'who cannot write cannot attach, call everybody or start threads',
    roles: [['MENTION_EVERYONE']],
    onChannel: { everyone: [[], ['SEND_MESSAGES']] },
    mayNot: ['SEND_MESSAGES', 'ATTACH_FILES', 'MENTION_EVERYONE', 'CREATE_THREADS'],
    may: ['ADD_REACTIONS', 'EMBED_LINKS'],
  },
  {
    is: 'who cannot write still manages',
    roles: [['MANAGE_MESSAGES']],
    onChannel: { everyone: [[], ['SEND_MESSAGES']] },
    may: ['MANAGE_MESSAGES'],
  },

  // Threads.
  { is: 'a thread has the permissions of its parent', inThread: true, exactly: granted },
  { is: 'a thread of a private channel is closed', inThread: true, isPrivate: true, exactly: [] },
  {
    is: 'a thread has the overrides of its parent',
    inThread: true,
    onChannel: { member: [[], ['ADD_REACTIONS']] },
    mayNot: ['ADD_REACTIONS'],
    may: basic,
  },
  {
    is: 'a thread has the overrides of its parent’s heading',
    inThread: true,
    onHeading: { everyone: [[], ['ADD_REACTIONS']] },
    mayNot: ['ADD_REACTIONS'],
  },
];

const field = (names: readonly Bit[]): bigint => names.reduce((sum, name) => sum | bits[name], 0n);

interface Staged {
  readonly group: Group;
  readonly subject: Person;
  readonly place: string;
  readonly parent: string;
}

async function stage(given: Case): Promise<Staged> {
  const group = await world.group(owner, given.isPublic ?? false);
  const kind = given.subject ?? 'member';
  const subject = kind === 'owner' ? owner : kind === 'visitor' ? world.visitor() : await world.person();
  if (kind === 'member') await world.join(group, subject);
  if (given.banExpires !== undefined) {
    const end = { never: null, later: "now() + interval '1 day'", over: "now() - interval '1 second'" }[
      given.banExpires
    ];
    await world.db.query(
      `insert into groups.bans (group_id, user_id, expires_at) values ($1, $2, ${end ?? 'null'})`,
      [group.id, subject.id],
    );
  }
  if (given.everyone) {
    await world.db.query('update groups.roles set permissions = $2 where id = $1', [
      group.everyone,
      field(given.everyone).toString(),
    ]);
  }
  const roles: string[] = [];
  for (const granting of given.roles ?? [])
    roles.push((await world.role(group, mask(...granting), subject)).id);
  await world.db.query(
    'update groups.group_members set pending = $3, muted_until = $4 where group_id = $1 and user_id = $2',
    [
      group.id,
      kind === 'visitor' ? owner.id : subject.id,
      given.isPending ?? false,
      given.muted === undefined
        ? null
        : new Date(Date.now() + (given.muted === 'running' ? 60_000 : -60_000)),
    ],
  );

  const heading = await world.one<{ id: string }>(
    `insert into groups.channel_categories (group_id, name) values ($1, 'A heading') returning id`,
    group.id,
  );
  const parent = await world.one<{ id: string }>(
    `insert into groups.channels (group_id, category_id, name, is_private) values ($1, $2, 'A channel', $3) returning id`,
    group.id,
    heading.id,
    given.isPrivate ?? false,
  );
  let place = parent.id;
  if (given.inThread) {
    const thread = await world.one<{ id: string }>(
      `insert into groups.channels (group_id, parent_channel_id, type, name) values ($1, $2, 'thread', 'A thread') returning id`,
      group.id,
      parent.id,
    );
    place = thread.id;
  }
  for (const [where, change] of [
    [{ category: heading.id }, given.onHeading],
    [{ channel: parent.id }, given.onChannel],
  ] as const) {
    const write = async (target: { role?: string; user?: string }, [allow, deny]: Change): Promise<void> =>
      world.override(group, where, target, mask(...allow), mask(...deny));
    if (change?.everyone) await write({ role: group.everyone }, change.everyone);
    for (const [index, one] of (change?.roles ?? []).entries())
      await write({ role: roles[index] ?? '' }, one);
    if (change?.member) await write({ user: subject.id }, change.member);
  }
  if (given.isDeleted === 'group')
    await world.db.query('update groups.groups set deleted_at = now() where id = $1', [group.id]);
  if (given.isDeleted === 'channel')
    await world.db.query('update groups.channels set deleted_at = now() where id = $1', [place]);
  if (given.isDeleted === 'parent')
    await world.db.query('update groups.channels set deleted_at = now() where id = $1', [parent.id]);
  return { group, subject, place, parent: parent.id };
}

async function permissionsOf(staged: Staged, channel: string | null): Promise<bigint> {
  const row = await world.one<{ bits: string }>(
    'select groups.permissions_of($1, $2, $3) as bits',
    staged.group.id,
    staged.subject.id === '' ? null : staged.subject.id,
    channel,
  );
  return BigInt(row.bits);
}

const names = (value: bigint): string[] =>
  Object.entries(bits)
    .filter(([, bit]) => (value & bit) !== 0n)
    .map(([name]) => name);

describe('the permissions of a person in a channel', () => {
  it('are proved by at least sixty cases', () => {
    expect(cases.length).toBeGreaterThanOrEqual(60);
  });

  it.each(cases)('$is', async (given) => {
    const staged = await stage(given);
    const inChannel = await permissionsOf(staged, staged.place);
    if (given.exactly) expect(names(inChannel).sort()).toEqual([...given.exactly].sort());
    if (given.may === 'everything') expect(inChannel).toBe(every);
    else for (const bit of given.may ?? []) expect(names(inChannel)).toContain(bit);
    if (given.mayNot === 'anything') expect(inChannel).toBe(0n);
    else for (const bit of given.mayNot ?? []) expect(names(inChannel)).not.toContain(bit);
    if (given.inGroup) {
      const inGroup = await permissionsOf(staged, null);
      expect(names(inGroup).sort()).toEqual(
        names(given.inGroup === 'everything' ? every : field(given.inGroup)).sort(),
      );
    }

    // What policies and clients ask says the same.
    const { subject, place, parent, group } = staged;
    expect(await subject.call('my_permissions', { group_id: group.id, channel_id: place })).toEqual({
      my_permissions: inChannel.toString(),
    });
    expect(await subject.call('can', { channel_id: place, permission: 'SEND_MESSAGES' })).toEqual({
      can: (inChannel & bits.SEND_MESSAGES) !== 0n,
    });
    const ids = async (name: string): Promise<string[]> =>
      (await subject.list<Record<string, string>>(name)).map((row) => row[name] ?? '');
    const visible = [...(await ids('my_visible_channel_ids')), ...(await ids('open_visible_channel_ids'))];
    const readable = [...(await ids('my_readable_channel_ids')), ...(await ids('open_readable_channel_ids'))];
    const reading = bits.VIEW_CHANNEL | bits.READ_HISTORY;
    expect(visible.filter((id) => id === parent)).toHaveLength(
      (inChannel & bits.VIEW_CHANNEL) !== 0n && given.isDeleted === undefined ? 1 : 0,
    );
    expect(readable.includes(parent)).toBe((inChannel & reading) === reading);
    const seen = await subject.read('select id from groups.channels where id = $1', [place]);
    expect(seen).toHaveLength((inChannel & bits.VIEW_CHANNEL) !== 0n ? 1 : 0);
  });
});

describe('the permissions that exist', () => {
  it('are the same in the catalogue, in the function that names them, and here', async () => {
    const rows = await world.rows<{ key: string; mask: string; named: string }>(
      'select key, (1::bigint << bit)::text as mask, groups.permission(key)::text as named from groups.permission_bits order by bit',
    );
    expect(rows.map((row) => [row.key, BigInt(row.mask)])).toEqual(Object.entries(bits));
    expect(rows.filter((row) => row.mask !== row.named)).toEqual([]);
    expect(await world.one('select groups.every_permission()::text as mask')).toEqual({
      mask: every.toString(),
    });
    await expect(world.db.query(`select groups.permission('FLY')`)).rejects.toThrow(
      'there is no permission "FLY"',
    );
  });

  it('of a new group’s default role are the marked ones', async () => {
    const group = await world.group(owner);
    expect(
      await owner.read('select key from groups.role_permissions where role_id = $1 order by bit', [
        group.everyone,
      ]),
    ).toEqual(
      Object.keys(bits)
        .filter((key) => granted.some((name) => name === key))
        .map((key) => ({ key })),
    );
  });
});

describe('working permissions out for many channels at once', () => {
  it('says of each what working it out for one says, in random groups', async () => {
    let state = 20_261_122;
    const random = (below: number): number => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
      return (state >> 8) % below;
    };
    const channelBits = await world.rows<{ mask: string }>(
      `select (1::bigint << bit)::text as mask from groups.permission_bits where scope <> 'group'`,
    );
    const some = (chance: number): bigint =>
      channelBits.reduce((sum, { mask: one }) => (random(100) < chance ? sum | BigInt(one) : sum), 0n);
    const people = await world.people(6);
    for (let round = 0; round < 15; round += 1) {
      const group = await world.group(owner, random(2) === 0);
      await world.join(group, ...people.slice(0, 4));
      await world.db.query('update groups.roles set permissions = $2 where id = $1', [
        group.everyone,
        some(70).toString(),
      ]);
      const roles: string[] = [group.everyone];
      for (let index = 0; index < 4; index += 1) {
        const holders = people.slice(0, 4).filter(() => random(2) === 0);
        const extra = random(12) === 0 ? bits.ADMINISTRATOR : 0n;
        roles.push((await world.role(group, (some(15) | extra).toString(), ...holders)).id);
      }
      await world.db.query(
        "update groups.group_members set muted_until = case when $3 then now() + interval '1 hour' end, pending = $4 where group_id = $1 and user_id = $2",
        [group.id, people[random(4)]?.id, random(3) === 0, random(4) === 0],
      );
      if (random(2) === 0) {
        await world.db.query('insert into groups.bans (group_id, user_id) values ($1, $2)', [
          group.id,
          people[4]?.id,
        ]);
      }
      const headings = await world.rows<{ id: string }>(
        `insert into groups.channel_categories (group_id, name) select $1, 'A heading' from generate_series(1, 2) returning id`,
        group.id,
      );
      for (let index = 0; index < 5; index += 1) {
        await world.db.query(
          'insert into groups.channels (group_id, category_id, name, is_private, deleted_at) values ($1, $2, $3, $4, $5)',
          [
            group.id,
            headings[random(3)]?.id,
            `channel ${index}`,
            random(3) === 0,
            random(8) === 0 ? new Date() : null,
          ],
        );
      }
      const channels = await world.rows<{ id: string }>(
        'select id from groups.channels where group_id = $1',
        group.id,
      );
      for (const place of [
        ...headings.map(({ id }) => ({ category: id })),
        ...channels.map(({ id }) => ({ channel: id })),
      ]) {
        for (const target of [
          ...roles.map((role) => ({ role })),
          ...people.slice(0, 4).map(({ id }) => ({ user: id })),
        ]) {
          if (random(3) > 0) continue;
          const allow = some(20);
          await world.override(group, place, target, allow.toString(), (some(30) & ~allow).toString());
        }
      }
    }

    for (const person of [owner, ...people]) {
      const one = await world.rows<{ id: string; bits: string }>(
        `select channel.id, groups.permissions_of(channel.group_id, $1, channel.id)::text as bits
         from groups.channels as channel where channel.type <> 'thread' order by channel.id`,
        person.id,
      );
      const many = await asCaller(person);
      expect(
        one.filter(({ bits: value }) => value !== '0').map(({ id, bits: value }) => [id, value]),
      ).toEqual([...many].filter(([, value]) => value !== '0').sort(([a], [b]) => (a < b ? -1 : 1)));
    }
  });
});

/** The set form is internal; the owner of the tables calls it with the caller's identity. */
async function asCaller(person: Person): Promise<ReadonlyMap<string, string>> {
  const client = await world.db.pool.connect();
  try {
    await client.query(
      `begin; grant execute on function groups.channel_permissions_of_caller(boolean, uuid) to stoa_member`,
    );
    await client.query(
      `select set_config('role', 'stoa_member', true), set_config('stoa.user_id', $1, true)`,
      [person.id],
    );
    const { rows } = await client.query<{ channel_id: string; permissions: string }>(
      `select channel_id, permissions::text from groups.channel_permissions_of_caller(false)
       union all
       select channel_id, permissions::text from groups.channel_permissions_of_caller(true)`,
    );
    return new Map(rows.map((row) => [row.channel_id, row.permissions]));
  } finally {
    await client.query('rollback');
    client.release();
  }
}
