import { scrubArchives } from '../../archive/scrub.ts';
import { withArchives } from '../retirement.ts';
import { recorded, type StoaTask } from '../task.ts';

/** Who was erased since an archive was written is taken out of it. */
const archiveScrub: StoaTask = (_payload, context) =>
  recorded('archive_scrub', context, () =>
    withArchives(context, async (session) => {
      const archives = await scrubArchives(session);
      return {
        rowsAffected: archives.reduce((sum, { erased }) => sum + erased, 0),
        detail: { archives: archives.filter(({ outcome }) => outcome !== 'clean') },
      };
    }),
  );

export default archiveScrub;
