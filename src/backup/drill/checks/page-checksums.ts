import { connectReplication } from '../../replication/connection.ts';
import { type DrillCheck, outcome, reasonOf, skipped } from '../check.ts';

/** Lets the server read and check every page for a backup that goes nowhere (BASE_BACKUP, target `blackhole`). */
export const pageChecksums: DrillCheck = {
  name: 'page_checksums',
  shows: 'Every page of every file has the checksum that it was written with.',
  async run({ client, url }) {
    const { rows } = await client.query<{ on: boolean; bytes: string }>(
      `select current_setting('data_checksums') = 'on' as on,
         (select sum(pg_database_size(oid)) from pg_catalog.pg_database)::text as bytes`,
    );
    if (!rows[0]?.on) return skipped('The cluster was made without page checksums.');
    const findings: string[] = [];
    const replication = await connectReplication(url, 'drill');
    replication.on('notice', ({ message }) => {
      if (message !== undefined && /checksum|block/i.test(message)) findings.push(message);
    });
    try {
      // With a map of tablespaces, because a link may be longer than an archive can hold.
      await replication.query(
        `BASE_BACKUP (LABEL 'drill', TARGET 'blackhole', VERIFY_CHECKSUMS true, TABLESPACE_MAP true, MANIFEST 'no', CHECKPOINT 'fast', WAIT false)`,
      );
    } catch (error) {
      findings.push(reasonOf(error));
    } finally {
      await replication.end().catch(() => undefined);
    }
    return outcome(findings, { bytes: Number(rows[0].bytes) });
  },
};
