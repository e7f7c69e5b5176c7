import type { DeclaredRefusals } from '../refusals.ts';

const caller = ['session.required', 'account.restricted'];

/** Of the mutations of this folder. */
export const refusalsOfTorrents: ReadonlyMap<string, DeclaredRefusals> = new Map([
  [
    'uploadTorrent',
    {
      calls: ['tracker.upload_torrent'],
      reasons: [...caller, 'torrent.upload_unusable', 'torrent.metainfo_invalid'],
    },
  ],
  [
    'downloadTorrent',
    {
      calls: ['tracker.download_torrent', 'tracker.my_passkey', 'tracker.reset_passkey'],
      reasons: [...caller, 'torrent.metainfo_missing'],
    },
  ],
  ['resetPasskey', { calls: ['tracker.reset_passkey'], reasons: caller }],
]);
