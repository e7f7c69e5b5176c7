import { z } from 'zod';
import type { StoaTask } from '../task.ts';

const shape = z.object({ channelId: z.uuid(), messageId: z.uuid() });

/** Rings the bells of those whom a message in a channel calls by role or all together, some members at a time. */
const notifyMentions: StoaTask = async (payload, context) => {
  const { channelId, messageId } = shape.parse(payload);
  let after: string | null = null;
  do {
    context.abortSignal?.throwIfAborted();
    const { rows }: { rows: { next: string | null }[] } = await context.query(
      'select groups.notify_mentions($1, $2, $3) as next',
      [channelId, messageId, after],
    );
    after = rows[0]?.next ?? null;
  } while (after !== null);
};

export default notifyMentions;
