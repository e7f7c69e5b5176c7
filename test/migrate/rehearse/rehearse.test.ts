import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { copyByRows, copyByTemplate } from '../../../src/migrate/rehearse/copy.ts';
import { rehearsalPage } from '../../../src/migrate/rehearse/page.ts';
import { readRehearsal } from '../../../src/migrate/rehearse/read.ts';
import { rehearse } from '../../../src/migrate/rehearse/rehearse.ts';
import { longestStall, type RehearsalReport } from '../../../src/migrate/rehearse/report.ts';
import { migrateUp } from '../../../src/migrate/up.ts';
import { withDatabase } from '../../../src/postgres/connect.ts';
import { createUser, type TestDatabase, testDatabase } from '../../harness/index.ts';
import { type Checkout, checkout } from '../backfill/checkout.ts';
import { session } from '../project.ts';

let db: TestDatabase;
/** Nobody is connected to it. */
let own: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
  own = await testDatabase();
  // No migration made this one: a copy of the rows is without it.
  await db.query(`
    create table core.probe (id integer primary key, word text);
    alter table core.probe owner to stoa_owner;
    insert into core.probe select n, 'word ' || n from generate_series(1, 50) as n`);
  await createUser(db, { username: 'anna_holm' });
  await db.query("select audit.record('rehearse', 'test')");
});

const adminUrl = (): string => withDatabase(db.url, 'postgres');

async function rehearsed(place: Checkout): Promise<RehearsalReport> {
  const options = { databaseUrl: db.url, adminUrl: adminUrl(), root: place.root };
  return rehearse({ ...options, from: 'rows', makeCopy: () => copyByRows(options) });
}

describe('a rehearsal', () => {
  it('tells that a writer waits for the lock of a plain index build, and for that of its concurrent twin does not', async () => {
    const place = checkout();
    // The table and its rows as a migration, so that the copy has them; the index waits for a lock that the test holds.
    place.write(
      'migrations/core/20300101000000_table.sql',
      `-- Up Migration
       create table core.rehearsed (id integer primary key);
       insert into core.rehearsed select generate_series(1, 10);
       create function core.gated(p_key integer, p_id integer) returns integer language plpgsql immutable as
         $$ begin perform pg_advisory_lock_shared(p_key), pg_advisory_unlock_shared(p_key); return p_id; end $$;
       create table core.gate (name text primary key);`,
    );
    place.write(
      'migrations/core/20300102000000_plain.sql',
      '-- Up Migration\ncreate index rehearsed_plain_idx on core.rehearsed (core.gated(7, id));\n',
    );
    place.write(
      'migrations/core/20300103000000_twin.sql',
      '-- Up Migration\ncreate index concurrently rehearsed_twin_idx on core.rehearsed (core.gated(8, id));\n',
    );
    await migrateUp({ databaseUrl: own.url, root: place.root, to: '20300101000000' });

    const options = { databaseUrl: own.url, adminUrl: adminUrl(), root: place.root };
    let copyUrl = '';
    let gate: Awaited<ReturnType<typeof session>> | undefined;
    const work = rehearse({
      ...options,
      from: 'template',
      makeCopy: async () => {
        const copy = await copyByTemplate(options);
        copyUrl = copy.url;
        gate = await session(copy.url, 'gate');
        await gate.query('select pg_advisory_lock(7), pg_advisory_lock(8)');
        return copy;
      },
    });
    const waiting = async (query: RegExp): Promise<boolean> => {
      const { rows } = await db.query<{ application_name: string; query: string }>(
        `select application_name, query from pg_stat_activity
         where wait_event_type = 'Lock' and datname like 'stoa_rehearse_%'`,
      );
      return rows.some((row) => query.test(`${row.application_name}: ${row.query}`));
    };
    await expect.poll(() => waiting(/create index rehearsed_plain_idx/)).toBe(true);
    await expect.poll(() => waiting(/writer of core\.rehearsed/)).toBe(true);
    expect(await waiting(/reader of core\.rehearsed/)).toBe(false);
    const seen = performance.now();
    await db.query('select pg_sleep(0.05)');
    const heldMs = performance.now() - seen;
    await gate?.query('select pg_advisory_unlock(7)');

    await expect.poll(() => waiting(/create index concurrently rehearsed_twin_idx/)).toBe(true);
    const onlooker = await session(copyUrl);
    const written = async (): Promise<unknown> =>
      (await onlooker.query('update core.rehearsed set id = id where id = 1 returning id')).rows;
    // The lock of the concurrent build lets a writer pass while the build stands.
    expect(await written()).toEqual([{ id: 1 }]);
    expect(await waiting(/writer of core\.rehearsed/)).toBe(false);
    await gate?.query('select pg_advisory_unlock(8)');
    // The copy is dropped with whoever is connected to it.
    for (const client of [gate, onlooker]) client?.on('error', () => undefined);
    const { migrations, probed, failure } = await work;

    expect(failure).toBeNull();
    expect(probed).toMatchObject([{ table: 'core.rehearsed', writesBy: 'row' }]);
    expect(migrations.map(({ statements }) => statements.map(({ kind }) => kind))).toEqual([
      ['create index'],
      ['create index concurrently'],
    ]);
    const [plain] = migrations;
    expect(plain?.writerStall).toMatchObject({ table: 'core.rehearsed' });
    expect(plain?.statements[0]?.writerStall?.ms).toBeGreaterThan(heldMs);
  });

  it('works on a copy of the rows, leaves the database as it was, and binds a run to what was rehearsed', async () => {
    const place = checkout();
    place.write(
      'migrations/core/20300102000000_probe.sql',
      `-- Up Migration
create table core.counted as select count(*) as people from core.users;
do $$ begin
  if not exists (select from core.users where username = 'anna_holm') then raise 'nobody was copied'; end if;
  if not exists (select from audit.logs where action = 'rehearse') then raise 'no partition was copied'; end if;
  insert into core.users (username) values ('berit_ek');
end $$;
`,
    );
    const report = await rehearsed(place);
    expect(report).toMatchObject({
      failure: null,
      copy: { from: 'rows' },
      migrations: [
        { name: '20300102000000_probe', statements: [{ kind: 'create table', line: 2 }, { kind: 'do' }] },
      ],
    });
    expect(report.probed.map(({ table }) => table)).toEqual(['core.users']);
    expect((await db.query("select to_regclass('core.counted') as made")).rows).toEqual([{ made: null }]);
    const page = rehearsalPage(report);
    expect(page).toContain('create table core.counted as select count(*) as people from core.users');
    expect(page).toContain('on a copy of its rows');

    const file = join(place.root, 'rehearsal.json');
    place.write('rehearsal.json', JSON.stringify(report));
    const plan = await readRehearsal(file);
    place.write('migrations/core/20300103000000_more.sql', '-- Up Migration\nselect 1;\n');
    await expect(migrateUp({ databaseUrl: db.url, root: place.root, plan })).rejects.toMatchObject({
      code: 'migrate.plan_moved',
      message: expect.stringContaining('20300103000000_more.sql is to be applied and is not in the plan'),
    });
  });

  it('that fails tells why, and no run is bound to it', async () => {
    const place = checkout();
    place.write(
      'migrations/core/20300102000000_strict.sql',
      "-- Up Migration\nalter table core.users add column initial text check (initial = 'x') default 'y';\n",
    );
    const report = await rehearsed(place);
    expect(report.failure).toContain('is violated by some row');
    expect(report.migrations).toMatchObject([{ elapsedMs: null }]);
    expect(rehearsalPage(report)).toContain('It failed');
    place.write('rehearsal.json', JSON.stringify(report));
    await expect(readRehearsal(join(place.root, 'rehearsal.json'))).rejects.toMatchObject({
      code: 'rehearse.failed',
    });
  });
});

describe('a stall', () => {
  const span = (begun: number, ended: number) => ({ table: 'core.users', begun, ended });

  it('is the longest part of one operation that lies in the time of the statement', () => {
    const spans = [span(0, 4), span(5, 30), span(31, 34)];
    expect(longestStall(spans, { begun: 3, ended: 20 })).toEqual({ ms: 15, table: 'core.users' });
    expect(longestStall(spans, { begun: 31, ended: 50 })).toEqual({ ms: 3, table: 'core.users' });
    expect(longestStall(spans, { begun: 40, ended: 50 })).toBeNull();
  });
});
