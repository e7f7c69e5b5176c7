import { repairTask } from '../repair.ts';

/** Recounts members, supporters, messages of threads and unread mentions of groups. */
export default repairTask({
  task: 'group_counters_repair',
  dueFunction: 'groups.groups_due_for_repair',
  repairFunction: 'groups.repair_counters',
  atOnce: 10,
});
