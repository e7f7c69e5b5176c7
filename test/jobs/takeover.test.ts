import { beforeAll, describe, expect, test } from 'vitest';
import { loadDemo } from '../../src/demo/index.ts';
import { checkInvariants } from '../../src/doctor/invariants.ts';
import { testDatabase } from '../harness/index.ts';
import { type RunningStoa, temporaryProject } from '../harness/installation.ts';
import { configOf, held, isWaiting, until, workersOf } from './queue.ts';

const db = await testDatabase();
const config = await configOf(db);
const work = workersOf(config);
const project = await temporaryProject();

/** A worker in a process of its own, as an operator starts it. */
async function workInProcess(): Promise<RunningStoa> {
  const stoa = project.start(['work'], { DATABASE_URL: db.url });
  await stoa.says(/worker started/);
  return stoa;
}

/** Takes over as soon as the connection of the dead one is gone: the bound is the beat. */
const impatient = { beatMs: 50, graceMs: 0 };

async function jobOf(task: string): Promise<{ attempts: number; locked_by: string | null } | undefined> {
  const { rows } = await db.query<{ attempts: number; locked_by: string | null }>(
    `select job.attempts, job.locked_by
     from graphile_worker._private_jobs as job
     join graphile_worker._private_tasks as task on task.id = job.task_id
     where task.identifier = $1`,
    [task],
  );
  return rows[0];
}

async function runsOf(task: string): Promise<readonly string[]> {
  const { rows } = await db.query<{ run: string }>(
    `select status || coalesce(': ' || (detail ->> 'message'), '') as run
     from ops.job_runs where task = $1 order by id`,
    [task],
  );
  return rows.map(({ run }) => run);
}

const partitions = async (): Promise<readonly string[]> => {
  const { rows } = await db.query<{ name: string }>(
    `select bound.partition || ' until ' || bound.upper_bound as name
     from ops.partition_policies as policy
     cross join lateral ops.partition_bounds(policy.parent) as bound
     order by 1`,
  );
  return rows.map(({ name }) => name);
};

beforeAll(async () => {
  await loadDemo({
    databaseUrl: db.url,
    password: 'x',
    argon2: { memoryKiB: 64, passes: 2, parallelism: 1, concurrency: 2, queue: 32 },
    scale: 0.2,
  });
});

const dead = 'failed: the process that ran it ended';

describe('a worker that is killed', () => {
  // The tables are taken in the order of their names: the killed one had come so far.
  test.each(['audit.logs', 'groups.channel_messages', 'tracker.peer_history'])(
    'while it makes partitions for %s leaves the rest to another',
    async (parent) => {
      const complete = await partitions();
      await db.query(
        `do $$ declare late record; begin
           for late in select parent, partition from ops.partition_policies cross join lateral ops.partition_bounds(parent)
             where upper_bound > now() + interval '1 month' order by upper_bound desc
           loop
             execute format('alter table %s detach partition %s', late.parent, late.partition);
             execute 'drop table ' || late.partition;
           end loop;
         end $$`,
      );
      expect((await partitions()).length).toBeLessThan(complete.length);
      await db.query("delete from ops.job_runs where task = 'partitions_maintain'");
      await db.query("select core.enqueue('partitions_maintain', '{}')");
      const obstacle = await held(db, `lock table ${parent} in share update exclusive mode`);
      const first = await project.start(['work'], { DATABASE_URL: db.url });
      // What a start makes before it takes jobs is made one by one as well.
      await until(() => isWaiting(db, 'make_partition'));
      first.kill('SIGKILL');
      await first.ended;
      await obstacle.end();

      const second = await work(impatient);
      await until(async () => (await jobOf('partitions_maintain')) === undefined);
      await second.stop();
      expect(await partitions()).toEqual(complete);
      const results = await checkInvariants({ databaseUrl: db.url, only: ['ops.partitions'] });
      expect(results.filter(({ state }) => state !== 'holds')).toEqual([]);
    },
  );

  test('while it mends counters loses no job, and each difference is told once', async () => {
    const { rows: posts } = await db.query<{ id: string }>(
      'update forums.posts set comment_count = comment_count + 1 returning id',
    );
    const obstacle = await held(
      db,
      'select from forums.posts where id = (select max(id::text)::uuid from forums.posts) for update',
    );
    const first = await workInProcess();
    await db.query("select core.enqueue('forum_counters_repair', '{}')");
    await until(() => isWaiting(db, 'repair_counters'));
    expect(await runsOf('forum_counters_repair')).toEqual(['running']);
    first.kill('SIGKILL');
    await first.ended;

    const second = await work(impatient);
    // Its lock is gone with its connection: the job is given back while its last statement still waits.
    await until(async () => (await runsOf('forum_counters_repair')).includes(dead));
    await obstacle.end();
    await until(async () => (await jobOf('forum_counters_repair')) === undefined);
    await second.stop();

    expect(await runsOf('forum_counters_repair')).toEqual([dead, 'ok']);
    const results = await checkInvariants({ databaseUrl: db.url, only: ['forums.posts'] });
    expect(results.filter(({ state }) => state !== 'holds')).toEqual([]);
    const { rows: told } = await db.query(
      `select count(*)::integer as told, count(distinct row_key)::integer as posts
       from ops.counter_repairs where counter = 'forums.posts.comment_count'`,
    );
    expect(told).toEqual([{ told: posts.length, posts: posts.length }]);
    expect((await db.query('select from ops.workers')).rowCount).toBe(0);
  });

  test('is not taken for dead while it lives, however silent it is', async () => {
    const obstacle = await held(db, 'lock table social.friend_edges');
    const first = await work({ beatMs: 3_600_000 });
    await db.query("select core.enqueue('counters_repair', '{}')");
    await until(() => isWaiting(db, 'repair_friend_edges'));
    const holder = (await jobOf('counters_repair'))?.locked_by;
    // Silent for an hour, as a process that was paused: only the lock of its connection speaks for it.
    await db.query("update ops.workers set seen_at = now() - interval '1 hour'");
    const { rows } = await db.query("select * from ops.recover_jobs('0')");
    expect(rows).toEqual([]);
    expect((await jobOf('counters_repair'))?.locked_by).toBe(holder);
    await obstacle.end();
    await until(async () => (await jobOf('counters_repair')) === undefined);
    await first.stop();
  });
});

describe('a worker that is stopped', () => {
  test('gives back what it cannot finish in time, with all its attempts', async () => {
    const obstacle = await held(db, 'lock table social.friend_edges');
    const worker = await work({ patienceMs: 50 });
    await db.query("delete from ops.job_runs where task = 'counters_repair'");
    await db.query("select core.enqueue('counters_repair', '{}')");
    await until(() => isWaiting(db, 'repair_friend_edges'));
    await worker.stop();
    expect(await jobOf('counters_repair')).toEqual({ attempts: 0, locked_by: null });
    expect(await runsOf('counters_repair')).toEqual(['stopped']);
    await obstacle.end();

    const next = await work();
    await until(async () => (await jobOf('counters_repair')) === undefined);
    await next.stop();
    expect(await runsOf('counters_repair')).toEqual(['stopped', 'ok']);
  });
});
