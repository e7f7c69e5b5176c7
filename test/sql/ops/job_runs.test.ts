import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { testDatabase } from '../../harness/index.ts';

const db = await testDatabase();

beforeEach(async () => {
  await db.query(
    'delete from ops.workers; delete from ops.job_runs; delete from ops.job_totals; delete from graphile_worker._private_jobs',
  );
  await db.query(
    "insert into ops.workers (id, process_id, host) values ('pool-1', 1, 'here'), ('pool-2', 2, 'there')",
  );
});

const begin = async (
  task: string,
  worker = 'pool-1',
  isExclusive = true,
): Promise<string | null | undefined> =>
  (
    await db.query<{ run: string | null }>('select ops.begin_run($1, $2, $3) as run', [
      task,
      worker,
      isExclusive,
    ])
  ).rows[0]?.run;
const finish = (run: unknown, status: string, rows: number | null = null, detail = {}) =>
  db.query('select ops.finish_run($1, $2, $3, $4)', [run, status, rows, JSON.stringify(detail)]);
const runs = async () =>
  (await db.query('select task, status, rows_affected::integer as rows from ops.job_runs order by id')).rows;

describe('ops.begin_run', () => {
  it('begins what runs once at a time once, whoever asks', async () => {
    const asked = await Promise.all([begin('a'), begin('a', 'pool-2'), begin('a')]);
    expect(asked.filter((run) => run !== null)).toHaveLength(1);
    expect(await begin('b', 'pool-2')).not.toBeNull();
    expect((await runs()).map(({ task }) => task)).toEqual(['a', 'b']);
  });

  it('begins it again after it ended', async () => {
    await finish(await begin('a'), 'ok', 1);
    expect(await begin('a', 'pool-2')).not.toBeNull();
  });

  it('begins other tasks as often as they are asked for', async () => {
    expect(await begin('a', 'pool-1', false)).not.toBe(await begin('a', 'pool-1', false));
  });
});

describe('ops.finish_run', () => {
  it('records outcome, rows and detail, and adds them up', async () => {
    await finish(await begin('a'), 'ok', 3);
    await finish(await begin('a'), 'failed', null, { message: 'no' });
    await finish(await begin('a'), 'stopped', 4);
    expect(await runs()).toEqual([
      { task: 'a', status: 'ok', rows: 3 },
      { task: 'a', status: 'failed', rows: null },
      { task: 'a', status: 'stopped', rows: 4 },
    ]);
    const { rows } = await db.query(
      'select task, runs::int, failures::int, rows_affected::int as rows from ops.job_totals',
    );
    expect(rows).toEqual([{ task: 'a', runs: 3, failures: 1, rows: 7 }]);
  });

  it('keeps the newest of runs that found nothing, and each that did something or was long ago', async () => {
    await finish(await begin('a'), 'ok', 0);
    await db.query("update ops.job_runs set started_at = now() - interval '1 day'");
    await finish(await begin('a'), 'ok', 0);
    await finish(await begin('a'), 'ok', 0);
    await finish(await begin('a'), 'ok', 7);
    await finish(await begin('a'), 'ok', 0);
    await finish(await begin('b'), 'ok', 0);
    await finish(await begin('a'), 'ok', 0);
    expect((await runs()).map(({ task, rows }) => `${task} ${rows}`)).toEqual([
      'a 0',
      'a 0',
      'a 7',
      'b 0',
      'a 0',
    ]);
    const { rows } = await db.query("select runs::int from ops.job_totals where task = 'a'");
    expect(rows).toEqual([{ runs: 6 }]);
  });
});

describe('ops.recover_jobs', () => {
  const lost = async (): Promise<void> => {
    await db.query("update ops.workers set seen_at = now() - interval '31 seconds' where id = 'pool-1'");
  };
  const recover = async () => (await db.query('select worker_id, jobs, runs from ops.recover_jobs()')).rows;
  const queue = async (options = ''): Promise<void> => {
    await db.query(
      `set role stoa_owner; select graphile_worker.add_job('send_mail', '{}'${options}); reset role`,
    );
    await db.query(
      `update graphile_worker._private_jobs set attempts = 1, locked_at = now(), locked_by = 'pool-1' where locked_by is null`,
    );
  };
  const jobs = async () =>
    (await db.query('select attempts, locked_by, last_error from graphile_worker._private_jobs order by id'))
      .rows;

  it('gives back jobs and runs of a worker whose connection is gone and that was silent for half a minute', async () => {
    const run = await begin('a');
    await begin('b', 'pool-2');
    await queue();
    expect(await recover()).toEqual([]);
    await lost();
    expect(await recover()).toEqual([{ worker_id: 'pool-1', jobs: 1, runs: 1 }]);
    expect(await recover()).toEqual([]);
    expect(await jobs()).toEqual([
      { attempts: 1, locked_by: null, last_error: 'the process that ran it ended' },
    ]);
    expect(await runs()).toEqual([
      { task: 'a', status: 'failed', rows: null },
      { task: 'b', status: 'running', rows: null },
    ]);
    // The dead one speaks once more, as after a long pause of its machine: what was said of it stays.
    await finish(run, 'ok', 5);
    expect(await runs()).toMatchObject([{ status: 'failed' }, { status: 'running' }]);
    expect(await begin('a', 'pool-2')).not.toBeNull();
  });

  it('leaves a worker alone that holds its lock, however silent it is', async () => {
    const client = await db.pool.connect();
    onTestFinished(() => client.release(true));
    await client.query("select pg_advisory_lock(hashtextextended('ops.workers:pool-1', 0))");
    await queue();
    await lost();
    expect(await recover()).toEqual([]);
    expect(await jobs()).toMatchObject([{ locked_by: 'pool-1' }]);
  });

  it('gives up a job that has killed its worker in its last attempt', async () => {
    await queue(', max_attempts => 1');
    await lost();
    await recover();
    await db.query('select ops.watch_jobs()');
    const { rows } = await db.query(
      "select subject from ops.alerts where name = 'job_failed' and resolved_at is null",
    );
    expect(rows).toEqual([{ subject: 'send_mail' }]);
  });

  it('drops a job of the timetable that has a successor in the queue', async () => {
    await queue(", job_key => 'send_mail', max_attempts => 3");
    // The next minute has come while the dead one still had the last.
    await db.query(
      "set role stoa_owner; select graphile_worker.add_job('send_mail', '{}', job_key => 'send_mail'); reset role",
    );
    expect(await jobs()).toHaveLength(2);
    await lost();
    await recover();
    expect(await jobs()).toEqual([{ attempts: 0, locked_by: null, last_error: null }]);
  });
});

it('the book-keeping of runs is the worker’s alone', async () => {
  for (const call of [
    "ops.begin_run('a', 'b', true)",
    'ops.recover_jobs()',
    'ops.watch_jobs()',
    'ops.watch_partitions()',
  ]) {
    await expect(
      db.as({ role: 'stoa_admin' }, (client) => client.query(`select ${call}`)),
    ).rejects.toMatchObject({ code: '42501' });
  }
});
