import { connect } from '../../postgres/connect.ts';

/** A slot that nobody reads any more keeps log on the server's disk up to its limit: drops it where it is not in use. */
export async function dropUnusedSlot(url: string, slot: string): Promise<boolean> {
  const client = await connect(url, 'slot');
  try {
    const { rowCount } = await client.query(
      `select pg_drop_replication_slot(slot_name)
       from pg_catalog.pg_replication_slots
       where slot_name = $1 and slot_type = 'physical' and not active`,
      [slot],
    );
    return rowCount === 1;
  } finally {
    await client.end();
  }
}
