import type { ModuleMatrix, Person } from './cells.ts';
import { closedToEverybody } from './cells.ts';
import { id, idOf } from './people.ts';

const recipients: readonly Person[] = ['owner', 'moderator', 'admin', 'banned', 'stranger'];

export const notifications: ModuleMatrix = {
  'notifications.notifications': {
    rows: recipients.map((person, index) => ({
      label: person,
      belongsTo: person,
      values: { id: id(0x71 + index), user_id: idOf(person), type: 'mention', title: 'You were mentioned.' },
    })),
    cells: {
      anonymous: ['denied', 'denied', 'denied', 'denied'],
      owner: ['own', 'denied', 'denied', 'denied'],
      member: ['none', 'denied', 'denied', 'denied'],
      moderator: ['own', 'denied', 'denied', 'denied'],
      admin: ['own', 'denied', 'denied', 'denied'],
      banned: ['denied', 'denied', 'denied', 'denied'],
    },
  },

  'notifications.open_groups': {
    rows: [
      {
        label: 'group of the owner',
        belongsTo: 'owner',
        values: { user_id: idOf('owner'), group_key: 'post:1:vote', notification_id: id(0x71) },
      },
    ],
    cells: closedToEverybody,
  },

  'notifications.push_tokens': {
    rows: recipients.map((person, index) => ({
      label: person,
      belongsTo: person,
      values: { id: id(0x81 + index), user_id: idOf(person), token: `token of ${person}`, platform: 'web' },
    })),
    cells: {
      anonymous: ['denied', 'denied', 'denied', 'denied'],
      owner: [{ rows: 'own', without: ['token'] }, 'denied', 'denied', 'denied'],
      member: [{ rows: 'none', without: ['token'] }, 'denied', 'denied', 'denied'],
      moderator: [{ rows: 'own', without: ['token'] }, 'denied', 'denied', 'denied'],
      admin: [{ rows: 'own', without: ['token'] }, 'denied', 'denied', 'denied'],
      banned: ['denied', 'denied', 'denied', 'denied'],
    },
  },
};
