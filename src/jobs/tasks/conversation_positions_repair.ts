import { repairTask } from '../repair.ts';

/** Looks whether conversations know their newest message. */
export default repairTask({
  task: 'conversation_positions_repair',
  dueFunction: 'messaging.positions_due_for_repair',
  repairFunction: 'messaging.repair_positions',
  atOnce: 200,
});
