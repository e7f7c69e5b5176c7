import { Logger, runMigrations } from 'graphile-worker';
import type { Client } from 'pg';
import { createPool } from '../postgres/connect.ts';
import { actingUrl } from '../postgres/roles.ts';

/**
 * Brings the job queue's own schema to the version of the installed graphile-worker. It belongs to stoa_worker, so
 * that the worker needs nothing else to run, and our definer functions may add jobs because stoa_owner is a member.
 */
export async function migrateQueue(databaseUrl: string, owner: Client): Promise<void> {
  await prepareSchema(owner);
  const pool = createPool(actingUrl(databaseUrl, 'stoa_worker'), {
    applicationName: 'migrate (queue)',
    max: 1,
  });
  try {
    await runMigrations({
      pgPool: pool,
      schema: 'graphile_worker',
      logger: new Logger(() => () => undefined),
    });
  } finally {
    await pool.end();
  }
}

/**
 * graphile-worker begins with "create schema if not exists", for which the worker would need to be allowed to create
 * schemas in this database. So the schema and the table that it looks for first are made here, as it would make them.
 */
async function prepareSchema(owner: Client): Promise<void> {
  await owner.query(`
    do $$
    begin
      if to_regnamespace('graphile_worker') is null then
        create schema graphile_worker authorization stoa_worker;
        comment on schema graphile_worker is 'The job queue. Made and changed by graphile-worker itself.';
      end if;
      if to_regclass('graphile_worker.migrations') is null then
        set local role stoa_worker;
        create table graphile_worker.migrations (
          id int primary key,
          ts timestamptz default now() not null,
          breaking boolean not null default false
        );
      end if;
    end
    $$`);
}
