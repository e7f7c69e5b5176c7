import { type DrillCheck, outcome, skipped } from '../check.ts';

/** A restore goes as far as the log leads; that it should have led further is what somebody has to hear. */
export const archivedLog: DrillCheck = {
  name: 'log',
  shows: 'The log behind the backup is in the archive without a hole, and the storage lists all of it.',
  run: async ({ log }) =>
    log === undefined
      ? skipped('The log did not come from an archive.')
      : outcome(log.faults, { files: log.files }),
};
