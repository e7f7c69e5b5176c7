import type { Cells, FixtureRow, ModuleMatrix, Person, Persona } from './cells.ts';
import { id, idOf } from './people.ts';

/**
 * The torrents of the little world:
 *
 * | torrent  |                                                          |
 * |----------|----------------------------------------------------------|
 * | listed   | approved, of the stranger                                |
 * | shared   | approved, of the owner                                   |
 * | secret   | approved, of the owner, who asked not to be named        |
 * | waiting  | not decided yet, of the owner                            |
 * | refused  | rejected, of the stranger                                |
 * | inactive | taken off the list, of the stranger                      |
 * | gone     | approved and deleted, of the owner                       |
 */
const torrentNames = ['listed', 'shared', 'secret', 'waiting', 'refused', 'inactive', 'gone'] as const;
type TorrentName = (typeof torrentNames)[number];

export const torrentIds = Object.fromEntries(
  torrentNames.map((name, index) => [name, id(0x301 + index)]),
) as Readonly<Record<TorrentName, string>>;

const uploaders: Readonly<Record<TorrentName, Person>> = {
  listed: 'stranger',
  shared: 'owner',
  secret: 'owner',
  waiting: 'owner',
  refused: 'stranger',
  inactive: 'stranger',
  gone: 'owner',
};

const states: Readonly<Record<TorrentName, Readonly<Record<string, unknown>>>> = {
  listed: { moderation_status: 'approved', approved_at: '2025-10-21' },
  shared: { moderation_status: 'approved', approved_at: '2025-10-21' },
  secret: { moderation_status: 'approved', approved_at: '2025-10-21', is_anonymous: true },
  waiting: {},
  refused: { moderation_status: 'rejected' },
  inactive: { moderation_status: 'approved', approved_at: '2025-10-21', is_active: false },
  gone: { moderation_status: 'approved', approved_at: '2025-10-21', deleted_at: '2025-10-22' },
};

const catalogue = ['listed', 'shared', 'secret'] as const;
const catalogueAndOwn = [...catalogue, 'waiting', 'gone'] as const;
const everythingIsNumber = 90_001;

const inEveryTorrent = (values: (torrent: TorrentName, index: number) => Record<string, unknown>) =>
  torrentNames.map<FixtureRow>((torrent, index) => ({
    label: torrent,
    belongsTo: uploaders[torrent],
    values: { torrent_id: torrentIds[torrent], ...values(torrent, index) },
  }));

/** Whoever may read a torrent reads it; written by functions only. */
function asTorrent(without: readonly string[] = []): Readonly<Record<Persona, Cells>> {
  const some = (rows: readonly string[]): Cells => [
    without.length > 0 ? { rows, without } : rows,
    'denied',
    'denied',
    'denied',
  ];
  return {
    anonymous: some(catalogue),
    owner: some(catalogueAndOwn),
    member: some(catalogue),
    moderator: ['all', 'denied', 'denied', 'denied'],
    admin: ['all', 'denied', 'denied', 'denied'],
    banned: some(catalogue),
  };
}

const closed: Cells = ['denied', 'denied', 'denied', 'denied'];

/** Every member reads every row. */
function forMembers(without: readonly string[] = []): Readonly<Record<Persona, Cells>> {
  const whole: Cells = ['all', 'denied', 'denied', 'denied'];
  const partly: Cells = without.length > 0 ? [{ rows: 'all', without }, 'denied', 'denied', 'denied'] : whole;
  return { anonymous: closed, owner: partly, member: partly, moderator: whole, admin: whole, banned: closed };
}

/** Members read their own rows, staff reads all. */
const ownAndStaff: Readonly<Record<Persona, Cells>> = {
  anonymous: closed,
  owner: ['own', 'denied', 'denied', 'denied'],
  member: ['none', 'denied', 'denied', 'denied'],
  moderator: ['all', 'denied', 'denied', 'denied'],
  admin: ['all', 'denied', 'denied', 'denied'],
  banned: closed,
};

const tagId = id(0x311);
const voters: readonly Person[] = ['owner', 'stranger'];

export const requestIds = { wanted: id(0x321), foreign: id(0x322) };

/** Public and not, of the owner and of the stranger; and one that is deleted. */
const collections = [
  { label: 'open list', number: 0x331, by: 'stranger', values: {} },
  { label: 'private list', number: 0x332, by: 'owner', values: { is_public: false } },
  { label: 'foreign list', number: 0x333, by: 'stranger', values: { is_public: false } },
  { label: 'deleted list', number: 0x334, by: 'owner', values: { deleted_at: '2025-10-22' } },
] as const;
const collectionCells: Readonly<Record<Persona, Cells>> = {
  anonymous: closed,
  owner: [['open list', 'private list'], 'denied', 'denied', 'denied'],
  member: [['open list'], 'denied', 'denied', 'denied'],
  moderator: ['all', 'denied', 'denied', 'denied'],
  admin: ['all', 'denied', 'denied', 'denied'],
  banned: closed,
};

const comments: readonly { label: string; by: Person; values: Record<string, unknown> }[] = [
  { label: 'on listed', by: 'owner', values: { torrent_id: torrentIds.listed } },
  { label: 'on waiting', by: 'owner', values: { torrent_id: torrentIds.waiting } },
  { label: 'on refused', by: 'stranger', values: { torrent_id: torrentIds.refused } },
  { label: 'on a request', by: 'stranger', values: { request_id: requestIds.foreign } },
  { label: 'on the open list', by: 'stranger', values: { collection_id: id(0x331) } },
  { label: 'on the private list', by: 'owner', values: { collection_id: id(0x332) } },
  { label: 'on the foreign list', by: 'stranger', values: { collection_id: id(0x333) } },
  {
    label: 'deleted on listed',
    by: 'owner',
    values: { torrent_id: torrentIds.listed, deleted_at: '2025-10-22' },
  },
];
const openComments = ['on listed', 'on a request', 'on the open list'];

export const trackerCatalogue: ModuleMatrix = {
  'tracker.categories': {
    isCleared: true,
    rows: [
      { label: 'used', values: { id: everythingIsNumber, name: 'All', slug: 'all' } },
      { label: 'unused', values: { id: everythingIsNumber + 1, name: 'Old', slug: 'old', is_active: false } },
    ],
    cells: {
      anonymous: [['used'], 'denied', 'denied', 'denied'],
      owner: ['all', 'denied', 'denied', 'denied'],
      member: ['all', 'denied', 'denied', 'denied'],
      moderator: ['all', 'denied', 'denied', 'denied'],
      admin: ['all', 'denied', 'denied', 'denied'],
      banned: [['used'], 'denied', 'denied', 'denied'],
    },
  },

  'tracker.torrents': {
    rows: torrentNames.map((torrent, index) => ({
      label: torrent,
      belongsTo: uploaders[torrent],
      values: {
        id: torrentIds[torrent],
        info_hash: `\\x${(index + 1).toString(16).padStart(40, '0')}`,
        name: `Ground ${torrent}`,
        category_id: everythingIsNumber,
        uploader_id: idOf(uploaders[torrent]),
        size_bytes: 1,
        file_count: 1,
        piece_length: 16_384,
        ...states[torrent],
      },
    })),
    cells: asTorrent(['uploader_id', 'torrent_upload_id']),
  },

  'tracker.torrent_files': {
    rows: inEveryTorrent(() => ({ position: 0, path: 'ground.flac', size_bytes: 1 })),
    cells: { ...asTorrent(), anonymous: closed, banned: closed },
  },

  'tracker.tags': {
    rows: [{ label: 'jazz', values: { id: tagId, name: 'jazz' } }],
    cells: {
      anonymous: ['all', 'denied', 'denied', 'denied'],
      owner: ['all', 'denied', 'denied', 'denied'],
      member: ['all', 'denied', 'denied', 'denied'],
      moderator: ['all', 'denied', 'denied', 'denied'],
      admin: ['all', 'denied', 'denied', 'denied'],
      banned: ['all', 'denied', 'denied', 'denied'],
    },
  },

  'tracker.torrent_tag_assignments': {
    rows: inEveryTorrent((torrent) => ({ tag_id: tagId, assigned_by: idOf(uploaders[torrent]) })),
    cells: asTorrent(['assigned_by']),
  },

  'tracker.torrent_tag_votes': {
    rows: voters.map((person) => ({
      label: person,
      belongsTo: person,
      values: { torrent_id: torrentIds.listed, tag_id: tagId, user_id: idOf(person), value: 1 },
    })),
    cells: ownAndStaff,
  },

  'tracker.torrent_moderation': {
    rows: inEveryTorrent((_, index) => ({
      id: id(0x341 + index),
      moderator_id: idOf('moderator'),
      action: 'submitted',
    })),
    cells: {
      anonymous: closed,
      owner: [{ rows: 'own', without: ['moderator_id'] }, 'denied', 'denied', 'denied'],
      member: [{ rows: 'none', without: ['moderator_id'] }, 'denied', 'denied', 'denied'],
      moderator: ['all', 'denied', 'denied', 'denied'],
      admin: ['all', 'denied', 'denied', 'denied'],
      banned: closed,
    },
  },

  'tracker.torrent_metadata': {
    rows: inEveryTorrent(() => ({ provider: 'tmdb', external_id: '603' })),
    cells: asTorrent(),
  },

  'tracker.torrent_statistics': {
    rows: inEveryTorrent(() => ({})),
    cells: asTorrent(),
  },

  'tracker.requests': {
    rows: (['owner', 'stranger'] as const).map((person, index) => ({
      label: person,
      belongsTo: person,
      values: {
        id: [requestIds.wanted, requestIds.foreign][index],
        requester_id: idOf(person),
        category_id: everythingIsNumber,
        title: 'Wanted',
      },
    })),
    cells: forMembers(),
  },

  'tracker.request_votes': {
    rows: voters.map((person) => ({
      label: person,
      belongsTo: person,
      values: { request_id: requestIds.wanted, user_id: idOf(person) },
    })),
    cells: ownAndStaff,
  },

  'tracker.collections': {
    rows: collections.map(({ label, number, by, values }) => ({
      label,
      belongsTo: by,
      values: { id: id(number), owner_id: idOf(by), name: label, ...values },
    })),
    cells: collectionCells,
  },

  'tracker.collection_items': {
    rows: collections.map(({ label, number, by }) => ({
      label,
      belongsTo: by,
      values: { collection_id: id(number), torrent_id: torrentIds.listed, added_by: idOf(by) },
    })),
    cells: collectionCells,
  },

  'tracker.collection_subscriptions': {
    rows: voters.map((person) => ({
      label: person,
      belongsTo: person,
      values: { user_id: idOf(person), collection_id: id(0x331) },
    })),
    cells: { ...ownAndStaff, moderator: ['none', 'denied', 'denied', 'denied'] },
  },

  'tracker.comments': {
    rows: comments.map(({ label, by, values }, index) => ({
      label,
      belongsTo: by,
      values: { id: id(0x351 + index), author_id: idOf(by), content: 'Well said', ...values },
    })),
    cells: {
      anonymous: closed,
      owner: [[...openComments, 'on waiting', 'on the private list'], 'denied', 'denied', 'denied'],
      member: [openComments, 'denied', 'denied', 'denied'],
      moderator: ['all', 'denied', 'denied', 'denied'],
      admin: ['all', 'denied', 'denied', 'denied'],
      banned: closed,
    },
  },
};

/** Comes after the ledger of points, whose movements it refers to. */
export const trackerBounties: ModuleMatrix = {
  'tracker.request_bounties': {
    rows: (['owner', 'stranger'] as const).map((person, index) => ({
      label: person,
      belongsTo: person,
      values: {
        id: id(0x371 + index),
        request_id: requestIds.wanted,
        user_id: idOf(person),
        amount: 1,
        debit_transaction_id: id(0x361 + index),
      },
    })),
    cells: forMembers(['debit_transaction_id', 'refund_transaction_id']),
  },
};
