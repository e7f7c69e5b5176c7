import type { DeclaredRefusals } from '../refusals.ts';

/** Of the mutations of this folder. */
export const refusalsOfUploads: ReadonlyMap<string, DeclaredRefusals> = new Map([
  [
    'completeUpload',
    { calls: ['media.confirm_upload'], reasons: ['session.required', 'account.restricted'] },
  ],
]);
