import { type ClientBase, escapeIdentifier } from 'pg';

/**
 * Inserts rows as a set, in pieces, so that no statement carries more than some megabytes. The keys of the first row are
 * the columns; every row has the same. Returns how many there are.
 */
export async function insertRows(
  client: ClientBase,
  table: string,
  rows: readonly object[],
): Promise<number> {
  const [first] = rows;
  if (!first) return 0;
  const columns = Object.keys(first).map(escapeIdentifier).join(', ');
  const atOnce = 5_000;
  for (let start = 0; start < rows.length; start += atOnce) {
    await client.query(
      `insert into ${table} (${columns})
       select ${columns} from jsonb_populate_recordset(null::${table}, $1)`,
      [JSON.stringify(rows.slice(start, start + atOnce))],
    );
  }
  return rows.length;
}
