import { readFile } from 'node:fs/promises';
import type { Client } from 'pg';
import { z } from 'zod';
import { exitCodes, StoaError } from '../../errors.ts';
import type { Migration } from '../load.ts';
import { movedSince, readTarget } from './target.ts';

/** As much of a plan as `up` holds itself to. */
const shape = z.object({
  version: z.literal(1),
  madeAt: z.string(),
  target: z.object({
    fingerprint: z.string(),
    applied: z.array(z.string()),
    facts: z.record(z.string(), z.string()),
  }),
  migrations: z.array(z.object({ name: z.string(), file: z.string(), checksum: z.string() })),
});

export type BoundPlan = z.infer<typeof shape>;

export async function readPlan(file: string): Promise<BoundPlan> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
    throw new StoaError('migrate.no_plan', `There is no plan ${file}.`, {
      cure: `Make it: stoa migrate plan --out ${file}.`,
      exitCode: exitCodes.usage,
      cause: error,
    });
  }
  try {
    return shape.parse(JSON.parse(text));
  } catch (error) {
    throw new StoaError('migrate.plan_unreadable', `${file} is not a plan that this version can read.`, {
      cure: `Make it again: stoa migrate plan --out ${file}.`,
      exitCode: exitCodes.input,
      cause: error,
    });
  }
}

const shown = 20;

/**
 * Throws unless the database stands where it stood when the plan was made, and the files to apply are those of the
 * plan. To be called with the migration lock held, so that no other migrator moves it afterwards.
 */
export async function refuseUnlessAsPlanned(
  client: Client,
  plan: BoundPlan,
  pending: readonly Migration[],
): Promise<void> {
  const { state } = await readTarget(client);
  const moved = [...movedSince(plan.target, state), ...otherFiles(plan, pending)];
  if (moved.length === 0) return;
  const lines = moved.slice(0, shown).map((line) => `  ${line}`);
  if (moved.length > shown) lines.push(`  and ${moved.length - shown} more`);
  throw new StoaError(
    'migrate.plan_moved',
    `The plan of ${plan.madeAt} does not hold any more; since then:\n${lines.join('\n')}`,
    { cure: 'Nothing was applied. Make a new plan, and read it again.', exitCode: exitCodes.refused },
  );
}

function otherFiles(plan: BoundPlan, pending: readonly Migration[]): readonly string[] {
  const planned = new Map(plan.migrations.map((migration) => [migration.name, migration]));
  const lines: string[] = [];
  for (const { name, file, checksum } of pending) {
    const known = planned.get(name);
    if (!known) lines.push(`${file} is to be applied and is not in the plan`);
    else if (known.checksum !== checksum.toString('hex')) lines.push(`${file} was edited`);
  }
  const names = new Set(pending.map(({ name }) => name));
  for (const { name, file } of plan.migrations) {
    if (!names.has(name)) lines.push(`${file} is in the plan and is not to be applied`);
  }
  return lines;
}
