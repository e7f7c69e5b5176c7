import type { Client } from 'pg';
import pg from 'pg';
import { exitCodes, StoaError } from '../../errors.ts';
import type { Migration } from '../load.ts';
import { cureOf } from './control.ts';
import { type Backfill, findBackfill } from './declaration.ts';
import { readBackfillRecords } from './record.ts';

/** The backfills that a migration says it needs. Throws when it names one that there is not. */
export function requiredBackfills(migration: Migration, backfills: readonly Backfill[]): readonly Backfill[] {
  return migration.headers.requiredBackfills.map((wanted) => {
    try {
      return findBackfill(backfills, wanted);
    } catch (error) {
      throw new StoaError(
        'backfill.unknown',
        `${migration.file} requires the backfill "${wanted}", which there is not.`,
        {
          cure: 'Declare it in a file migrations/<module>/<14 digits>_<words>.backfill.sql, or correct the name.',
          exitCode: exitCodes.input,
          cause: error,
        },
      );
    }
  });
}

export interface MissingBackfill {
  readonly backfill: Backfill;
  /** `the backfill x, which is running` */
  readonly what: string;
  readonly cure: string;
}

/** The backfills that a migration needs and that are not finished; a table without rows needs none. */
export async function missingBackfills(
  client: Client,
  migration: Migration,
  backfills: readonly Backfill[],
): Promise<readonly MissingBackfill[]> {
  const required = requiredBackfills(migration, backfills);
  if (required.length === 0) return [];
  const records = await readBackfillRecords(client);
  const missing: MissingBackfill[] = [];
  for (const backfill of required) {
    const record = records.find(({ name }) => name === backfill.name);
    if (record?.state === 'finished') continue;
    // A new community: what is not there need not be filled.
    if (!record && (await isEmpty(client, backfill.table))) continue;
    missing.push({
      backfill,
      what: `the backfill ${backfill.name}, which is ${record?.state ?? 'not begun'}`,
      cure: record
        ? cureOf(record)
        : `Run it, then apply the rest: stoa migrate backfill start ${backfill.name}.`,
    });
  }
  return missing;
}

/** Throws unless every backfill that a migration needs is finished, or has a table without rows to go through. */
export async function refuseUnlessBackfilled(
  client: Client,
  migration: Migration,
  backfills: readonly Backfill[],
): Promise<void> {
  const [first] = await missingBackfills(client, migration, backfills);
  if (first === undefined) return;
  throw new StoaError('backfill.unfinished', `${migration.file} needs ${first.what}. It was not applied.`, {
    cure: first.cure,
    exitCode: exitCodes.refused,
  });
}

/** Also while the migration that makes the table is pending itself. */
async function isEmpty(client: Client, table: string): Promise<boolean> {
  const name = table
    .split('.')
    .map((part) => pg.escapeIdentifier(part))
    .join('.');
  const known = await client.query<{ answer: boolean }>('select to_regclass($1) is not null as answer', [
    name,
  ]);
  if (known.rows[0]?.answer !== true) return true;
  const { rows } = await client.query<{ is_empty: boolean }>(
    `select not exists (select from ${name}) as is_empty`,
  );
  return rows[0]?.is_empty === true;
}
