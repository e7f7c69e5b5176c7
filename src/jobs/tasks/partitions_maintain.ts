import { recorded, type StoaTask } from '../task.ts';

/**
 * Makes the partitions that the next months need and drops those past their retention. Fails, so that somebody looks,
 * when a table still has fewer than two ahead: rows of a month without a partition are refused.
 */
const partitionsMaintain: StoaTask = (_payload, context) =>
  recorded('partitions_maintain', context, async () => {
    const made = await context.query<{ partition: string }>(
      'select partition from ops.ensure_partitions() as made (partition)',
    );
    const dropped = await context.query<{ partition: string }>(
      'select partition from ops.drop_expired_partitions() as dropped (partition)',
    );
    const low = await context.query<{ parent: string }>(
      'select parent from ops.partition_status() where ahead < 2 order by parent',
    );
    if (low.rows.length > 0) {
      throw new Error(`fewer than 2 partitions ahead: ${low.rows.map(({ parent }) => parent).join(', ')}`);
    }
    return {
      rowsAffected: made.rows.length + dropped.rows.length,
      detail: {
        made: made.rows.map(({ partition }) => partition),
        dropped: dropped.rows.map(({ partition }) => partition),
      },
    };
  });

export default partitionsMaintain;
