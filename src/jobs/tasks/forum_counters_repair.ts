import { repairTask } from '../repair.ts';

/** Recounts the votes, comments and polls of posts. */
export default repairTask({
  task: 'forum_counters_repair',
  dueFunction: 'forums.posts_due_for_repair',
  repairFunction: 'forums.repair_counters',
  atOnce: 200,
});
