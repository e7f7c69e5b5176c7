import { recorded, type StoaTask } from '../task.ts';

/** Takes over what other modules count about people, then makes the top lists anew. */
const topListsRefresh: StoaTask = (_payload, context) =>
  recorded('top_lists_refresh', context, async () => {
    const borrowed = await context.query<{ changed: number }>(
      'select tracker.refresh_borrowed_figures() as changed',
    );
    context.abortSignal?.throwIfAborted();
    const lists = await context.query<{ placed: number }>('select tracker.refresh_top_lists() as placed');
    return {
      rowsAffected: lists.rows[0]?.placed ?? 0,
      detail: { borrowed: borrowed.rows[0]?.changed ?? 0 },
    };
  });

export default topListsRefresh;
