import { recorded, type StoaTask } from '../task.ts';

/** Works out everybody's progress toward each achievement. */
const achievementsEvaluate: StoaTask = (_payload, context) =>
  recorded('achievements_evaluate', context, async () => {
    const { rows } = await context.query<{ changed: number }>(
      'select core.evaluate_achievements() as changed',
    );
    return { rowsAffected: rows[0]?.changed ?? 0 };
  });

export default achievementsEvaluate;
