import { recorded, type StoaTask } from '../task.ts';

/** Makes the partitions that the next months need; alarms are raised by `stoa status` when it has not run. */
const partitionsMaintain: StoaTask = (_payload, context) =>
  recorded('partitions_maintain', context, async () => {
    const { rows } = await context.query<{ partition: string }>(
      'select partition from ops.ensure_partitions() as made (partition)',
    );
    return { rowsAffected: rows.length, detail: { made: rows.map(({ partition }) => partition) } };
  });

export default partitionsMaintain;
