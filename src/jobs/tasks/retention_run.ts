import { z } from 'zod';
import { archiveByPolicy } from '../../archive/policy.ts';
import { withTableToMyself } from '../../archive/session.ts';
import { listPolicies, type RetentionPolicy } from '../../retention/policies.ts';
import { runPolicy } from '../../retention/run.ts';
import { withArchives } from '../retirement.ts';
import { recorded, type StoaTask } from '../task.ts';

const payloadShape = z.object({ hourly: z.boolean().default(false) }).catch({ hourly: false });

/** Half as long as it works it rests, so that others get their turn. */
const pace = 0.5;

/** `15 * * * *`: what must not wait for the night. Every minute is a job of its own. */
function isHourly({ schedule }: RetentionPolicy): boolean {
  return /^\d+ \* \* \* \*$/.test(schedule);
}

/** Ages out what ops.retention_policies says. Cut off anywhere, the next run goes on with what is left. */
const retentionRun: StoaTask = (payload, context) =>
  recorded('retention_run', context, async () => {
    const { hourly } = payloadShape.parse(payload);
    const now = new Date();
    const rules = (await listPolicies(context)).filter(
      (rule) => rule.isActive && (!hourly || isHourly(rule)),
    );
    const affected: Record<string, number> = {};
    const held: Record<string, number> = {};
    for (const rule of rules) {
      context.abortSignal?.throwIfAborted();
      if (rule.action === 'archive') {
        const moved = await withArchives(context, (session) =>
          withTableToMyself(session.client, rule.target, () => archiveByPolicy(session, rule, now)),
        );
        affected[rule.name] = moved.reduce((sum, { deleted }) => sum + deleted, 0);
        continue;
      }
      const { abortSignal: signal } = context;
      const result = await runPolicy(context, rule, {
        now,
        pace,
        ...(signal === undefined ? {} : { signal }),
      });
      affected[rule.name] = result.affected;
      if (result.held > 0) held[rule.name] = result.held;
    }
    return {
      rowsAffected: Object.values(affected).reduce((sum, rows) => sum + rows, 0),
      detail: { affected, ...(Object.keys(held).length === 0 ? {} : { held }) },
    };
  });

export default retentionRun;
