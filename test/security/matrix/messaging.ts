import type { Cells, FixtureRow, ModuleMatrix, Person, Persona } from './cells.ts';
import { closedToEverybody } from './cells.ts';
import { id, idOf } from './people.ts';

/**
 * The conversations of the little world:
 *
 * | conversation |                                                                                        |
 * |--------------|----------------------------------------------------------------------------------------|
 * | pair         | the owner and the friend                                                               |
 * | crew         | a group of the owner, the stranger and the moderator, who joined later; the member left |
 * | others       | the friend and the stranger                                                            |
 */
const conversationIds = { pair: id(0x201), crew: id(0x202), others: id(0x203) };
type ConversationName = keyof typeof conversationIds;

const people: Readonly<Record<ConversationName, readonly Person[]>> = {
  pair: ['owner', 'friend'],
  crew: ['owner', 'stranger', 'moderator'],
  others: ['friend', 'stranger'],
};

interface FixtureMessage {
  readonly label: string;
  readonly conversation: ConversationName;
  readonly id: string;
  readonly seq: number;
  /** Who reads it. */
  readonly readers: readonly Person[];
  readonly values?: Readonly<Record<string, unknown>>;
}

const messages: readonly FixtureMessage[] = [
  { label: 'in the pair', conversation: 'pair', id: id(0x211), seq: 1, readers: people.pair },
  {
    label: 'in the crew, before the moderator',
    conversation: 'crew',
    id: id(0x212),
    seq: 1,
    readers: ['owner', 'stranger'],
  },
  { label: 'in the crew', conversation: 'crew', id: id(0x213), seq: 2, readers: people.crew },
  {
    label: 'in the crew, gone',
    conversation: 'crew',
    id: id(0x214),
    seq: 3,
    readers: [],
    values: { expires_at: '2026-01-01' },
  },
  {
    label: 'tombstone in the crew',
    conversation: 'crew',
    id: id(0x215),
    seq: 4,
    readers: people.crew,
    values: { content: '', deleted_at: '2026-01-01' },
  },
  { label: 'between others', conversation: 'others', id: id(0x216), seq: 1, readers: people.others },
];

const tombstone = 'tombstone in the crew';
const closed: Cells = ['denied', 'denied', 'denied', 'denied'];

/** Everybody reads what is theirs; neither moderators nor administrators read more. */
function ownFor(
  readers: Readonly<Partial<Record<Persona, 'own' | 'none'>>>,
): Readonly<Record<Persona, Cells>> {
  const reading = (persona: Persona): Cells => [readers[persona] ?? 'none', 'denied', 'denied', 'denied'];
  return {
    anonymous: closed,
    owner: reading('owner'),
    member: reading('member'),
    moderator: reading('moderator'),
    admin: reading('admin'),
    banned: closed,
  };
}

const theirs = ownFor({ owner: 'own', moderator: 'own' });

function onMessages(
  values: (message: FixtureMessage) => Readonly<Record<string, unknown>>,
): readonly FixtureRow[] {
  return messages.map((message) => ({
    label: message.label,
    belongsTo: message.label === tombstone ? [] : message.readers,
    values: {
      conversation_id: conversationIds[message.conversation],
      message_id: message.id,
      ...values(message),
    },
  }));
}

const participations: readonly FixtureRow[] = [
  ...(['pair', 'crew', 'others'] as const).flatMap((conversation) =>
    people[conversation].map((person) => ({
      label: `${person} in ${conversation}`,
      belongsTo: person,
      values: {
        conversation_id: conversationIds[conversation],
        user_id: idOf(person),
        history_from_id: person === 'moderator' ? id(0x212) : null,
      },
    })),
  ),
  {
    label: 'member, who left the crew',
    belongsTo: 'member',
    values: { conversation_id: conversationIds.crew, user_id: idOf('member'), left_at: '2026-01-01' },
  },
];

/** Who is in a conversation sees who else is in it, but not how far they have read. */
function participants(conversations: readonly ConversationName[], mine: readonly string[]): Cells {
  const labels = participations
    .filter(({ values }) => conversations.some((name) => conversationIds[name] === values['conversation_id']))
    .map(({ label }) => label);
  return [
    {
      rows: labels.length === 0 ? 'none' : labels,
      without: [
        'hidden_seq',
        'history_from_id',
        'last_read_at',
        'last_read_message_id',
        'last_read_seq',
        'muted',
        'muted_until',
        'updated_at',
      ],
    },
    'denied',
    { rows: mine.length === 0 ? 'none' : mine, columns: ['muted', 'muted_until'] },
    'denied',
  ];
}

export const messaging: ModuleMatrix = {
  'messaging.conversations': {
    rows: [
      {
        label: 'pair',
        belongsTo: people.pair,
        values: {
          id: conversationIds.pair,
          kind: 'direct',
          user_low: idOf('owner'),
          user_high: idOf('friend'),
        },
      },
      {
        label: 'crew',
        belongsTo: people.crew,
        values: { id: conversationIds.crew, kind: 'group', owner_id: idOf('owner') },
      },
      {
        label: 'others',
        belongsTo: people.others,
        values: {
          id: conversationIds.others,
          kind: 'direct',
          user_low: idOf('friend'),
          user_high: idOf('stranger'),
        },
      },
    ],
    cells: theirs,
  },

  'messaging.conversation_participants': {
    rows: participations,
    cells: {
      anonymous: closed,
      owner: participants(['pair', 'crew'], ['owner in pair', 'owner in crew']),
      member: participants([], []),
      moderator: participants(['crew'], ['moderator in crew']),
      admin: participants([], []),
      banned: closed,
    },
  },

  'messaging.messages': {
    rows: messages.map((message) => ({
      label: message.label,
      belongsTo: message.readers,
      values: {
        conversation_id: conversationIds[message.conversation],
        id: message.id,
        seq: message.seq,
        sender_id: idOf('stranger'),
        content: 'Hello',
        ...message.values,
      },
    })),
    cells: theirs,
  },

  'messaging.removed_texts': {
    rows: [
      {
        label: 'text of the tombstone',
        belongsTo: 'stranger',
        values: { conversation_id: conversationIds.crew, message_id: id(0x215), content: 'Regretted.' },
      },
    ],
    cells: closedToEverybody,
  },

  'messaging.message_reactions': {
    rows: onMessages(() => ({ emoji: '👍', user_id: idOf('stranger') })),
    cells: theirs,
  },

  'messaging.message_attachments': {
    rows: onMessages(() => ({
      upload_id: id(0x61),
      filename: 'cat.png',
      content_type: 'image/png',
      size_bytes: 1,
    })),
    cells: theirs,
  },
};
