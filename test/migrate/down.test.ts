import { describe, expect, it } from 'vitest';
import { markDisposable } from '../../src/migrate/disposable.ts';
import { migrateDown, migrateRedo } from '../../src/migrate/down.ts';
import { migrateReset } from '../../src/migrate/reset.ts';
import { migrationStatus } from '../../src/migrate/status.ts';
import { migrateUp } from '../../src/migrate/up.ts';
import { emptyDatabase, type Project, project, session } from './project.ts';

function threeMigrations({ migration }: Project): void {
  migration('core/20300101000000_a', 'create schema core;', 'drop schema core;');
  migration('core/20300102000000_b', 'create table core.b (id int);', 'drop table core.b;');
  migration('core/20300103000000_c', 'create table core.c (id int);', 'drop table core.c;');
}

describe('migrateDown', () => {
  it('undoes the last one, several, or everything after a named one, latest first', async () => {
    const files = project();
    const { root } = files;
    const databaseUrl = await emptyDatabase();
    threeMigrations(files);
    const options = { databaseUrl, root, isProduction: false };
    await migrateUp(options);
    expect((await migrateDown(options)).undone).toEqual(['20300103000000_c']);
    await migrateUp(options);
    expect((await migrateDown({ ...options, steps: 2 })).undone).toEqual([
      '20300103000000_c',
      '20300102000000_b',
    ]);
    await migrateUp(options);
    expect((await migrateDown({ ...options, to: 'a' })).undone).toEqual([
      '20300103000000_c',
      '20300102000000_b',
    ]);
    expect((await migrateDown({ ...options, steps: 5 })).undone).toEqual(['20300101000000_a']);
    expect((await migrateDown(options)).undone).toEqual([]);
    expect((await migrateUp(options)).applied).toHaveLength(3);
  });

  it('goes back in the order of application, not of the numbers', async () => {
    const { root, migration } = project();
    const databaseUrl = await emptyDatabase();
    migration('core/20300101000000_core', 'create schema core;', 'drop schema core;');
    migration('forums/20300102000000_forums', 'create schema forums;', 'drop schema forums;');
    migration('core/20300103000000_more', 'select 1;', 'select 1;');
    await migrateUp({ databaseUrl, root, modules: [] });
    await migrateUp({ databaseUrl, root });
    expect((await migrateDown({ databaseUrl, root, isProduction: false })).undone).toEqual([
      '20300102000000_forums',
    ]);
  });

  it('refuses before it undoes anything when one of them has no down section', async () => {
    const { root, migration } = project();
    const databaseUrl = await emptyDatabase();
    migration('core/20300101000000_a', 'create schema core;');
    migration('core/20300102000000_b', 'create table core.b (id int);', 'drop table core.b;');
    const options = { databaseUrl, root, isProduction: false };
    await migrateUp(options);
    await expect(migrateDown({ ...options, steps: 2 })).rejects.toMatchObject({
      code: 'migrate.irreversible',
    });
    expect((await migrationStatus(options)).counts.applied).toBe(2);
  });

  const losses: [string, string, string][] = [
    ['a table with rows', 'drop table core.kept;', 'table core.kept'],
    ['a column with values', 'alter table core.kept drop column value;', 'column core.kept.value'],
    ['rows by truncate', 'truncate core.kept;', 'rows of core.kept'],
    ['rows by a delete without condition', 'delete from core.kept;', 'rows of core.kept'],
    ['a schema with what is in it', 'drop schema core cascade;', 'a whole schema'],
  ];
  it.each(losses)('refuses to lose %s unless the database is disposable', async (_, down, what) => {
    const { root, migration } = project();
    const databaseUrl = await emptyDatabase();
    migration('core/20300101000000_a', 'create schema core; create table core.kept (id int, value text);');
    migration('core/20300102000000_b', 'select 1;', down);
    const options = { databaseUrl, root, isProduction: false };
    await migrateUp(options);
    const client = await session(databaseUrl);
    await client.query("insert into core.kept values (1, 'x')");

    await expect(migrateDown(options)).rejects.toMatchObject({
      code: 'migrate.not_disposable',
      message: expect.stringContaining(`would lose what is in ${what}`),
    });
    // A setting of the session is no mark.
    const url = new URL(databaseUrl);
    url.searchParams.set('options', '-c stoa.disposable=on');
    await expect(migrateDown({ ...options, databaseUrl: url.toString() })).rejects.toMatchObject({
      code: 'migrate.not_disposable',
    });
    await markDisposable(client, true);
    await expect(migrateDown({ ...options, isProduction: true })).rejects.toMatchObject({
      code: 'migrate.production',
    });
    expect((await migrateDown(options)).undone).toHaveLength(1);
  });

  it('lets an empty table go anywhere', async () => {
    const files = project();
    const { root } = files;
    const databaseUrl = await emptyDatabase();
    threeMigrations(files);
    await migrateUp({ databaseUrl, root });
    expect((await migrateDown({ databaseUrl, root, isProduction: true })).undone).toEqual([
      '20300103000000_c',
    ]);
  });
});

describe('migrateRedo', () => {
  it('applies the file as it is now, on a disposable database, and leaves what is pending alone', async () => {
    const files = project();
    const { root, migration } = files;
    const databaseUrl = await emptyDatabase();
    threeMigrations(files);
    const options = { databaseUrl, root, isProduction: false };
    await migrateUp(options);
    migration('core/20300103000000_c', 'create table core.c (id bigint);', 'drop table core.c;');
    migration('core/20300104000000_d', 'select 1;');
    await expect(migrateRedo(options)).rejects.toMatchObject({ code: 'migrate.edited' });

    await markDisposable(await session(databaseUrl), true);
    expect((await migrateRedo(options)).redone).toEqual(['20300103000000_c']);
    const { counts } = await migrationStatus(options);
    expect(counts).toMatchObject({ applied: 3, pending: 1, edited: 0 });
  });
});

describe('migrateReset', () => {
  it('is refused unless the database is disposable, and always in production', async () => {
    const files = project();
    const { root } = files;
    const databaseUrl = await emptyDatabase();
    threeMigrations(files);
    await migrateUp({ databaseUrl, root });
    await expect(migrateReset({ databaseUrl, root, isProduction: false })).rejects.toMatchObject({
      code: 'migrate.not_disposable',
      exitCode: 5,
    });
    const client = await session(databaseUrl);
    await markDisposable(client, true);
    await expect(migrateReset({ databaseUrl, root, isProduction: true })).rejects.toMatchObject({
      code: 'migrate.production',
    });
    await client.query('insert into core.b values (1); drop table core.c');
    expect((await migrateReset({ databaseUrl, root, isProduction: false })).applied).toHaveLength(3);
    expect((await client.query('select * from core.b')).rows).toEqual([]);

    await markDisposable(client, false);
    await expect(migrateReset({ databaseUrl, root, isProduction: false })).rejects.toMatchObject({
      code: 'migrate.not_disposable',
    });
  });
});
