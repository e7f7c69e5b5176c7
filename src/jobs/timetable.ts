import { parseCronItem } from 'graphile-worker';
import { crontab } from './crontab.ts';

const minuteMs = 60_000;
/** A job that runs once a year is found; one that never runs is not looked for for ever. */
const furthestMs = 366 * 24 * 60 * minuteMs;

/** When a task of the timetable runs, as its cron line in UTC. */
export function scheduleOf(task: string): string | undefined {
  const match = crontab.find((item) => item.task === task)?.match;
  return typeof match === 'string' ? match : undefined;
}

/** The next full minute after `now` at which a task of the timetable is due. */
export function nextRunOf(task: string, now: Date): Date | undefined {
  const item = crontab.find((candidate) => candidate.task === task);
  if (item === undefined) return undefined;
  const { match } = parseCronItem(item);
  const start = Math.floor(now.getTime() / minuteMs) * minuteMs;
  for (let time = start + minuteMs; time <= start + furthestMs; time += minuteMs) {
    const moment = new Date(time);
    const isDue = match({
      min: moment.getUTCMinutes(),
      hour: moment.getUTCHours(),
      date: moment.getUTCDate(),
      month: moment.getUTCMonth() + 1,
      dow: moment.getUTCDay(),
    });
    if (isDue) return moment;
  }
  return undefined;
}
