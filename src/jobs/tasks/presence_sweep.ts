import type { StoaTask } from '../task.ts';

/** Whoever has gone quiet is shown as away or offline. */
const presenceSweep: StoaTask = async (_payload, context) => {
  const { rows } = await context.query<{ swept: number }>('select core.sweep_presence() as swept');
  context.run?.report({ rowsAffected: rows[0]?.swept ?? 0 });
};

export default presenceSweep;
