import { recorded, type StoaTask } from '../task.ts';

/** Moves members up the ladder of account classes when they have reached the next step. */
const classesPromote: StoaTask = (_payload, context) =>
  recorded('classes_promote', context, async () => {
    const { rows } = await context.query<{ moved: number }>('select core.promote_classes() as moved');
    return { rowsAffected: rows[0]?.moved ?? 0 };
  });

export default classesPromote;
