import type { Config } from '../config.ts';
import type { Query } from '../jobs/partitions.ts';
import { createPool } from '../postgres/connect.ts';
import { type ReadyConfig, withOpenDatabase } from '../postgres/database.ts';
import { requireMigrated } from './installation.ts';
import { note } from './output.ts';

/** For a command that asks as the worker would: each statement is a transaction of its own. */
export async function withJobQueue<Result>(
  settings: Config,
  command: string,
  work: (query: Query, config: ReadyConfig) => Promise<Result>,
): Promise<Result> {
  return withOpenDatabase(settings, { command, onEvent: note }, async (config) => {
    await requireMigrated(config);
    const pool = createPool(config.workerUrl, { applicationName: command, max: 1 });
    try {
      return await work((text, values) => pool.query(text, values), config);
    } finally {
      await pool.end();
    }
  });
}
