import type { ModuleMatrix, Person } from './cells.ts';
import { closedToEverybody } from './cells.ts';
import { id, idOf } from './people.ts';

const actors: readonly Person[] = ['owner', 'moderator', 'admin', 'stranger'];

export const audit: ModuleMatrix = {
  'audit.logs': {
    isCleared: true,
    rows: actors.map((person, index) => ({
      label: person,
      belongsTo: person,
      values: {
        id: id(0x91 + index),
        actor_id: idOf(person),
        actor_role: 'stoa_member',
        action: 'edit_post',
        resource_type: 'forums.posts',
        ip_address: '192.0.2.1',
      },
    })),
    cells: {
      anonymous: ['denied', 'denied', 'denied', 'denied'],
      owner: ['denied', 'denied', 'denied', 'denied'],
      member: ['denied', 'denied', 'denied', 'denied'],
      moderator: ['own', 'denied', 'denied', 'denied'],
      admin: ['all', 'denied', 'denied', 'denied'],
      banned: ['denied', 'denied', 'denied', 'denied'],
    },
  },

  'audit.analytics_events': {
    rows: [{ label: 'event', values: { id: id(0x99), name: 'post_opened' } }],
    cells: closedToEverybody,
  },

  'audit.privacy_requests': {
    rows: (['owner', 'moderator', 'stranger'] as const).map((person, index) => ({
      label: person,
      belongsTo: person,
      values: { id: id(0x9a + index), user_id: idOf(person), kind: 'export' },
    })),
    cells: {
      anonymous: ['denied', 'denied', 'denied', 'denied'],
      owner: ['own', 'denied', 'denied', 'denied'],
      member: ['none', 'denied', 'denied', 'denied'],
      moderator: ['own', 'denied', 'denied', 'denied'],
      admin: ['all', 'denied', 'denied', 'denied'],
      banned: ['denied', 'denied', 'denied', 'denied'],
    },
  },

  'audit.erasures': { rows: [], cells: closedToEverybody },
  'audit.seals': { rows: [], cells: closedToEverybody },
  'audit.digests': { rows: [], cells: closedToEverybody },
};
