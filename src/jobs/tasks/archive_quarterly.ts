import { retireAndTell, withArchives } from '../retirement.ts';
import { recorded, type StoaTask } from '../task.ts';

/** The audit log of more than a year ago: exported, read back, dropped. */
const archiveQuarterly: StoaTask = (_payload, context) =>
  recorded('archive_quarterly', context, () =>
    withArchives(context, (session) => retireAndTell(session, { parents: ['audit.logs'] })),
  );

export default archiveQuarterly;
