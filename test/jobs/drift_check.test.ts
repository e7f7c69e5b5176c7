import { describe, expect, it } from 'vitest';
import { crontab } from '../../src/jobs/crontab.ts';
import { testDatabase } from '../harness/index.ts';
import { configOf, runJob } from './queue.ts';

const db = await testDatabase();
const config = await configOf(db);

describe('the nightly look for drift', () => {
  it('is recorded with what was found, and raises an alarm where there are alarms', async () => {
    await db.query('alter table core.users disable trigger touch_updated_at');
    await runJob(config, 'drift_check');
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
