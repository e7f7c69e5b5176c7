import { retireAndTell, retiringParents, withArchives } from '../retirement.ts';
import { recorded, type StoaTask } from '../task.ts';

/** What is exported before it is dropped, but for the audit log, which goes by the quarter. */
const archiveMonthly: StoaTask = (_payload, context) =>
  recorded('archive_monthly', context, () =>
    withArchives(context, async (session) => {
      const parents = (await retiringParents(session, true)).filter((parent) => parent !== 'audit.logs');
      return retireAndTell(session, { parents });
    }),
  );

export default archiveMonthly;
