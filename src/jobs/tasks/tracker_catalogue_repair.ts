import { repairTask } from '../repair.ts';

/** Recounts bounties, votes, comments, items, followers and tags of the catalogue. */
export default repairTask({
  task: 'tracker_catalogue_repair',
  dueFunction: 'tracker.counters_due_for_repair',
  repairFunction: 'tracker.repair_counters',
  atOnce: 100,
});
