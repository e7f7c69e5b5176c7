import { type DrillCheck, outcome, skipped } from '../check.ts';

export const freshness: DrillCheck = {
  name: 'freshness',
  shows:
    'The heartbeat that the database writes every minute is as recent as the moment that was recovered to.',
  async run({ client, targetAt, freshnessSeconds }) {
    const { rows: there } = await client.query<{ yes: boolean }>(
      `select to_regclass('ops.heartbeat') is not null as yes`,
    );
    if (!there[0]?.yes) return skipped('This database writes no heartbeat.');
    const { rows } = await client.query<{ at: Date | null }>('select max(beat_at) as at from ops.heartbeat');
    const at = rows[0]?.at ?? null;
    if (at === null) return skipped('No worker has written a heartbeat yet.');
    const age = Math.max(0, (targetAt.getTime() - at.getTime()) / 1_000);
    const findings =
      age <= freshnessSeconds
        ? []
        : [`the last heartbeat is ${Math.round(age)} s older than the moment that was recovered to`];
    return outcome(findings, {
      heartbeatAt: at.toISOString(),
      ageSeconds: Math.round(age),
      allowedSeconds: freshnessSeconds,
    });
  },
};
