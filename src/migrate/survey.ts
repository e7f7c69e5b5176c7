import type { Client } from 'pg';
import { modules as registry, resolveModules } from '../modules.ts';
import { connect } from '../postgres/connect.ts';
import { appliedFaults, describeFaults } from './applied.ts';
import { type AppliedMigration, readLedger } from './ledger.ts';
import { loadMigrations, type Migration } from './load.ts';
import type { MigrateOptions } from './migrator.ts';
import { readReleases, refuseFaults, releaseFaults } from './released.ts';
import { projectRoot } from './root.ts';

/** The files and the ledger, read without taking the lock and without writing anything. */
export async function surveyMigrations(
  options: MigrateOptions,
): Promise<{ migrations: readonly Migration[]; applied: readonly AppliedMigration[] }> {
  const root = options.root ?? projectRoot;
  const modules = resolveModules(options.modules);
  const allMigrations = await loadMigrations(root, registry);
  refuseFaults(releaseFaults(await readReleases(root), allMigrations));
  const client = await connectAsOwner(options.databaseUrl);
  try {
    const applied = (await hasLedger(client)) ? await readLedger(client) : [];
    refuseFaults(describeFaults(appliedFaults(applied, allMigrations)));
    return {
      migrations: allMigrations.filter(({ module }) => modules.some(({ name }) => name === module)),
      applied,
    };
  } finally {
    await client.end();
  }
}

export async function connectAsOwner(databaseUrl: string): Promise<Client> {
  const client = await connect(databaseUrl, 'migrate (reader)');
  await client.query('set role stoa_owner');
  return client;
}

export async function hasLedger(client: Client): Promise<boolean> {
  const { rows } = await client.query<{ answer: boolean }>(
    "select to_regclass('ops.migration_steps') is not null as answer",
  );
  return rows[0]?.answer === true;
}
