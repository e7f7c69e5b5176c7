import pg from 'pg';
import { describe, expect, inject, test } from 'vitest';
import { prepareDatabase } from '../../src/postgres/prepare.ts';
import { testDatabase } from '../harness/index.ts';

const db = await testDatabase();

describe('a prepared database', () => {
  test('can be prepared again without a change', async () => {
    await expect(prepareDatabase(inject('serverUrl'), db.name)).resolves.toBeUndefined();
  });

  test('lets the gateway act for a request, and forgets it afterwards', async () => {
    const inside = await db.as(
      { role: 'stoa_member', userId: '018f0000-0000-7000-8000-000000000000' },
      async (client) => {
        const { rows } = await client.query(
          'select session_user, current_user, core.current_user_id() as id',
        );
        return rows[0];
      },
    );
    expect(inside).toEqual({
      session_user: 'stoa_gateway',
      current_user: 'stoa_member',
      id: '018f0000-0000-7000-8000-000000000000',
    });
    const { rows } = await db.query('select session_user');
    expect(rows[0]).not.toEqual({ session_user: 'stoa_gateway' });
  });

  test('gives nobody the public schema', async () => {
    await expect(
      db.as({ role: 'stoa_admin' }, (client) => client.query('create table public.mine (id int)')),
    ).rejects.toBeInstanceOf(pg.DatabaseError);
  });
});
