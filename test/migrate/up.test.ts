import { describe, expect, it } from 'vitest';
import { loadMigrations } from '../../src/migrate/load.ts';
import { lockReleases } from '../../src/migrate/released.ts';
import { migrationStatus } from '../../src/migrate/status.ts';
import { migrateUp, planUp } from '../../src/migrate/up.ts';
import { modules } from '../../src/modules.ts';
import { EventLog, emptyDatabase, project, session } from './project.ts';

async function ledger(url: string): Promise<unknown[]> {
  const client = await session(url);
  const { rows } = await client.query(
    'select version, name, kind, transactional, reversible from ops.schema_migrations order by applied_at, version',
  );
  return rows;
}

describe('migrateUp', () => {
  it('applies every file once, in the order of all modules, as stoa_owner, and records it', async () => {
    const { root, migration } = project();
    const databaseUrl = await emptyDatabase();
    migration(
      'core/20300101000000_schema',
      'create schema core; create table core.a (id int);',
      'drop schema core;',
    );
    migration('social/20300102000000_schema', 'create schema social; create table social.b (id int);');
    migration(
      'core/20300103000000_rows',
      'insert into core.a select 1 from social.b;',
      'delete from core.a;',
    );

    const first = await migrateUp({ databaseUrl, root });
    expect(first.applied).toEqual(['20300101000000_schema', '20300102000000_schema', '20300103000000_rows']);
    expect((await migrateUp({ databaseUrl, root })).applied).toEqual([]);

    expect(await ledger(databaseUrl)).toEqual([
      { version: '20300101000000', name: 'schema', kind: 'schema', transactional: true, reversible: true },
      { version: '20300102000000', name: 'schema', kind: 'schema', transactional: true, reversible: false },
      { version: '20300103000000', name: 'rows', kind: 'data', transactional: true, reversible: true },
    ]);
    const client = await session(databaseUrl);
    const { rows } = await client.query(
      "select tableowner from pg_tables where schemaname in ('core', 'social')",
    );
    expect(rows).toEqual([{ tableowner: 'stoa_owner' }, { tableowner: 'stoa_owner' }]);
  });

  it('works for a login that is only a member of the owner', async () => {
    const { root, migration } = project();
    const databaseUrl = await emptyDatabase();
    migration('core/20300101000000_schema', 'create schema core;');
    const client = await session(databaseUrl);
    await client.query("alter role stoa_migrator password 'stoa-test'");
    const url = new URL(databaseUrl);
    url.username = 'stoa_migrator';
    url.password = 'stoa-test';
    expect((await migrateUp({ databaseUrl: url.toString(), root })).applied).toHaveLength(1);
    const { rows } = await client.query('select applied_by from ops.schema_migrations');
    expect(rows).toEqual([{ applied_by: 'stoa_migrator' }]);
  });

  it('installs the job queue as the worker', async () => {
    const databaseUrl = await emptyDatabase();
    await migrateUp({ databaseUrl, root: project().root });
    const client = await session(databaseUrl);
    const { rows } = await client.query(
      "select distinct tableowner from pg_tables where schemaname = 'graphile_worker'",
    );
    expect(rows).toEqual([{ tableowner: 'stoa_worker' }]);
  });

  it('keeps nothing of a file that fails, and shows file, line, column and a caret', async () => {
    const { root, migration } = project();
    const databaseUrl = await emptyDatabase();
    migration('core/20300101000000_good', 'create schema core;');
    migration(
      'core/20300102000000_bad',
      "create table core.a (id int);\n-- æøå\nselect 'æ', 1,\n       missing, 2;",
    );
    await expect(migrateUp({ databaseUrl, root })).rejects.toThrow(
      [
        'migrations/core/20300102000000_bad.sql:8:8: column "missing" does not exist (SQLSTATE 42703)',
        '8 |        missing, 2',
        '  |        ^',
      ].join('\n'),
    );
    const client = await session(databaseUrl);
    const { rows } = await client.query("select to_regclass('core.a') as a");
    expect(rows).toEqual([{ a: null }]);
    expect(await ledger(databaseUrl)).toHaveLength(1);
  });

  it('sends nothing at all when a later file cannot be parsed', async () => {
    const { root, migration } = project();
    const databaseUrl = await emptyDatabase();
    migration('core/20300101000000_good', 'create schema core;');
    migration('core/20300102000000_bad', 'creat table core.a (id int);');
    await expect(migrateUp({ databaseUrl, root })).rejects.toMatchObject({ code: 'migrate.syntax' });
    expect(await ledger(databaseUrl)).toEqual([]);
  });

  it('forgets what a file has set locally before the next one', async () => {
    const { root, migration } = project();
    const databaseUrl = await emptyDatabase();
    migration(
      'core/20300101000000_a',
      "create schema core; set local work_mem = '77MB'; set local lock_timeout = 1234;",
    );
    migration(
      'core/20300102000000_b',
      "create table core.seen as select current_setting('work_mem') as memory, current_setting('lock_timeout') as lock;",
    );
    await migrateUp({ databaseUrl, root });
    const client = await session(databaseUrl);
    const { rows } = await client.query('select * from core.seen');
    expect(rows).toEqual([{ memory: expect.not.stringMatching('77MB'), lock: '2s' }]);
  });

  it('tells of each statement before and after it', async () => {
    const { root, migration } = project();
    const databaseUrl = await emptyDatabase();
    migration('core/20300101000000_a', 'create schema core;\n\ncreate table core.a (id int);');
    const log = new EventLog();
    await migrateUp({ databaseUrl, root, onEvent: log.listen });
    expect(log.events.map(({ type }) => type)).toEqual([
      'migration',
      'statement',
      'statementDone',
      'statement',
      'statementDone',
      'migrationDone',
    ]);
    expect(log.of('statement')[1]?.place).toEqual({
      migration: '20300101000000_a',
      direction: 'up',
      statement: 2,
      statements: 2,
      kind: 'create table',
      line: 7,
    });
  });

  it('stops where it is told to', async () => {
    const { root, migration } = project();
    const databaseUrl = await emptyDatabase();
    migration('core/20300101000000_a', 'create schema core;');
    migration('core/20300102000000_b', 'select 1;');
    migration('core/20300103000000_c', 'select 1;');
    migration('core/20300104000000_d', 'select 1;');
    expect((await migrateUp({ databaseUrl, root, steps: 1 })).applied).toEqual(['20300101000000_a']);
    expect((await migrateUp({ databaseUrl, root, to: 'c' })).applied).toHaveLength(2);
    await expect(migrateUp({ databaseUrl, root, to: 'z' })).rejects.toMatchObject({
      code: 'migrate.unknown',
    });
  });
});

describe('modules', () => {
  it('can be chosen later, though their files sort before applied ones', async () => {
    const { root, migration } = project();
    const databaseUrl = await emptyDatabase();
    migration('core/20300101000000_core', 'create schema core;');
    migration('forums/20300102000000_forums', 'create schema forums;');
    migration('core/20300103000000_more', 'select 1;');
    await migrateUp({ databaseUrl, root, modules: [] });
    expect((await migrateUp({ databaseUrl, root, modules: ['forums'] })).applied).toEqual([
      '20300102000000_forums',
    ]);
    expect((await migrationStatus({ databaseUrl, root, modules: [] })).isCurrent).toBe(true);
  });

  it('refuses a file that appears inside a module before one that is applied', async () => {
    const { root, migration } = project();
    const databaseUrl = await emptyDatabase();
    migration('core/20300101000000_a', 'create schema core;');
    migration('core/20300103000000_c', 'select 1;');
    await migrateUp({ databaseUrl, root });
    migration('core/20300102000000_b', 'select 1;');
    await expect(migrateUp({ databaseUrl, root })).rejects.toMatchObject({ code: 'migrate.order' });
  });
});

describe('history', () => {
  it('refuses a file that was edited after it was applied', async () => {
    const { root, migration } = project();
    const databaseUrl = await emptyDatabase();
    migration('core/20300101000000_a', 'create schema core;', 'drop schema core;');
    await migrateUp({ databaseUrl, root });
    migration('core/20300101000000_a', 'create schema core; select 1;', 'drop schema core;');
    await expect(migrateUp({ databaseUrl, root })).rejects.toMatchObject({
      code: 'migrate.edited',
      message: expect.stringContaining(
        'migrations/core/20300101000000_a.sql was edited after it was applied',
      ),
    });
    expect((await migrationStatus({ databaseUrl, root })).counts.edited).toBe(1);
  });

  it('refuses when the file of an applied migration is gone', async () => {
    const { root, migration, remove } = project();
    const databaseUrl = await emptyDatabase();
    migration('core/20300101000000_a', 'create schema core;');
    await migrateUp({ databaseUrl, root });
    remove('migrations/core/20300101000000_a.sql');
    await expect(migrateUp({ databaseUrl, root })).rejects.toThrow(
      '20300101000000_a is applied to this database',
    );
    expect((await migrationStatus({ databaseUrl, root })).counts.missing).toBe(1);
  });

  it('refuses a released file that was edited, before it asks any database', async () => {
    const { root, migration } = project();
    migration('core/20300101000000_a', 'create schema core;');
    expect(await lockReleases(root, await loadMigrations(root, modules))).toEqual([
      'migrations/core/20300101000000_a.sql',
    ]);
    expect(await lockReleases(root, await loadMigrations(root, modules))).toEqual([]);
    migration('core/20300101000000_a', 'create schema core; select 1;');
    await expect(
      migrateUp({ databaseUrl: 'postgres://nobody@127.0.0.1:1/none', root }),
    ).rejects.toMatchObject({
      code: 'migrate.edited',
    });
  });

  it('explains a lock file with the marks of a merge conflict', async () => {
    const { root, write } = project();
    write('migrations/migrations.lock', '# lock\n<<<<<<< HEAD\n');
    await expect(migrateUp({ databaseUrl: 'postgres://nobody@127.0.0.1:1/none', root })).rejects.toThrow(
      'migrations.lock:2 cannot be read',
    );
  });
});

describe('planUp', () => {
  it('answers with the statements and writes nothing, not even its own tables', async () => {
    const { root, migration } = project();
    const databaseUrl = await emptyDatabase();
    migration('core/20300101000000_a', 'create schema core; create table core.a (id int);');
    const [step] = await planUp({ databaseUrl, root });
    expect(step?.statements.map(({ text }) => text)).toEqual([
      'create schema core',
      'create table core.a (id int)',
    ]);
    const client = await session(databaseUrl);
    const { rows } = await client.query(
      "select to_regnamespace('ops') as ops, to_regnamespace('core') as core",
    );
    expect(rows).toEqual([{ ops: null, core: null }]);
  });
});
