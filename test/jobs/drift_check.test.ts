import { Logger, runOnce } from 'graphile-worker';
import { afterAll, describe, expect, it } from 'vitest';
import { extendConfig, loadConfig } from '../../src/config.ts';
import { crontab } from '../../src/jobs/crontab.ts';
import driftCheck from '../../src/jobs/tasks/drift_check.ts';
import { createLogger } from '../../src/log.ts';
import { createPool } from '../../src/postgres/connect.ts';
import { testDatabase } from '../harness/index.ts';

const db = await testDatabase();
const pool = createPool(db.urlFor('stoa_worker'), { applicationName: 'test worker', max: 4 });
afterAll(() => pool.end());
const config = extendConfig(await loadConfig({ env: {} }), {
  adminUrl: db.url,
  databaseUrl: db.url,
  gatewayUrl: db.url,
  authUrl: db.url,
  mediaUrl: db.url,
  trackerUrl: db.url,
  workerUrl: db.urlFor('stoa_worker'),
});
const log = createLogger({ level: 'silent' });

describe('the nightly look for drift', () => {
  it('is recorded with what was found, and raises an alarm where there are alarms', async () => {
    await db.query('alter table core.users disable trigger touch_updated_at');
    await db.query("select core.enqueue('drift_check', '{}')");
    await runOnce({
      pgPool: pool,
      schema: 'graphile_worker',
      noHandleSignals: true,
      logger: new Logger(() => () => {}),
      taskList: { drift_check: (payload, helpers) => driftCheck(payload, { ...helpers, config, log }) },
    });
    const { rows } = await db.query(
      "select status, rows_affected::int as found, detail -> 'first' as first from ops.job_runs where task = 'drift_check'",
    );
    expect(rows).toEqual([
      { status: 'ok', found: 1, first: ['changed trigger core.users.touch_updated_at'] },
    ]);
  });

  it('has its hour', () => {
    expect(crontab.filter(({ task }) => task === 'drift_check')).toHaveLength(1);
  });
});
