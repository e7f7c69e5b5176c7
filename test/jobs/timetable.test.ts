import { expect, test } from 'vitest';
import { cronItemsOf, crontab } from '../../src/jobs/crontab.ts';
import { nextRunOf, scheduleOf } from '../../src/jobs/timetable.ts';

test.each([
  ['partitions_maintain', '2026-12-31T00:29:59Z', '2026-12-31T00:30:00.000Z'],
  ['partitions_maintain', '2026-12-31T00:30:00Z', '2027-01-01T00:30:00.000Z'],
  ['partitions_maintain', '2028-02-28T12:00:00Z', '2028-02-29T00:30:00.000Z'],
  ['voice_sweep', '2026-11-21T10:00:30Z', '2026-11-21T10:02:00.000Z'],
])('%s after %s is due at %s', (task, now, due) => {
  expect(nextRunOf(task, new Date(now))?.toISOString()).toBe(due);
});

test('a job that is queued when something happens has no time', () => {
  expect(scheduleOf('send_mail')).toBeUndefined();
  expect(nextRunOf('send_mail', new Date())).toBeUndefined();
});

test('no line of the timetable is called like another, and its next job takes the place of one that waits', () => {
  const names = crontab.map(({ task, identifier }) => identifier ?? task);
  expect(new Set(names).size).toBe(names.length);
  const tasks = Object.fromEntries(crontab.map(({ task }) => [task, true]));
  for (const { task, identifier, options } of cronItemsOf(tasks)) {
    expect(options).toMatchObject({ jobKey: identifier ?? task, maxAttempts: 10 });
  }
});
