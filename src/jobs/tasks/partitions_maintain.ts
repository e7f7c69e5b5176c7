import { makePartitions, watchPartitions } from '../partitions.ts';
import { recorded, type StoaTask } from '../task.ts';

/**
 * Makes the partitions that the next months need. Alerts when a table still has fewer than two ahead: rows of a month
 * without a partition are refused. Those past their retention leave with partitions_retire.
 */
const partitionsMaintain: StoaTask = (_payload, context) =>
  recorded('partitions_maintain', context, async () => {
    const { made, failures } = await makePartitions(context.query, { signal: context.abortSignal });
    await watchPartitions(context.query);
    if (failures.length > 0) {
      throw new Error(
        failures.map(({ parent, message }) => `${parent} got no partition: ${message}`).join('; '),
      );
    }
    return { rowsAffected: made.length, detail: { made } };
  });

export default partitionsMaintain;
