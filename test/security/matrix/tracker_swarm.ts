import { type Cells, closedToEverybody, type ModuleMatrix, type Person, type Persona } from './cells.ts';
import { everybody, id, idOf } from './people.ts';
import { torrentIds } from './tracker_catalogue.ts';

/** Those whose rows stand in the tables: the member has none, and the stranger shows nothing of what they did. */
const sharers = ['owner', 'stranger', 'moderator', 'admin', 'banned'] as const satisfies readonly Person[];
const shy: Person = 'stranger';

const closed: Cells = ['denied', 'denied', 'denied', 'denied'];
const open: Cells = ['all', 'denied', 'denied', 'denied'];

/** Each reads their own, staff everybody's; written by functions only. */
function ownOrStaff(withheld: readonly string[] = []): Readonly<Record<Persona, Cells>> {
  const own: Cells = [
    withheld.length > 0 ? { rows: 'own', without: withheld } : 'own',
    'denied',
    'denied',
    'denied',
  ];
  const none: Cells = [
    withheld.length > 0 ? { rows: 'none', without: withheld } : 'none',
    'denied',
    'denied',
    'denied',
  ];
  return { anonymous: closed, owner: own, member: none, moderator: open, admin: open, banned: closed };
}

/** Members read everybody's but that of people who keep it to themselves; staff everybody's. */
function openOrStaff(people: readonly Person[]): Readonly<Record<Persona, Cells>> {
  const shown: Cells = [people.filter((person) => person !== shy), 'denied', 'denied', 'denied'];
  return { anonymous: closed, owner: shown, member: shown, moderator: open, admin: open, banned: closed };
}

const hex = (number: number, bytes: number): string => `\\x${number.toString(16).padStart(bytes * 2, '0')}`;

/** A row for each of the sharers. */
const forSharers = (values: (person: Person, index: number) => Readonly<Record<string, unknown>>) =>
  sharers.map((person, index) => ({
    label: person,
    belongsTo: person,
    values: { user_id: idOf(person), ...values(person, index) },
  }));

const ruleIds = { active: id(0x351), retired: id(0x352) };

export const trackerSwarm: ModuleMatrix = {
  'tracker.passkeys': {
    rows: forSharers((_, index) => ({
      passkey_hash: hex(index, 32),
      passkey_ciphertext: '\\x00',
      key_id: 'k',
    })),
    cells: closedToEverybody,
  },

  'tracker.peers': {
    rows: forSharers((_, index) => ({
      torrent_id: torrentIds.listed,
      peer_id: hex(index, 20),
      ip_address: '192.0.2.1/32',
      port: 6881,
      left_bytes: 0,
    })),
    cells: ownOrStaff(['ip_address']),
  },

  'tracker.announces': {
    key: ['user_id', 'peer_id'],
    rows: forSharers((_, index) => ({
      torrent_id: torrentIds.listed,
      peer_id: hex(index, 20),
      ip_address: '192.0.2.1/32',
      port: 6881,
      uploaded: 0,
      downloaded: 0,
      left_bytes: 0,
    })),
    cells: ownOrStaff(['ip_address']),
  },

  'tracker.peer_history': {
    key: ['user_id', 'peer_id'],
    rows: forSharers((_, index) => ({
      observed_at: new Date(),
      torrent_id: torrentIds.listed,
      peer_id: hex(index, 20),
      uploaded: 0,
      downloaded: 0,
      left_bytes: 0,
      is_seeder: true,
    })),
    cells: ownOrStaff(),
  },

  'tracker.peer_history_daily': {
    rows: forSharers(() => ({ torrent_id: torrentIds.listed, day: '2025-10-21' })),
    cells: ownOrStaff(),
  },

  'tracker.user_torrents': {
    rows: forSharers(() => ({ torrent_id: torrentIds.listed })),
    cells: openOrStaff(sharers),
  },

  // Everybody, for triggers of the catalogue make rows for some of them.
  'tracker.user_statistics': {
    rows: everybody.map((person) => ({
      label: person,
      belongsTo: person,
      values: { user_id: idOf(person), seedbonus: 10 },
    })),
    cells: openOrStaff(everybody),
  },

  'tracker.bonus_rules': {
    isCleared: true,
    rows: [
      { label: 'active', values: { id: ruleIds.active, name: 'Active', event: 'seeding', amount: 1 } },
      {
        label: 'retired',
        values: { id: ruleIds.retired, name: 'Retired', event: 'seeding', amount: 1, is_active: false },
      },
    ],
    cells: {
      anonymous: closed,
      owner: [['active'], 'denied', 'denied', 'denied'],
      member: [['active'], 'denied', 'denied', 'denied'],
      moderator: open,
      admin: open,
      banned: closed,
    },
  },

  'tracker.bonus_transactions': {
    rows: forSharers((_, index) => ({
      id: id(0x361 + index),
      amount: 10,
      balance_after: 10,
      kind: 'adjustment',
      // The counterparty has a movement of their own, and does not read this one.
      counterparty_id: idOf('member'),
    })),
    cells: ownOrStaff(),
  },

  'tracker.freeleech_tokens': {
    rows: forSharers((_, index) => ({ id: id(0x381 + index) })),
    cells: ownOrStaff(),
  },

  'tracker.top_lists': {
    rows: forSharers((_, index) => ({ list: 'uploaded', place: index + 1, value: 1 })),
    cells: openOrStaff(sharers),
  },
};
