import { beforeAll, describe, expect, it } from 'vitest';
import { type TestDatabase, testDatabase } from '../../harness/index.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
});

async function value<Type>(expression: string, values: readonly unknown[] = []): Promise<Type> {
  const { rows } = await db.query<{ value: Type }>(`select ${expression} as value`, values);
  const [row] = rows;
  if (row === undefined) throw new Error('no row');
  return row.value;
}

describe('core.uuidv7', () => {
  it('is of version 7 and of the RFC variant', async () => {
    const id = await value<string>('core.uuidv7()');
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  it('tells the time at which it was made, to the millisecond', async () => {
    const { rows } = await db.query<{ is_near: boolean }>(`
      select core.uuidv7_time(id) between moment - interval '2 milliseconds' and clock_timestamp() as is_near
      from (select clock_timestamp() as moment, core.uuidv7() as id) as made
    `);
    expect(rows).toEqual([{ is_near: true }]);
  });

  it('gives ids that rise with time, also within one statement', async () => {
    const { rows } = await db.query<{ is_rising: boolean }>(`
      with made as materialized (
        select number, core.uuidv7() as id
        from generate_series(1, 2000) as number
        cross join lateral (select pg_sleep(0.0001) where number % 100 = 0 union all select null limit 1) as pause
      )
      select bool_and(core.uuidv7_time(id) >= core.uuidv7_time(earlier)) as is_rising
      from (select id, lag(id) over (order by number) as earlier from made) as pairs
      where earlier is not null
    `);
    expect(rows).toEqual([{ is_rising: true }]);
  });

  it('gives no id twice', async () => {
    expect(
      await value<string>('(select count(distinct core.uuidv7()) from generate_series(1, 20000))::integer'),
    ).toBe(20000);
  });
});

describe('core.uuidv7_floor', () => {
  it.each([
    '1970-01-01T00:00:00.000Z',
    '2000-02-29T12:34:56.789Z',
    '2026-11-30T23:59:59.999Z',
    '2999-12-31T23:59:59.999Z',
  ])('goes there and back with uuidv7_time at %s', async (moment) => {
    const back = await value<Date>('core.uuidv7_time(core.uuidv7_floor($1))', [moment]);
    expect(back.toISOString()).toBe(moment);
  });

  it.each([
    ['infinity', 'ffffffff-ffff-7000-8000-000000000000'],
    ['20000-01-01', 'ffffffff-ffff-7000-8000-000000000000'],
    ['1969-12-31', '00000000-0000-7000-8000-000000000000'],
    ['-infinity', '00000000-0000-7000-8000-000000000000'],
  ])('keeps to the ends of the range at %s', async (moment, floor) => {
    expect(await value<string>('core.uuidv7_floor($1::timestamptz)', [moment])).toBe(floor);
  });

  it('is not above any id of its millisecond, and above every id of the one before', async () => {
    const { rows } = await db.query<{ is_floor: boolean; is_above: boolean }>(`
      select
        bool_and(id >= core.uuidv7_floor(core.uuidv7_time(id))) as is_floor,
        bool_and(id < core.uuidv7_floor(core.uuidv7_time(id) + interval '1 millisecond')) as is_above
      from (select core.uuidv7() as id from generate_series(1, 5000)) as made
    `);
    expect(rows).toEqual([{ is_floor: true, is_above: true }]);
  });

  it('is the same whatever the time zone of the session', async () => {
    const client = await db.pool.connect();
    try {
      const floors = new Set<string>();
      for (const zone of ['UTC', 'Asia/Kathmandu', 'America/St_Johns']) {
        await client.query(`set time zone '${zone}'`);
        const { rows } = await client.query<{ floor: string }>(
          "select core.uuidv7_floor('2026-11-01T00:00:00Z') as floor",
        );
        for (const row of rows) floors.add(row.floor);
      }
      expect(floors.size).toBe(1);
    } finally {
      await client.query('reset time zone');
      client.release();
    }
  });
});

describe('core.member_tag', () => {
  it.each([
    [1, '#0001'],
    [9999, '#9999'],
    [12345, '#12345'],
  ])('writes %i as %s', async (number, tag) => {
    expect(await value('core.member_tag($1)', [number])).toBe(tag);
  });
});
