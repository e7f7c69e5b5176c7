import type { StoaTask } from '../task.ts';

/** Writes down that the database was alive now: what is restored later shows by it how much is missing at its end. */
const heartbeat: StoaTask = async (_payload, { query }) => {
  await query(
    `insert into ops.heartbeat (id, beat_at) values (true, clock_timestamp())
     on conflict (id) do update set beat_at = excluded.beat_at`,
  );
};

export default heartbeat;
