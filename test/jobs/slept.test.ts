import { beforeEach, describe, expect, test } from 'vitest';
import { coverPartitionsOf } from '../../src/cli/installation.ts';
import { extendConfig } from '../../src/config.ts';
import { checkInvariants } from '../../src/doctor/invariants.ts';
import { createLogger } from '../../src/log.ts';
import { testDatabase } from '../harness/index.ts';
import { configOf, workersOf } from './queue.ts';

const db = await testDatabase();
const config = await configOf(db);
const work = workersOf(config);

/** As it stands when the server last ran seven months ago and had made three months ahead, as the policies say. */
async function sleep(): Promise<void> {
  await db.query(
    `do $$ declare old record; begin
       for old in select parent, partition from ops.partition_policies cross join lateral ops.partition_bounds(parent) loop
         execute format('alter table %s detach partition %s', old.parent, old.partition);
         execute 'drop table ' || old.partition;
       end loop;
     end $$`,
  );
  await db.query("select ops.ensure_partitions(null, now() - interval '7 months')");
}

const write = (): Promise<unknown> =>
  db.query("insert into audit.logs (actor_role, action, resource_type) values ('system', 'wake', 'server')");

async function lacking(): Promise<readonly unknown[]> {
  const { rows } = await db.query(
    'select parent, ahead from ops.partition_status() where ahead < ahead_wanted order by parent',
  );
  return rows;
}

describe('a server that slept for four months after its last partition', () => {
  beforeEach(async () => {
    await sleep();
    await expect(write()).rejects.toThrow(/no partition of relation "logs" found/);
  });

  test('has everything again before its worker takes a job, without a gap', async () => {
    await db.query('select ops.watch_partitions()');
    const worker = await work();
    expect(await lacking()).toEqual([]);
    await write();
    await worker.stop();
    const results = await checkInvariants({ databaseUrl: db.url, only: ['ops.partitions'] });
    expect(results.filter(({ state }) => state !== 'holds')).toEqual([]);
    const { rows } = await db.query(
      "select count(*)::int as alerts, count(resolved_at)::int as over from ops.alerts where name = 'partitions_low'",
    );
    expect(rows[0]?.alerts).toBeGreaterThan(5);
    expect(rows[0]?.over).toBe(rows[0]?.alerts);
  });

  test('has everything again where only the API is started, before it listens', async () => {
    await coverPartitionsOf(config, createLogger({ level: 'silent' }));
    await write();
    expect(await lacking()).toEqual([]);
  });

  test('does not keep an API from starting whose login for jobs may make none', async () => {
    const powerless = extendConfig(config, { workerUrl: config.authUrl });
    await coverPartitionsOf(powerless, createLogger({ level: 'silent' }));
    await expect(write()).rejects.toThrow(/no partition/);
  });
});
