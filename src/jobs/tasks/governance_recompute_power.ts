import { z } from 'zod';
import type { StoaTask } from '../task.ts';

const shape = z.object({ tokenId: z.uuid() });

/** Weighs the holdings of a token anew after its weights changed, some thousand a transaction. */
const governanceRecomputePower: StoaTask = async (payload, context) => {
  const { tokenId } = shape.parse(payload);
  let after: string | null = null;
  do {
    const { rows }: { rows: { last: string | null }[] } = await context.query(
      'select governance.recompute_power($1, $2) as last',
      [tokenId, after],
    );
    after = rows[0]?.last ?? null;
    context.abortSignal?.throwIfAborted();
  } while (after !== null);
};

export default governanceRecomputePower;
