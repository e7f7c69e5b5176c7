import { closedToEverybody, type ModuleMatrix } from './cells.ts';
import { id, idOf } from './people.ts';

const accepted = { status: 'accepted', accepted_at: '2026-01-01' };

export const social: ModuleMatrix = {
  'social.friendships': {
    rows: [
      {
        label: 'the owner and the friend',
        belongsTo: ['owner', 'friend'],
        values: { id: id(0xa1), user_id: idOf('friend'), friend_id: idOf('owner'), ...accepted },
      },
      {
        label: 'the member asked the owner',
        belongsTo: ['owner', 'member'],
        values: { id: id(0xa2), user_id: idOf('member'), friend_id: idOf('owner') },
      },
      {
        label: 'the stranger and the friend',
        belongsTo: ['stranger', 'friend'],
        values: { id: id(0xa3), user_id: idOf('stranger'), friend_id: idOf('friend'), ...accepted },
      },
    ],
    cells: {
      anonymous: ['denied', 'denied', 'denied', 'denied'],
      owner: ['own', 'denied', 'denied', 'denied'],
      member: ['own', 'denied', 'denied', 'denied'],
      moderator: ['all', 'denied', 'denied', 'denied'],
      admin: ['all', 'denied', 'denied', 'denied'],
      banned: ['denied', 'denied', 'denied', 'denied'],
    },
  },

  'social.blocks': {
    rows: [
      {
        label: 'by the owner',
        belongsTo: 'owner',
        values: { blocker_id: idOf('owner'), blocked_id: idOf('stranger') },
      },
      {
        label: 'against the owner',
        belongsTo: 'foe',
        values: { blocker_id: idOf('foe'), blocked_id: idOf('owner') },
      },
    ],
    cells: {
      anonymous: ['denied', 'denied', 'denied', 'denied'],
      owner: ['own', 'denied', 'denied', 'denied'],
      member: ['none', 'denied', 'denied', 'denied'],
      moderator: ['all', 'denied', 'denied', 'denied'],
      admin: ['all', 'denied', 'denied', 'denied'],
      banned: ['denied', 'denied', 'denied', 'denied'],
    },
  },

  'social.friend_edges': {
    rows: [
      {
        label: 'from the owner',
        belongsTo: 'owner',
        isMade: true,
        values: { user_id: idOf('owner'), friend_id: idOf('friend') },
      },
      {
        label: 'to the owner',
        belongsTo: 'friend',
        isMade: true,
        values: { user_id: idOf('friend'), friend_id: idOf('owner') },
      },
    ],
    cells: closedToEverybody,
  },

  'social.friends': {
    key: ['user_id', 'friend_id'],
    rows: [
      {
        label: 'the owner, of the friend',
        belongsTo: ['owner', 'friend'],
        isMade: true,
        values: { user_id: idOf('friend'), friend_id: idOf('owner') },
      },
      {
        label: 'the friend, of the owner',
        belongsTo: ['owner', 'friend'],
        isMade: true,
        values: { user_id: idOf('owner'), friend_id: idOf('friend') },
      },
      {
        label: 'the stranger, of the friend',
        belongsTo: ['stranger', 'friend'],
        isMade: true,
        values: { user_id: idOf('friend'), friend_id: idOf('stranger') },
      },
      {
        label: 'the friend, of the stranger',
        belongsTo: ['stranger', 'friend'],
        isMade: true,
        values: { user_id: idOf('stranger'), friend_id: idOf('friend') },
      },
    ],
    cells: {
      anonymous: ['denied', 'denied', 'denied', 'denied'],
      owner: ['own', 'denied', 'denied', 'denied'],
      member: ['none', 'denied', 'denied', 'denied'],
      moderator: ['all', 'denied', 'denied', 'denied'],
      admin: ['all', 'denied', 'denied', 'denied'],
      banned: ['denied', 'denied', 'denied', 'denied'],
    },
  },
};
