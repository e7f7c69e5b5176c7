import { repairTask } from '../repair.ts';

/** Recounts running tallies and reactions of proposals; voters wait meanwhile. */
export default repairTask({
  task: 'governance_counters_repair',
  dueFunction: 'governance.proposals_due_for_repair',
  repairFunction: 'governance.repair_counters',
  atOnce: 10,
});
