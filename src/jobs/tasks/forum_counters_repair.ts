import { recorded, type StoaTask } from '../task.ts';

/** The function locks the posts it counts, so it gets a few at a time. */
const postsAtOnce = 200;

/** A day, and the hour that a late run may lack. */
const since = '25 hours';

/** Recounts the votes, comments and polls of the posts that changed since the last run, and of a random sample. */
const forumCountersRepair: StoaTask = (_payload, context) =>
  recorded('forum_counters_repair', context, async () => {
    const { rows: due } = await context.query<{ id: string }>(
      'select id from forums.posts_due_for_repair(now() - $1::interval) as due (id)',
      [since],
    );
    const ids = due.map(({ id }) => id);
    let repaired = 0;
    for (let start = 0; start < ids.length; start += postsAtOnce) {
      context.abortSignal?.throwIfAborted();
      const { rows } = await context.query<{ repaired: number }>(
        'select forums.repair_counters($1::uuid[]) as repaired',
        [ids.slice(start, start + postsAtOnce)],
      );
      repaired += rows[0]?.repaired ?? 0;
    }
    return { rowsAffected: repaired, detail: { checked: ids.length } };
  });

export default forumCountersRepair;
