import { describe, expect, inject, it } from 'vitest';
import { refuseUnlessAsPlanned } from '../../../src/migrate/plan/bound.ts';
import { makePlan } from '../../../src/migrate/plan/make.ts';
import type { Plan, PlannedStatement } from '../../../src/migrate/plan/plan.ts';
import { tableSizes } from '../../../src/migrate/plan/sizes.ts';
import { migrateUp } from '../../../src/migrate/up.ts';
import { emptyDatabase, type Project, project, session } from '../project.ts';

const base = `
create schema core;
create schema parts;
create table core.users (id bigint primary key, name text);
create table core.posts (id bigint primary key, author_id bigint, title varchar(80), body text);
insert into core.posts select g, g, 'p', 'b' from generate_series(1, 500) as g;
create table core.events (at date not null) partition by range (at);
create table parts.events_2030 partition of core.events for values from ('2030-01-01') to ('2031-01-01');
create table core.old (id bigint primary key, user_id bigint references core.users (id));
create function core.rank() returns integer language sql return 1;
create function core.widen() returns void language sql as 'alter table core.posts alter column title type text';
create view core.titles as select id, title from core.posts;`;

async function target(pending: Readonly<Record<string, string>>): Promise<{ url: string; folder: Project }> {
  const url = await emptyDatabase();
  const folder = project();
  folder.migration('core/20300101000000_base', base, 'drop schema core cascade; drop schema parts cascade;');
  await migrateUp({ databaseUrl: url, root: folder.root });
  for (const [name, sql] of Object.entries(pending)) folder.migration(`core/${name}`, sql);
  return { url, folder };
}

const planFor = ({ url, folder }: { url: string; folder: Project }): Promise<Plan> =>
  makePlan({ databaseUrl: url, root: folder.root, adminUrl: inject('serverUrl'), sampleMs: 0 });

/** What others notice of each statement. */
const seen = ({ effect, locks, rewrites, scans, breaks }: PlannedStatement): unknown[] => [
  effect,
  locks.filter(({ mode }) => mode !== 'AccessShare').map(({ relation, mode }) => `${relation} ${mode}`),
  ...(rewrites.length > 0 ? [`rewrites ${rewrites}`] : []),
  ...(scans.length > 0 ? [`scans ${scans}`] : []),
  ...breaks,
];

describe('makePlan', () => {
  it('tells for each file what it changes for clients of the API, and for all of them together', async () => {
    const there = await target({
      '20300102000000_add': 'alter table core.posts add column language text;',
      '20300103000000_nothing': 'create index posts_id_idx on core.posts (id);',
      '20300104000000_drop': 'alter table core.posts drop column language, drop column body;',
    });
    // A schema of which a column is a line, in place of the API's: what is tested is who changed what.
    const plan = await makePlan({
      databaseUrl: there.url,
      root: there.folder.root,
      adminUrl: inject('serverUrl'),
      sampleMs: 0,
      readApi: async (url) => {
        const client = await session(url);
        const { rows } = await client.query<{ name: string }>(
          "select attname as name from pg_attribute where attrelid = 'core.posts'::regclass and attnum > 0 and not attisdropped",
        );
        await client.end();
        return rows.map(({ name }) => name).join(' ');
      },
      compareApi: (before, after) => {
        const [was, is] = [before.split(' '), after.split(' ')];
        return {
          breaking: was.filter((name) => !is.includes(name)),
          dangerous: [],
          added: is.filter((name) => !was.includes(name)),
        };
      },
    });
    expect(plan.migrations.map(({ api }) => api)).toEqual([
      { breaking: [], dangerous: [], added: ['language'] },
      { breaking: [], dangerous: [], added: [] },
      { breaking: ['body', 'language'], dangerous: [], added: [] },
    ]);
    expect(plan.api).toEqual({ breaking: ['body'], dangerous: [], added: [] });
    expect(plan.migrations.map(({ isBreaking }) => isBreaking)).toEqual([false, false, true]);
  });

  it('tells what each statement does, by doing it elsewhere', async () => {
    const there = await target({
      '20300102000000_change': `
alter table core.posts add column language text;
alter table core.posts add column token uuid default gen_random_uuid();
alter table core.posts alter column body set not null;
alter table core.posts rename column author_id to writer_id;
drop table core.old;
create or replace function core.rank() returns integer language sql return 2;
update core.posts set body = 'x' where id = 1;
create table core.fresh (id bigint primary key);
create index fresh_idx on core.fresh (id);`,
      '20300103000000_index': 'create index concurrently posts_title_idx on core.posts (title);',
    });
    const plan = await planFor(there);
    const [change, index] = plan.migrations;
    expect(change?.statements.map(seen)).toEqual([
      ['waits', ['core.posts AccessExclusive']],
      ['rewrites', ['core.posts AccessExclusive'], 'rewrites core.posts', 'scans core.posts'],
      [
        'scans',
        ['core.posts AccessExclusive'],
        'scans core.posts',
        'column core.posts.body must be given by whoever inserts',
      ],
      // The view has a column of its own and keeps working.
      ['waits', ['core.posts AccessExclusive'], 'column core.posts.author_id is called core.posts.writer_id'],
      // The dropped table itself, and the one that its foreign key points to.
      ['waits', ['core.old AccessExclusive', 'core.users AccessExclusive'], 'table core.old is gone'],
      ['instant', []],
      ['rows', ['core.posts RowExclusive']],
      ['instant', []],
      // Nobody uses a table that the run itself has made.
      ['instant', []],
    ]);
    expect(change?.statements[5]?.replaces).toEqual([{ kind: 'function', name: 'core.rank()' }]);
    expect(change).toMatchObject({
      isTransactional: true,
      isBreaking: true,
      retry: { unit: 'file', tries: 10 },
    });
    expect(index?.statements.map(seen)).toEqual([
      ['online', ['core.posts ShareUpdateExclusive'], 'scans core.posts'],
    ]);
    expect(index).toMatchObject({ isTransactional: false, isBreaking: false, retry: { unit: 'statement' } });
    expect(plan.drift).toEqual([]);
    expect(plan.tables['core.posts']?.bytes).toBeGreaterThan(8_192);

    const client = await session(there.url);
    const { rows } = await client.query("select to_regclass('core.old') is not null as is_there");
    expect(rows, 'the target is only read').toEqual([{ is_there: true }]);
  });

  it('sees what is done inside DO blocks and functions, and by a partition to its parent', async () => {
    const there = await target({
      '20300102000000_hidden': `
set local check_function_bodies = off;
do $$ begin execute 'alter table core.posts alter column body set not null'; end $$;
create view core.copies as select id from core.posts;
create table parts.events_2031 partition of core.events for values from ('2031-01-01') to ('2032-01-01');
drop view core.titles;
select core.widen();`,
    });
    const [hidden] = (await planFor(there)).migrations;
    expect(hidden?.statements.map(seen).slice(1)).toEqual([
      [
        'scans',
        ['core.posts AccessExclusive'],
        'scans core.posts',
        'column core.posts.body must be given by whoever inserts',
      ],
      ['instant', []],
      ['waits', ['core.events AccessExclusive']],
      ['waits', ['core.titles AccessExclusive'], 'view core.titles is gone'],
      ['waits', ['core.posts AccessExclusive'], 'column core.posts.title was character varying(80), is text'],
    ]);
  });

  it('stops at a statement that fails, with its place', async () => {
    const there = await target({
      '20300102000000_wrong': 'alter table core.posts add column a int,\n  drop column nope;',
    });
    await expect(planFor(there)).rejects.toMatchObject({
      code: 'migrate.plan_failed',
      message: expect.stringContaining('20300102000000_wrong.sql:5:1: column "nope"'),
    });
  });

  it('tells how the target differs from what its migrations make', async () => {
    const there = await target({ '20300102000000_more': 'alter table core.posts add column a int;' });
    const client = await session(there.url);
    await client.query('set role stoa_owner; alter table core.users add column by_hand text');
    expect((await planFor(there)).drift).toEqual([
      expect.objectContaining({ change: 'added', kind: 'column', identity: 'core.users.by_hand' }),
    ]);
  });
});

describe('migrateUp with a plan', () => {
  const pending = { '20300102000000_more': 'alter table core.posts add column language text;' };
  const up = ({ url, folder }: Awaited<ReturnType<typeof target>>, plan: Plan) =>
    migrateUp({ databaseUrl: url, root: folder.root, plan: JSON.parse(JSON.stringify(plan)) });

  it('applies what was planned, also on an empty database, and after the jobs have made partitions', async () => {
    const there = await target(pending);
    const plan = await planFor(there);
    const client = await session(there.url);
    await client.query(
      "create table parts.events_2031 partition of core.events for values from ('2031-01-01') to ('2032-01-01')",
    );
    expect(await up(there, plan)).toEqual({ applied: ['20300102000000_more'] });

    const fresh = { url: await emptyDatabase(), folder: there.folder };
    const { applied } = await up(fresh, await planFor(fresh));
    expect(applied).toEqual(['20300101000000_base', '20300102000000_more']);
  });

  it.each([
    ['a column', 'alter table core.users add column by_hand text', 'column core.users.by_hand was added'],
    [
      'a function',
      'create or replace function core.rank() returns integer language sql return 3',
      'function core.rank() was changed',
    ],
    ['a table that is gone', 'drop table core.old', 'table core.old was removed'],
  ])('refuses when the target has moved by %s, and applies nothing', async (_, sql, message) => {
    const there = await target(pending);
    const plan = await planFor(there);
    const client = await session(there.url);
    await client.query(`set role stoa_owner; ${sql}`);
    await expect(up(there, plan)).rejects.toMatchObject({
      code: 'migrate.plan_moved',
      exitCode: 5,
      message: expect.stringContaining(message),
    });
    const { rows } = await client.query(
      "select count(*)::integer as n from pg_attribute where attrelid = 'core.posts'::regclass and attname = 'language'",
    );
    expect(rows).toEqual([{ n: 0 }]);
  });

  it('refuses other files than those of the plan', async () => {
    const there = await target(pending);
    const plan = await planFor(there);
    there.folder.migration('core/20300102000000_more', 'alter table core.posts add column lang text;');
    await expect(up(there, plan)).rejects.toThrow('migrations/core/20300102000000_more.sql was edited');
    there.folder.migration('core/20300103000000_another', 'select 1;');
    await expect(up(there, plan)).rejects.toThrow(
      '20300103000000_another.sql is to be applied and is not in the plan',
    );
    there.folder.remove('migrations/core/20300103000000_another.sql');
    await migrateUp({ databaseUrl: there.url, root: there.folder.root });
    const client = await session(there.url);
    const moved = refuseUnlessAsPlanned(client, JSON.parse(JSON.stringify(plan)), []);
    await expect(moved).rejects.toThrow('migration 20300102000000_more was applied');
  });
});

describe('tableSizes', () => {
  it('adds up partitions, and tells how much is written and read in a minute', async () => {
    const { url } = await target({});
    const client = await session(url);
    const writer = await session(url);
    await client.query('analyze core.posts');
    // The server may look at a table that grows at any moment, and would then know how many rows it has.
    await client.query('alter table parts.events_2030 set (autovacuum_enabled = false)');
    let isOver = false;
    const measured = tableSizes(client, ['core.posts', 'core.events', 'core.nothing'], 1_000).finally(() => {
      isOver = true;
    });
    for (let day = 0; !isOver; day += 1) {
      await writer.query("insert into core.events select date '2030-01-01' + $1::integer", [day % 300]);
      await writer.query('select pg_stat_force_next_flush()');
      await writer.query('select 1');
    }
    const sizes = await measured;
    expect([...sizes.keys()].sort()).toEqual(['core.events', 'core.posts']);
    expect(sizes.get('core.posts')).toMatchObject({ rows: 500, writesPerMinute: 0 });
    expect(sizes.get('core.events')?.rows).toBeNull();
    expect(sizes.get('core.events')?.bytes).toBeGreaterThan(0);
    expect(sizes.get('core.events')?.writesPerMinute).toBeGreaterThan(0);
  });
});
