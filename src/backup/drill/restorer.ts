import { exitCodes, StoaError } from '../../errors.ts';
import type { RestoreInto } from './restored.ts';

/** What an emergency uses too. */
export const restoreInto: RestoreInto = async () => {
  throw new StoaError('drill.no_restore', 'This release cannot restore a cluster yet.', {
    cure: 'Use a newer release.',
    exitCode: exitCodes.checkFailed,
  });
};
