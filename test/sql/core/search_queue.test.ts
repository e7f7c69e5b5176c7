import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createUser, type TestDatabase, testDatabase } from '../../harness/index.ts';
import { reasonOf } from '../refusal.ts';

let db: TestDatabase;
let admin: string;
beforeAll(async () => {
  db = await testDatabase();
  admin = await createUser(db, { username: 'boss', role: 'admin' });
});
beforeEach(async () => {
  await db.query('delete from core.search_index_queue');
});

async function queued(): Promise<unknown> {
  const { rows } = await db.query(
    'select entity_type, entity_id, operation from core.search_index_queue order by id',
  );
  return rows;
}

describe('the search queue', () => {
  it('stays empty while no external engine is switched on', async () => {
    await createUser(db, { username: 'unseen' });
    expect(await queued()).toEqual([]);
  });

  it('holds one waiting entry for a row that changes often, with the last operation', async () => {
    await db.query("update core.settings set value = 'true' where key = 'search.outbox_enabled'");
    const id = await createUser(db, { username: 'busy' });
    await db.query("update core.users set display_name = 'Busy' where id = $1", [id]);
    await db.query('update core.users set last_active_on = current_date where id = $1', [id]);
    expect(await queued()).toEqual([{ entity_type: 'user', entity_id: id, operation: 'index' }]);

    await db.query('update core.users set deleted_at = now() where id = $1', [id]);
    expect(await queued()).toEqual([{ entity_type: 'user', entity_id: id, operation: 'delete' }]);
  });

  it('is filled again from the tables, from the id where the last call stopped', async () => {
    const reindex = (after: string | null): Promise<string | null | undefined> =>
      db.as(
        { role: 'stoa_admin', userId: admin },
        async (client) => {
          const { rows } = await client.query<{ last: string | null }>(
            "select core.reindex_all('user', $1) as last",
            [after],
          );
          return rows[0]?.last;
        },
        { commit: true },
      );
    const last = await reindex(null);
    const { rows } = await db.query(
      'select max(id::text) as last, count(*)::integer as people from core.users where deleted_at is null',
    );
    expect(rows).toMatchObject([{ last }]);
    expect(await queued()).toHaveLength(Number(rows[0]?.['people']));
    expect(await reindex(last ?? null)).toBeNull();
  });

  it('knows only what modules registered', async () => {
    expect(
      await reasonOf(
        db.as({ role: 'stoa_admin', userId: admin }, (client) =>
          client.query("select core.reindex_all('planet')"),
        ),
      ),
    ).toBe('search.unknown_entity');
  });
});
