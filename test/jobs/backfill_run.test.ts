import { afterAll, expect, test } from 'vitest';
import { type RunningWorker, startWorker } from '../../src/jobs/worker.ts';
import { createLogger } from '../../src/log.ts';
import { startBackfill } from '../../src/migrate/backfill/control.ts';
import { testDatabase } from '../harness/index.ts';
import { checkout } from '../migrate/backfill/checkout.ts';
import { configOf } from './queue.ts';

const db = await testDatabase();
const config = await configOf(db);

const running: RunningWorker[] = [];
afterAll(async () => {
  for (const worker of running) await worker.stop();
});

test('the worker runs a backfill that was begun, on a table on which it has no grant', async () => {
  await db.query(`
    create table core.probe (id integer primary key, filled integer not null default 0);
    alter table core.probe owner to stoa_owner;
    revoke all on core.probe from stoa_worker;
    insert into core.probe select generate_series(1, 3000)`);
  const place = checkout();
  place.write(
    'migrations/core/20300101000000_probe.backfill.sql',
    '-- table: core.probe\n-- key: id\nupdate core.probe as target set filled = filled + 1 where :range',
  );
  await startBackfill('probe', { databaseUrl: config.databaseUrl, root: place.root });
  running.push(await startWorker(config, { log: createLogger({ level: 'silent' }) }));
  await expect
    .poll(async () => (await db.query('select state, row_count::integer from ops.backfills')).rows)
    .toEqual([{ state: 'finished', row_count: 3000 }]);
  const { rows } = await db.query('select distinct filled from core.probe');
  expect(rows).toEqual([{ filled: 1 }]);
});
