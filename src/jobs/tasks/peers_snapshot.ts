import { recorded, type StoaTask } from '../task.ts';

/** Writes the swarms of this half hour down. A second run of the same half hour adds what the first lacks. */
const peersSnapshot: StoaTask = (_payload, context) =>
  recorded('peers_snapshot', context, async () => {
    const { rows } = await context.query<{ written: number }>('select tracker.snapshot_peers() as written');
    return { rowsAffected: rows[0]?.written ?? 0 };
  });

export default peersSnapshot;
