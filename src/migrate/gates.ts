import type { Client } from 'pg';
import { StoaError } from '../errors.ts';
import { modules as registry } from '../modules.ts';
import { type Backfill, loadBackfills } from './backfill/declaration.ts';
import { missingBackfills } from './backfill/gate.ts';
import { type ContractOptions, contractCure, contractDefaults, usesOf } from './contract/gate.ts';
import type { Migration } from './load.ts';
import { planStep } from './step.ts';

/** What `migrateUp` would refuse a pending migration for, as things stand now. */
export interface ClosedGate {
  readonly kind: 'backfill' | 'contract';
  /** A line each. */
  readonly reasons: readonly string[];
  readonly cure: string;
}

/**
 * The gates of pending migrations that are closed, by the name of the migration. Judged is the database as it is: what
 * an earlier pending migration takes out of the way still stands there. Reads only.
 */
export async function closedGates(
  client: Client,
  pending: readonly Migration[],
  root: string,
  contract: Partial<ContractOptions> = {},
): Promise<ReadonlyMap<string, readonly ClosedGate[]>> {
  const backfills = await loadBackfills(root, registry);
  const closed = new Map<string, readonly ClosedGate[]>();
  for (const migration of pending) {
    const gates = [
      ...(await backfillGate(client, migration, backfills)),
      ...(await contractGate(client, migration, { ...contractDefaults, ...contract })),
    ];
    if (gates.length > 0) closed.set(migration.name, gates);
  }
  return closed;
}

async function backfillGate(
  client: Client,
  migration: Migration,
  backfills: readonly Backfill[],
): Promise<readonly ClosedGate[]> {
  try {
    const missing = await missingBackfills(client, migration, backfills);
    return missing.map(({ what, cure }) => ({ kind: 'backfill', reasons: [`needs ${what}`], cure }));
  } catch (error) {
    if (!(error instanceof StoaError && error.code === 'backfill.unknown')) throw error;
    return [{ kind: 'backfill', reasons: [error.message], cure: error.cure ?? '' }];
  }
}

async function contractGate(
  client: Client,
  migration: Migration,
  options: ContractOptions,
): Promise<readonly ClosedGate[]> {
  // Cutting a file into statements costs, and few are marked.
  if (!migration.headers.isContract) return [];
  const reasons = await usesOf(client, await planStep(migration, 'up'), options);
  return reasons.length === 0 ? [] : [{ kind: 'contract', reasons, cure: contractCure }];
}
