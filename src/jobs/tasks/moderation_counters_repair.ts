import { repairTask } from '../repair.ts';

/** Recounts the open reports of pieces of work; reports about them wait meanwhile. */
export default repairTask({
  task: 'moderation_counters_repair',
  dueFunction: 'moderation.queue_items_due_for_repair',
  repairFunction: 'moderation.repair_counters',
  atOnce: 50,
});
