import {
  type Cells,
  closedToEverybody,
  type ModuleMatrix,
  type Person,
  type Persona,
  type Rows,
} from './cells.ts';
import { id, idOf } from './people.ts';

/**
 * The groups of the little world:
 *
 * | group   |                                                                                          |
 * |---------|------------------------------------------------------------------------------------------|
 * | open    | public, of the owner                                                                     |
 * | den     | not public, of the owner                                                                 |
 * | club    | not public, of the stranger; the member belongs, with the default role                   |
 * | shunned | public, of the stranger; the member is banned there                                      |
 * | closed  | public, of the owner, deleted yesterday                                                  |
 */
export const groupIds = {
  open: id(0x401),
  den: id(0x402),
  club: id(0x403),
  shunned: id(0x404),
  closed: id(0x405),
};
type GroupName = keyof typeof groupIds;
const groupNames = ['open', 'den', 'club', 'shunned', 'closed'] as const;

const ownerOf: Readonly<Record<GroupName, Person>> = {
  open: 'owner',
  den: 'owner',
  club: 'stranger',
  shunned: 'stranger',
  closed: 'owner',
};

/** Each group has a channel of its name; the club has a private one and a thread too, the open group a deleted one. */
const channels = [
  ...groupNames.map((group, index) => ({ label: group as string, id: id(0x411 + index), group })),
  { label: 'private, in the club', id: id(0x421), group: 'club' as const },
  { label: 'thread, in the club', id: id(0x422), group: 'club' as const },
  { label: 'deleted, in the open', id: id(0x423), group: 'open' as const },
];
export const channelId = Object.fromEntries(channels.map((channel) => [channel.label, channel.id]));

/** One message in each channel, and a deleted one in the open group. */
export const messages = [
  ...channels.map((channel, index) => ({ ...channel, message: id(0x431 + index), isDeleted: false })),
  { label: 'deleted message', id: id(0x411), group: 'open' as const, message: id(0x441), isDeleted: true },
];

const yesterday = new Date(Date.now() - 86_400_000).toISOString();

function readOnly(
  anonymous: Rows | 'denied',
  owner: Rows | 'denied',
  member: Rows | 'denied',
  moderator: Rows | 'denied',
  admin: Rows | 'denied' = moderator,
): Readonly<Record<Persona, Cells>> {
  const cells = (rows: Rows | 'denied'): Cells => [rows, 'denied', 'denied', 'denied'];
  return {
    anonymous: cells(anonymous),
    owner: cells(owner),
    member: cells(member),
    moderator: cells(moderator),
    admin: cells(admin),
    banned: cells(anonymous),
  };
}

/** Read by whoever may see the group from outside, by its members, and by staff. */
const asGroup = readOnly(['open', 'shunned'], ['open', 'den', 'shunned'], ['open', 'club'], 'all');
/** Read by members of the group and by staff. */
const asMember = readOnly('denied', ['open', 'den'], ['club'], 'all');
const visible = {
  anonymous: ['open', 'shunned'],
  owner: ['open', 'den', 'shunned'],
  member: ['open', 'club', 'thread, in the club'],
};
/** What moderators of the platform read: what is in public groups. */
const inPublicGroups = ['open', 'shunned', 'closed', 'deleted, in the open', 'deleted message'];
const asMessage = readOnly(visible.anonymous, visible.owner, visible.member, inPublicGroups, 'all');
const asMessageOfMembers = readOnly('denied', visible.owner, visible.member, inPublicGroups, 'all');

function inEveryGroup(first: number, values: (group: GroupName) => Record<string, unknown>) {
  return groupNames.map((group, index) => ({
    label: group,
    belongsTo: ownerOf[group],
    values: { id: id(first + index), group_id: groupIds[group], ...values(group) },
  }));
}

function onEveryMessage(values: (place: number) => Record<string, unknown>) {
  return messages.map((message, index) => ({
    label: message.label,
    values: { channel_id: message.id, message_id: message.message, ...values(index) },
  }));
}

/** The bits of each default role: VIEW_CHANNEL, SEND_MESSAGES, READ_HISTORY. */
const roleBits = [10, 11, 16];
const bitsOf = (...names: readonly GroupName[]): readonly string[] =>
  names.flatMap((group) => roleBits.map((bit) => `${group} ${bit}`));

export const groups: ModuleMatrix = {
  'groups.permission_bits': {
    rows: [],
    cells: readOnly('all', 'all', 'all', 'all'),
  },

  'groups.groups': {
    rows: groupNames.map((group) => ({
      label: group,
      belongsTo: ownerOf[group],
      values: {
        id: groupIds[group],
        name: group,
        owner_id: idOf(ownerOf[group]),
        is_public: group !== 'den' && group !== 'club',
        deleted_at: group === 'closed' ? yesterday : null,
      },
    })),
    cells: readOnly(['open', 'shunned'], ['open', 'den', 'shunned', 'closed'], ['open', 'club'], 'all'),
  },

  'groups.roles': {
    rows: inEveryGroup(0x451, () => ({
      name: 'everyone',
      is_default: true,
      position: 0,
      permissions: '68608',
    })),
    cells: asGroup,
  },

  'groups.role_permissions': {
    // PostgreSQL quotes the name of the column, which is also that of a type.
    key: ['role_id', '"bit"'],
    rows: groupNames.flatMap((group, index) =>
      roleBits.map((bit) => ({
        label: `${group} ${bit}`,
        isMade: true,
        values: { role_id: id(0x451 + index), '"bit"': bit },
      })),
    ),
    cells: readOnly(
      bitsOf('open', 'shunned'),
      bitsOf('open', 'den', 'shunned'),
      bitsOf('open', 'club'),
      'all',
    ),
  },

  'groups.channel_categories': { rows: inEveryGroup(0x461, () => ({ name: 'A heading' })), cells: asGroup },

  'groups.channels': {
    rows: channels.map((channel) => ({
      label: channel.label,
      values: {
        id: channel.id,
        group_id: groupIds[channel.group],
        name: channel.label,
        is_private: channel.label.startsWith('private'),
        type: channel.label.startsWith('thread') ? 'thread' : 'text',
        parent_channel_id: channel.label.startsWith('thread') ? channelId['club'] : null,
        deleted_at: channel.label.startsWith('deleted') ? yesterday : null,
      },
    })),
    cells: readOnly(visible.anonymous, visible.owner, visible.member, 'all'),
  },

  'groups.group_settings': {
    rows: groupNames.map((group) => ({ label: group, values: { group_id: groupIds[group] } })),
    cells: asMember,
  },

  'groups.group_members': {
    rows: [
      ...groupNames.map((group) => ({
        label: group as string,
        belongsTo: ownerOf[group],
        values: { group_id: groupIds[group], user_id: idOf(ownerOf[group]) },
      })),
      {
        label: 'the member, in the club',
        belongsTo: 'member' as const,
        values: { group_id: groupIds.club, user_id: idOf('member') },
      },
    ],
    cells: readOnly('denied', ['open', 'den'], ['club', 'the member, in the club'], 'all'),
  },

  'groups.group_member_roles': {
    rows: [],
    cells: readOnly('denied', 'none', 'none', 'all'),
  },

  'groups.channel_permission_overrides': {
    rows: [
      ...channels
        .filter((channel) => !channel.label.startsWith('thread'))
        .map((channel, index) => ({
          label: channel.label,
          values: {
            id: id(0x471 + index),
            group_id: groupIds[channel.group],
            channel_id: channel.id,
            role_id: id(0x451 + groupNames.indexOf(channel.group)),
            allow: '64',
          },
        })),
      ...groupNames.map((group, index) => ({
        label: `heading of ${group}`,
        values: {
          id: id(0x481 + index),
          group_id: groupIds[group],
          category_id: id(0x461 + index),
          role_id: id(0x451 + index),
          allow: '64',
        },
      })),
    ],
    cells: readOnly(
      'denied',
      ['open', 'den', 'heading of open', 'heading of den'],
      ['club', 'heading of club'],
      'all',
    ),
  },

  'groups.invites': {
    rows: [
      ...inEveryGroup(0x491, (group) => ({ code: `to ${group}`, created_by: idOf('friend') })),
      {
        label: 'made by the member',
        belongsTo: 'member' as const,
        values: { id: id(0x49a), group_id: groupIds.club, code: 'mine', created_by: idOf('member') },
      },
    ],
    cells: readOnly('denied', ['open', 'den'], ['made by the member'], 'all'),
  },

  'groups.bans': {
    rows: [
      {
        label: 'of the member, in shunned',
        belongsTo: 'member',
        values: { group_id: groupIds.shunned, user_id: idOf('member'), reason: 'Spam.' },
      },
      {
        label: 'of the foe, in open',
        belongsTo: 'foe',
        values: { group_id: groupIds.open, user_id: idOf('foe'), reason: 'Spam.' },
      },
    ],
    cells: readOnly('denied', ['of the foe, in open'], ['of the member, in shunned'], 'all'),
  },

  'groups.webhooks': {
    rows: inEveryGroup(0x4a1, (group) => ({
      channel_id: channelId[group],
      name: 'A bot',
      token_hash: Buffer.alloc(32, groupNames.indexOf(group)),
    })),
    cells: {
      ...readOnly('denied', 'denied', 'denied', 'denied'),
      owner: [{ rows: ['open', 'den'], without: ['token_hash'] }, 'denied', 'denied', 'denied'],
      member: [{ rows: 'none', without: ['token_hash'] }, 'denied', 'denied', 'denied'],
      moderator: [{ rows: 'all', without: ['token_hash'] }, 'denied', 'denied', 'denied'],
      admin: [{ rows: 'all', without: ['token_hash'] }, 'denied', 'denied', 'denied'],
    },
  },

  'groups.custom_emojis': {
    rows: inEveryGroup(0x4b1, () => ({ name: 'smile', upload_id: id(0x61) })),
    cells: asGroup,
  },

  'groups.channel_messages': {
    rows: messages.map((message) => ({
      label: message.label,
      values: {
        channel_id: message.id,
        id: message.message,
        seq: message.isDeleted ? 2 : 1,
        sender_id: idOf(ownerOf[message.group]),
        content: 'Hello.',
        deleted_at: message.isDeleted ? yesterday : null,
      },
    })),
    cells: asMessage,
  },

  'groups.message_attachments': {
    rows: onEveryMessage(() => ({
      position: 0,
      upload_id: id(0x61),
      filename: 'f',
      content_type: 'image/png',
      size_bytes: 1,
    })),
    cells: asMessage,
  },

  'groups.message_reactions': {
    rows: onEveryMessage(() => ({ emoji: '👍', user_id: idOf('stranger') })),
    cells: asMessage,
  },

  'groups.pinned_messages': { rows: onEveryMessage(() => ({})), cells: asMessage },

  'groups.threads': {
    rows: [
      {
        label: 'thread, in the club',
        values: {
          channel_id: channelId['thread, in the club'],
          parent_channel_id: channelId['club'],
          owner_id: idOf('stranger'),
        },
      },
    ],
    cells: readOnly('none', 'none', 'all', 'all'),
  },

  'groups.thread_members': {
    rows: [
      {
        label: 'the stranger',
        values: { channel_id: channelId['thread, in the club'], user_id: idOf('stranger') },
      },
    ],
    cells: readOnly('denied', 'none', 'all', 'all'),
  },

  'groups.message_mentions': {
    rows: messages.map((message) => ({
      label: message.label,
      values: { channel_id: message.id, message_id: message.message, mentioned_channel_id: message.id },
    })),
    key: ['channel_id', 'message_id'],
    cells: asMessageOfMembers,
  },

  'groups.channel_reads': {
    rows: (['owner', 'member', 'moderator', 'admin', 'stranger'] as const).map((person) => ({
      label: person,
      belongsTo: person,
      values: { user_id: idOf(person), channel_id: channelId['open'], last_read_seq: 1 },
    })),
    cells: readOnly('denied', 'own', 'own', 'own'),
  },

  'groups.slowmode_marks': {
    rows: (['owner', 'member', 'moderator', 'admin', 'stranger'] as const).map((person) => ({
      label: person,
      belongsTo: person,
      values: { user_id: idOf(person), channel_id: channelId['open'] },
    })),
    cells: readOnly('denied', 'own', 'own', 'own'),
  },

  'groups.voice_sessions': {
    rows: [
      ...(['open', 'club', 'den'] as const).map((group, index) => ({
        label: `running in ${group}`,
        values: {
          id: id(0x4c1 + index),
          group_id: groupIds[group],
          channel_id: channelId[group],
          user_id: idOf((['friend', 'stranger', 'foe'] as const)[index] ?? 'friend'),
        },
      })),
      ...(['owner', 'member'] as const).map((person, index) => ({
        label: `over, of the ${person}`,
        values: {
          id: id(0x4d1 + index),
          group_id: groupIds.club,
          channel_id: channelId['club'],
          user_id: idOf(person),
          joined_at: yesterday,
          left_at: yesterday,
        },
      })),
    ],
    cells: readOnly(
      'denied',
      ['running in open', 'running in den', 'over, of the owner'],
      ['running in club', 'over, of the member'],
      'all',
    ),
  },

  'groups.imported_channels': {
    rows: [
      {
        label: 'origin',
        values: {
          channel_id: channelId['open'],
          group_id: groupIds.open,
          source: 'irc',
          external_id: '#open',
        },
      },
    ],
    cells: closedToEverybody,
  },

  'groups.imported_members': {
    rows: [
      {
        label: 'name',
        belongsTo: 'member',
        values: { group_id: groupIds.open, name_digest: Buffer.alloc(32), user_id: idOf('member') },
      },
    ],
    cells: closedToEverybody,
  },
};
