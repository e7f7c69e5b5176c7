import { groupBatches } from '../batches.ts';
import { recorded, type StoaTask } from '../task.ts';

const groupsAtOnce = 500;

/** Works out everybody's reputation anew: in each group, a transaction a group, then on the whole platform. */
const reputationRecompute: StoaTask = (_payload, context) =>
  recorded('reputation_recompute', context, async () => {
    const recompute = async (group: string | null): Promise<number> => {
      context.abortSignal?.throwIfAborted();
      const { rows } = await context.query<{ changed: number }>(
        'select insight.recompute_reputation($1) as changed',
        [group],
      );
      return rows[0]?.changed ?? 0;
    };
    let groups = 0;
    let changed = 0;
    for await (const ids of groupBatches(context, groupsAtOnce)) {
      for (const id of ids) changed += await recompute(id);
      groups += ids.length;
    }
    changed += await recompute(null);
    return { rowsAffected: changed, detail: { groups } };
  });

export default reputationRecompute;
