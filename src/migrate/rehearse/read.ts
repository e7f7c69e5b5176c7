import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { exitCodes, StoaError } from '../../errors.ts';
import { type BoundPlan, readPlan } from '../plan/bound.ts';

const outcome = z.object({ failure: z.string().nullable() });

/** A rehearsal as something that a run holds itself to, like a plan. Throws for one that failed. */
export async function readRehearsal(file: string): Promise<BoundPlan> {
  const plan = await readPlan(file);
  const found = outcome.safeParse(JSON.parse(await readFile(file, 'utf8')));
  if (!found.success) {
    throw new StoaError('rehearse.unreadable', `${file} is a plan, but not the report of a rehearsal.`, {
      cure: `Make it: stoa migrate rehearse --report ${file}.`,
      exitCode: exitCodes.input,
    });
  }
  if (found.data.failure !== null) {
    throw new StoaError('rehearse.failed', `The rehearsal of ${plan.madeAt} failed: ${found.data.failure}`, {
      cure: 'Correct the migration, and rehearse again.',
      exitCode: exitCodes.refused,
    });
  }
  return plan;
}
