import type { ClientBase } from 'pg';
import { beforeAll, describe, expect, it } from 'vitest';
import { createUser, type TestDatabase, testDatabase } from '../../harness/index.ts';
import { reasonOf } from '../refusal.ts';

let db: TestDatabase;
let me: string;
beforeAll(async () => {
  db = await testDatabase();
  me = await createUser(db, { username: 'clicker' });
  await db.query(`
    create table public.orders (id integer generated always as identity, item text);
    create function public.place_order(p_item text, p_key text) returns integer
    language plpgsql security definer set search_path = '' as $$
    declare
      made integer := core.recall('test.place_order', p_key, jsonb_build_object('item', p_item)) -> 'id';
    begin
      if made is not null then
        return made;
      end if;
      insert into public.orders (item) values (p_item) returning id into made;
      perform core.remember('test.place_order', p_key, jsonb_build_object('item', p_item), jsonb_build_object('id', made));
      return made;
    end $$;
    grant usage on schema public to stoa_member;
    grant execute on function public.place_order(text, text) to stoa_member;
  `);
});

async function order(client: ClientBase, item: string, key: string | null): Promise<number | undefined> {
  const { rows } = await client.query<{ id: number }>('select public.place_order($1, $2) as id', [item, key]);
  return rows[0]?.id;
}

function place(item: string, key: string | null, userId = me): Promise<number | undefined> {
  return db.as({ role: 'stoa_member', userId }, (client) => order(client, item, key), { commit: true });
}

describe('a procedure that takes an idempotency key', () => {
  it('does its work once, however often and however parallel it is retried', async () => {
    const results = await Promise.all(Array.from({ length: 8 }, () => place('tea', 'key-1')));
    expect(new Set(results).size).toBe(1);
    const { rows } = await db.query("select count(*)::integer as made from public.orders where item = 'tea'");
    expect(rows).toEqual([{ made: 1 }]);
  });

  it('refuses the same key with other arguments', async () => {
    await place('milk', 'key-2');
    expect(await reasonOf(place('honey', 'key-2'))).toBe('idempotency.mismatch');
  });

  it('keeps the keys of two people apart', async () => {
    const other = await createUser(db, { username: 'namesake' });
    expect(await place('bread', 'key-3')).not.toBe(await place('bread', 'key-3', other));
  });

  it('works every time without a key', async () => {
    expect(await place('salt', null)).not.toBe(await place('salt', null));
  });

  it('forgets after a day', async () => {
    const first = await place('rice', 'key-4');
    await db.query(
      "update core.idempotency_keys set inserted_at = now() - interval '25 hours' where key = 'key-4'",
    );
    expect(await place('rice', 'key-4')).not.toBe(first);
  });
});
