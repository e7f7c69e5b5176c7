import { retireAndTell, retiringParents, withArchives } from '../retirement.ts';
import { recorded, type StoaTask } from '../task.ts';

/** Drops what is past its time of the tables that nobody exports. */
const partitionsRetire: StoaTask = (_payload, context) =>
  recorded('partitions_retire', context, () =>
    withArchives(context, async (session) =>
      retireAndTell(session, { parents: await retiringParents(session, false) }),
    ),
  );

export default partitionsRetire;
