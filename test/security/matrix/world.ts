import type { ClientBase } from 'pg';
import type { TestDatabase } from '../../harness/index.ts';
import type { ModuleMatrix, TableMatrix } from './cells.ts';
import type { Relation } from './relations.ts';

/**
 * Fills every table with the rows that its cells speak of, with triggers and constraints in force. Rows that the
 * migrations put there stay, unless the table says otherwise.
 */
export async function buildWorld(
  db: TestDatabase,
  matrix: ModuleMatrix,
  relations: ReadonlyMap<string, Relation>,
): Promise<void> {
  const client = await db.pool.connect();
  try {
    await client.query('begin');
    for (const [name, table] of Object.entries(matrix)) {
      const relation = relations.get(name);
      if (relation) await fill(client, relation, table);
    }
    await client.query('commit');
  } catch (error) {
    await client.query('rollback');
    throw error;
  } finally {
    client.release();
  }
}

async function fill(client: ClientBase, relation: Relation, table: TableMatrix): Promise<void> {
  if (table.isCleared) {
    // Some tables refuse every deletion by trigger.
    await client.query('set local session_replication_role = replica');
    await client.query(`delete from ${relation.name}`);
    await client.query('set local session_replication_role = origin');
  }
  for (const row of table.rows) {
    if (row.isMade) continue;
    const columns = Object.keys(row.values);
    const changed = columns.filter((column) => !relation.primaryKey.includes(column));
    // A row that something else has made already is given the values that the cells count on.
    const isReplacing =
      relation.primaryKey.length > 0 &&
      relation.primaryKey.every((column) => columns.includes(column)) &&
      changed.length > 0;
    await client
      .query(
        `insert into ${relation.name} (${columns.join(', ')}) overriding system value
       values (${columns.map((_, index) => `$${index + 1}`).join(', ')})
       ${isReplacing ? `on conflict (${relation.primaryKey.join(', ')}) do update set ${changed.map((column) => `${column} = excluded.${column}`).join(', ')}` : ''}`,
        Object.values(row.values),
      )
      .catch((cause: unknown) => {
        throw new Error(`the row "${row.label}" of ${relation.name} cannot be inserted`, { cause });
      });
  }
}
