import { describe, expect, inject, it } from 'vitest';
import { describeDifference } from '../../src/catalog/fingerprint.ts';
import { verifyMigrations } from '../../src/migrate/verify.ts';
import { project, session } from './project.ts';

async function scratchDatabases(): Promise<number> {
  const client = await session(inject('serverUrl'));
  const { rowCount } = await client.query("select from pg_database where datname like 'stoa\\_verify\\_%'");
  return rowCount ?? 0;
}

describe('verifyMigrations', () => {
  it('proves migrations that can be undone and done again, and leaves nothing behind', async () => {
    const { root, migration } = project();
    migration(
      'core/20300101000000_a',
      'create schema core; create table core.a (id int);',
      'drop table core.a; drop schema core;',
    );
    migration(
      'core/20300102000000_b',
      'create index concurrently a_id on core.a (id);',
      'drop index concurrently core.a_id;',
    );
    const result = await verifyMigrations({ adminUrl: inject('serverUrl'), root });
    expect(result).toMatchObject({ isProven: true, irreversible: [], faults: [] });
    expect(result.migrations.map(({ migration: name }) => name)).toEqual([
      '20300101000000_a',
      '20300102000000_b',
    ]);
    expect(await scratchDatabases()).toBe(0);
  });

  it('names what a down section forgot', async () => {
    const { root, migration } = project();
    migration(
      'core/20300101000000_a',
      'create schema core; create table core.a (id int);',
      'drop table core.a; drop schema core;',
    );
    migration(
      'core/20300102000000_b',
      'create or replace function core.f() returns int language sql return 1; alter table core.a alter column id set default 1;',
      'alter table core.a alter column id set default 2;',
    );
    const { isProven, migrations } = await verifyMigrations({ adminUrl: inject('serverUrl'), root });
    expect(isProven).toBe(false);
    expect(migrations[0]?.faults).toEqual([]);
    expect(migrations[1]?.faults.map(({ stage }) => stage)).toEqual(['down']);
    expect(migrations[1]?.faults[0]?.differences.map(describeDifference)).toEqual([
      'added column core.a.id'.replace('added', 'changed') +
        '\n    was: integer storage=p\n    is:  integer default=2 storage=p',
      'added function core.f()',
      'added grant function core.f() to public',
      'added grant function core.f() to stoa_owner',
    ]);
  });

  it('reports a down section that fails, and an up section that cannot run twice', async () => {
    const { root, migration } = project();
    migration(
      'core/20300101000000_a',
      'create schema core; create role stoa_verify_test;',
      'drop schema core;',
    );
    const client = await session(inject('serverUrl'));
    const { migrations, isProven } = await verifyMigrations({ adminUrl: inject('serverUrl'), root }).finally(
      () => client.query('drop role if exists stoa_verify_test'),
    );
    expect(isProven).toBe(false);
    expect(migrations.flatMap(({ faults }) => faults)).toMatchObject([
      { message: expect.stringContaining('SQLSTATE') },
    ]);
    expect(await scratchDatabases()).toBe(0);
  });

  it('says which ones cannot be undone', async () => {
    const { root, migration } = project();
    migration('core/20300101000000_a', 'create schema core;');
    expect(await verifyMigrations({ adminUrl: inject('serverUrl'), root })).toMatchObject({
      isProven: true,
      irreversible: ['20300101000000_a'],
    });
  });
});
