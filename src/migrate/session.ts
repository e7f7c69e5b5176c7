import type { Client } from 'pg';
import { exitCodes, StoaError } from '../errors.ts';
import { connect } from '../postgres/connect.ts';

/**
 * The two connections of a migrator: one that works, and one that looks on while the first is inside a statement
 * (who blocks it, cancel it). Neither keeps a snapshot between statements, so neither can hold up a concurrent
 * index build.
 */
export interface Session {
  readonly worker: Client;
  readonly workerPid: number;
  readonly watcher: Client;
  readonly close: () => Promise<void>;
}

export async function openSession(databaseUrl: string): Promise<Session> {
  const worker = await connect(databaseUrl, 'migrate');
  try {
    const watcher = await connect(databaseUrl, 'migrate (watcher)');
    try {
      const workerPid = await refuseTransactionPooler(worker, watcher);
      await becomeOwner(worker);
      await endWithThisProcess(worker);
      return {
        worker,
        workerPid,
        watcher,
        close: async () => {
          await Promise.all([worker.end(), watcher.end()]);
        },
      };
    } catch (error) {
      await watcher.end();
      throw error;
    }
  } catch (error) {
    await worker.end();
    throw error;
  }
}

/**
 * Behind a pooler in transaction mode a session lock and a SET belong to whoever comes next. While the second
 * connection stands inside a transaction, the first must still be on the backend on which it was, and still have
 * what it set.
 */
async function refuseTransactionPooler(worker: Client, watcher: Client): Promise<number> {
  const before = await backend(worker);
  await worker.query("set stoa.session_probe = 'kept'");
  await watcher.query('begin');
  let after: Backend;
  let other: Backend;
  try {
    other = await backend(watcher);
    after = await backend(worker);
  } finally {
    await watcher.query('rollback');
  }
  if (before.pid !== after.pid || other.pid === before.pid || after.probe !== 'kept') {
    throw new StoaError(
      'migrate.transaction_pooler',
      'This connection goes through a pooler that hands out another server process for each transaction, ' +
        'so the migration lock and the settings of the session would not hold.',
      {
        cure: 'Give the URL of the server itself, or of a pooler in session mode (PgBouncer: pool_mode = session).',
        exitCode: exitCodes.database,
      },
    );
  }
  await worker.query('reset stoa.session_probe');
  return before.pid;
}

interface Backend {
  readonly pid: number;
  readonly probe: string | null;
}

async function backend(client: Client): Promise<Backend> {
  const { rows } = await client.query<Backend>(
    "select pg_backend_pid() as pid, current_setting('stoa.session_probe', true) as probe",
  );
  const [row] = rows;
  if (!row) throw new Error('pg_backend_pid() returned no row');
  return row;
}

async function becomeOwner(client: Client): Promise<void> {
  try {
    await client.query('set role stoa_owner');
  } catch (error) {
    throw new StoaError('migrate.role', 'This login may not act as stoa_owner, which owns everything.', {
      cure: 'Connect as stoa_migrator, or as a superuser; the roles are made by sql/cluster/roles.sql.',
      exitCode: exitCodes.database,
      cause: error,
    });
  }
}

/**
 * A migrator that is killed must not leave its statement running, with the migration lock, until that ends by itself.
 * The server looks every two seconds whether we are still there (not on every platform: then it does not).
 */
async function endWithThisProcess(client: Client): Promise<void> {
  await client.query(`
    do $$
    begin
      perform set_config('client_connection_check_interval', '2s', false);
    exception
      when invalid_parameter_value then null;
    end
    $$`);
}
