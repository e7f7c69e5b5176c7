import { repairTask } from '../repair.ts';

/** Recounts the totals of people, points among them; their announces wait meanwhile. */
export default repairTask({
  task: 'tracker_statistics_repair',
  dueFunction: 'tracker.statistics_due_for_repair',
  repairFunction: 'tracker.repair_statistics',
  atOnce: 50,
});
