import type { Client } from 'pg';
import type { Step } from './step.ts';
import { classify } from './traits.ts';

export interface AppliedMigration {
  /** The order in which it was applied. */
  readonly id: number;
  readonly name: string;
  readonly appliedAt: Date;
  readonly checksum: Buffer | null;
  readonly transactional: boolean | null;
  readonly executionMs: number | null;
  readonly appliedBy: string | null;
}

/** Every applied migration, in the order of application. */
export async function readLedger(client: Client): Promise<readonly AppliedMigration[]> {
  const { rows } = await client.query<AppliedMigration>(
    `select
       ledger.id,
       ledger.name,
       ledger.run_on as "appliedAt",
       known.checksum,
       known.transactional,
       known.execution_ms as "executionMs",
       known.applied_by::text as "appliedBy"
     from ops.pgmigrations as ledger
     left join ops.schema_migrations as known on known.version = left(ledger.name, 14)
     order by ledger.id`,
  );
  return rows;
}

/** Writes or removes what is known of a migration, in the transaction that writes or removes its row in the ledger. */
export async function recordMigration(client: Client, step: Step, elapsedMs: number): Promise<void> {
  const { migration, direction, statements, isTransactional } = step;
  if (direction === 'down') {
    await client.query('delete from ops.schema_migrations where version = $1', [migration.version]);
    return;
  }
  const definesNothing = statements.length > 0 && statements.every(({ node }) => classify(node) === 'data');
  await client.query(
    `insert into ops.schema_migrations
       (version, name, kind, checksum, transactional, reversible, applied_by, execution_ms)
     values ($1, $2, $3, $4, $5, $6, session_user, $7)`,
    [
      migration.version,
      migration.slug,
      definesNothing ? 'data' : 'schema',
      migration.checksum,
      isTransactional,
      migration.down !== undefined,
      Math.round(elapsedMs),
    ],
  );
}
