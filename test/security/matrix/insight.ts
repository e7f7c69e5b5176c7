import { type Cells, closedToEverybody, type ModuleMatrix, type Persona, type Rows } from './cells.ts';
import { channelId, groupIds, messages } from './groups.ts';
import { id, idOf } from './people.ts';

const groupNames = ['open', 'den', 'club', 'shunned'] as const;
const channels = Object.entries(channelId);
const live = messages.filter(({ isDeleted }) => !isDeleted);

/** Read with this range of rows, of which these columns are hidden from all but administrators. */
function readOnly(
  owner: Rows,
  member: Rows,
  moderator: Rows,
  admin: Rows,
  without: readonly string[] = [],
): Readonly<Record<Persona, Cells>> {
  const cells = (rows: Rows, hidden = without): Cells => [
    hidden.length === 0 ? rows : { rows, without: hidden },
    'denied',
    'denied',
    'denied',
  ];
  const closed: Cells = ['denied', 'denied', 'denied', 'denied'];
  return {
    anonymous: closed,
    owner: cells(owner),
    member: cells(member),
    moderator: cells(moderator),
    admin: cells(admin, without.includes('claim_id') ? ['claim_id'] : []),
    banned: closed,
  };
}

/** The owner owns these two, and so holds every permission; the member of the club holds no VIEW_INSIGHTS. */
const owned = ['open', 'den'];
const inPublicGroups = ['open', 'shunned', 'closed', 'deleted, in the open'];
const fresh = channels.map(([label]) => label).filter((label) => label !== 'shunned');

export const insight: ModuleMatrix = {
  'insight.group_policies': {
    rows: groupNames.map((group) => ({ label: group, values: { group_id: groupIds[group] } })),
    cells: readOnly(owned, ['club'], 'all', 'all'),
  },

  'insight.tasks': {
    rows: groupNames.map((group, index) => ({
      label: group,
      values: {
        id: id(0x501 + index),
        kind: 'summary',
        channel_id: channelId[group],
        start_message_id: id(1),
        end_message_id: id(2),
      },
    })),
    cells: closedToEverybody,
  },

  'insight.message_analyses': {
    rows: live.map((message) => ({
      label: message.label,
      values: {
        channel_id: message.id,
        message_id: message.message,
        model_name: 'reader',
        model_version: '1',
        author_id: idOf('stranger'),
      },
    })),
    cells: readOnly(owned, 'none', inPublicGroups, 'all', [
      'input_tokens',
      'output_tokens',
      'cost',
      'claim_id',
    ]),
  },

  'insight.conversation_summaries': {
    rows: channels.map(([label, channel], index) => ({
      label,
      values: {
        id: id(0x511 + index),
        channel_id: channel,
        start_message_id: id(1),
        end_message_id: id(2),
        summary: 'They talked.',
        message_count: 1,
        model_name: 'reader',
        model_version: '1',
        stale_at: label === 'shunned' ? '2026-01-01T00:00:00Z' : null,
      },
    })),
    cells: readOnly(
      owned,
      ['club', 'thread, in the club'],
      inPublicGroups.filter((label) => fresh.includes(label)),
      'all',
      ['input_tokens', 'output_tokens', 'cost', 'claim_id', 'stale_at'],
    ),
  },

  'insight.summary_participants': {
    rows: channels.map(([label], index) => ({
      label,
      values: { summary_id: id(0x511 + index), user_id: idOf('stranger') },
    })),
    cells: readOnly(
      owned,
      ['club', 'thread, in the club'],
      inPublicGroups.filter((label) => fresh.includes(label)),
      'all',
    ),
  },

  'insight.reputation_sources': { rows: [], cells: closedToEverybody },

  'insight.reputation_scores': {
    rows: [
      ...groupNames.map((group, index) => ({
        label: group as string,
        values: { id: id(0x531 + index), user_id: idOf('friend'), group_id: groupIds[group] },
      })),
      { label: 'platform', values: { id: id(0x535), user_id: idOf('friend') } },
      {
        label: 'of the member',
        belongsTo: 'member' as const,
        values: { id: id(0x536), user_id: idOf('member'), group_id: groupIds.shunned },
      },
    ],
    cells: readOnly([...owned, 'platform'], ['club', 'platform', 'of the member'], 'all', 'all'),
  },

  'insight.community_health': {
    rows: groupNames.map((group) => ({
      label: group,
      values: { group_id: groupIds[group], date: '2026-01-01' },
    })),
    cells: readOnly(owned, 'none', 'all', 'all'),
  },
};
