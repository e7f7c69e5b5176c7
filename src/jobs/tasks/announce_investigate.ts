import { z } from 'zod';
import type { StoaTask } from '../task.ts';

const payloadShape = z.object({
  userId: z.uuid(),
  torrentId: z.uuid(),
  peerId: z.string(),
  at: z.string(),
});

/** A client claimed to move more than is possible: moderators are asked to look into whose it is. */
const announceInvestigate: StoaTask = async (payload, context) => {
  const { userId, ...evidence } = payloadShape.parse(payload);
  await context.query('select tracker.report_implausible($1, $2)', [userId, JSON.stringify(evidence)]);
};

export default announceInvestigate;
