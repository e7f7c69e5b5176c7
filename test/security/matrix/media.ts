import type { ModuleMatrix, Person } from './cells.ts';
import { id, idOf } from './people.ts';

function upload(label: string, number: number, person: Person | undefined, deletedAt: string | null = null) {
  return {
    label,
    ...(person === undefined ? {} : { belongsTo: person }),
    values: {
      id: id(number),
      user_id: person === undefined ? null : idOf(person),
      filename: `${label}.png`,
      content_type: 'image/png',
      size_bytes: 1,
      storage_path: `uploads/${number}`,
      status: 'ready',
      deleted_at: deletedAt,
    },
  };
}

export const media: ModuleMatrix = {
  'media.uploads': {
    rows: [
      upload('of the owner', 0x61, 'owner'),
      upload('of a stranger', 0x62, 'stranger'),
      upload('of an erased account', 0x63, undefined),
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
