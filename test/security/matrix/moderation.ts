import type { Cells, FixtureRow, ModuleMatrix, Person, Persona } from './cells.ts';
import { id, idOf } from './people.ts';

interface Complaint {
  readonly label: string;
  readonly by: Person;
  readonly about: Person;
}

const complaints: readonly Complaint[] = [
  { label: 'of the owner', by: 'owner', about: 'stranger' },
  { label: 'of the stranger', by: 'stranger', about: 'owner' },
  { label: 'about the moderator', by: 'stranger', about: 'moderator' },
  { label: 'of the moderator', by: 'moderator', about: 'foe' },
  { label: 'about the admin', by: 'friend', about: 'admin' },
];

const notAboutTheModerator = complaints
  .map(({ label }) => label)
  .filter((label) => label !== 'about the moderator');

/** Nobody but staff reads it, and no moderator what is about themselves. */
const forStaff: Readonly<Record<Persona, Cells>> = {
  anonymous: ['denied', 'denied', 'denied', 'denied'],
  owner: ['denied', 'denied', 'denied', 'denied'],
  member: ['denied', 'denied', 'denied', 'denied'],
  moderator: [notAboutTheModerator, 'denied', 'denied', 'denied'],
  admin: ['all', 'denied', 'denied', 'denied'],
  banned: ['denied', 'denied', 'denied', 'denied'],
};

const hiddenFromMembers = ['assigned_to', 'evidence', 'resolution_note'];

/** A row of each of these people. */
function of(
  people: readonly Person[],
  first: number,
  values: Readonly<Record<string, unknown>>,
): readonly FixtureRow[] {
  return people.map((person, index) => ({
    label: person,
    belongsTo: person,
    values: { id: id(first + index), user_id: idOf(person), ...values },
  }));
}

const warned: readonly Person[] = ['owner', 'moderator', 'banned', 'stranger'];

export const moderation: ModuleMatrix = {
  'moderation.queue_items': {
    rows: complaints.map(({ label, by, about }, index) => ({
      label,
      belongsTo: by,
      values: {
        id: id(0x201 + index),
        queue_type: 'investigation',
        item_type: 'user',
        item_id: idOf(about),
        subject_user_id: idOf(about),
        submitted_by: idOf(by),
      },
    })),
    cells: forStaff,
  },

  'moderation.reports': {
    rows: complaints.map(({ label, by, about }, index) => ({
      label,
      belongsTo: by,
      values: {
        id: id(0x211 + index),
        reporter_id: idOf(by),
        report_type: 'user',
        subject_id: idOf(about),
        subject_user_id: idOf(about),
        reason: 'abuse',
        queue_item_id: id(0x201 + index),
      },
    })),
    cells: {
      anonymous: ['denied', 'denied', 'denied', 'denied'],
      owner: [{ rows: 'own', without: hiddenFromMembers }, 'denied', 'denied', 'denied'],
      member: [{ rows: 'none', without: hiddenFromMembers }, 'denied', 'denied', 'denied'],
      moderator: [{ rows: notAboutTheModerator, without: ['evidence'] }, 'denied', 'denied', 'denied'],
      admin: [{ rows: 'all', without: ['evidence'] }, 'denied', 'denied', 'denied'],
      banned: ['denied', 'denied', 'denied', 'denied'],
    },
  },

  'moderation.warnings': {
    rows: of(warned, 0x221, { points: 1, reason: 'Be kind.' }),
    cells: {
      anonymous: ['denied', 'denied', 'denied', 'denied'],
      owner: [{ rows: 'own', without: ['staff_note'] }, 'denied', 'denied', 'denied'],
      member: [{ rows: 'none', without: ['staff_note'] }, 'denied', 'denied', 'denied'],
      moderator: [{ rows: 'all', without: ['staff_note'] }, 'denied', 'denied', 'denied'],
      admin: [{ rows: 'all', without: ['staff_note'] }, 'denied', 'denied', 'denied'],
      banned: ['denied', 'denied', 'denied', 'denied'],
    },
  },

  'moderation.point_thresholds': {
    rows: [{ label: 'many', values: { points: 100, ban_type: 'account' } }],
    cells: {
      anonymous: ['denied', 'denied', 'denied', 'denied'],
      owner: ['all', 'denied', 'denied', 'denied'],
      member: ['all', 'denied', 'denied', 'denied'],
      moderator: ['all', 'denied', 'denied', 'denied'],
      admin: ['all', 'denied', 'denied', 'denied'],
      banned: ['denied', 'denied', 'denied', 'denied'],
    },
  },

  'moderation.bans': {
    rows: [
      ...of(['owner', 'moderator', 'stranger'], 0x231, { ban_type: 'tracker', reason: 'Ratio.' }),
      ...of(['banned'], 0x234, { ban_type: 'account', reason: 'Enough.' }),
    ],
    cells: {
      anonymous: [{ rows: 'none', without: ['staff_note'] }, 'denied', 'denied', 'denied'],
      owner: [{ rows: 'own', without: ['staff_note'] }, 'denied', 'denied', 'denied'],
      member: [{ rows: 'none', without: ['staff_note'] }, 'denied', 'denied', 'denied'],
      moderator: [{ rows: 'own', without: ['staff_note'] }, 'denied', 'denied', 'denied'],
      admin: [{ rows: 'all', without: ['staff_note'] }, 'denied', 'denied', 'denied'],
      banned: [{ rows: 'own', without: ['staff_note'] }, 'denied', 'denied', 'denied'],
    },
  },
};
