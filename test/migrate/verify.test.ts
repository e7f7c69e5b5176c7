import { randomBytes } from 'node:crypto';
import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { describeDifference } from '../../src/catalog/fingerprint.ts';
import { verifyMigrations } from '../../src/migrate/verify.ts';
import { connect } from '../../src/postgres/connect.ts';
import { project } from './project.ts';

/** A superuser of its own, so that the databases which it has left behind can be told from those of other tests. */
async function ownAdmin(): Promise<{ adminUrl: string; databases: () => Promise<number> }> {
  const role = `verifier_${randomBytes(4).toString('hex')}`;
  const client = await connect(inject('serverUrl'), 'test');
  await client.query(`create role ${role} superuser login password '${role}'`);
  onTestFinished(async () => {
    await client.query(`drop role ${role}`);
    await client.end();
  });
  const url = new URL(inject('serverUrl'));
  url.username = role;
  url.password = role;
  return {
    adminUrl: url.toString(),
    databases: async () =>
      (await client.query('select from pg_database where datdba = $1::regrole', [role])).rowCount ?? 0,
  };
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
    const { adminUrl, databases } = await ownAdmin();
    const steps: string[] = [];
    const result = await verifyMigrations({
      adminUrl,
      root,
      onStep: (done, count) => steps.push(`${done} of ${count}`),
    });
    expect(steps).toEqual(['1 of 6', '2 of 6', '3 of 6', '4 of 6', '5 of 6', '6 of 6']);
    expect(result).toMatchObject({ isProven: true, irreversible: [], faults: [] });
    expect(result.migrations.map(({ migration: name }) => name)).toEqual([
      '20300101000000_a',
      '20300102000000_b',
    ]);
    expect(await databases()).toBe(0);
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

  it('sees what a down section forgot although the one before it takes that away as well', async () => {
    const { root, migration } = project();
    migration('core/20300101000000_a', 'create schema core;', 'drop schema core cascade;');
    migration(
      'core/20300102000000_b',
      'create table core.b (id int); create index b_id on core.b (id); create table core.c ();',
      'drop table core.b;',
    );
    const { isProven, migrations } = await verifyMigrations({ adminUrl: inject('serverUrl'), root });
    expect(isProven).toBe(false);
    expect(migrations.map(({ faults }) => faults.map(({ stage }) => stage))).toEqual([
      [],
      ['down', 'up again'],
    ]);
    // Where only the ends are looked at, it is not seen.
    expect(await verifyMigrations({ adminUrl: inject('serverUrl'), root, looks: 'ends' })).toMatchObject({
      isProven: true,
    });
  });

  it('sees what an up section does otherwise the second time', async () => {
    const { root, migration } = project();
    migration(
      'core/20300101000000_a',
      `create schema core;
       do $$ begin
         if current_setting('stoa.was_here', true) = 'yes' then create table core.second (); end if;
         perform set_config('stoa.was_here', 'yes', false);
       end $$;`,
      'drop schema core cascade;',
    );
    for (const looks of ['each', 'ends'] as const) {
      const { isProven, migrations } = await verifyMigrations({
        adminUrl: inject('serverUrl'),
        root,
        looks,
      });
      expect(isProven).toBe(false);
      expect(migrations[0]?.faults.map(({ stage }) => stage)).toEqual(['up again']);
    }
  });

  it('reports a down section that fails, and cleans up all the same', async () => {
    const { root, migration } = project();
    const { adminUrl, databases } = await ownAdmin();
    migration('core/20300101000000_a', 'create schema core;', 'drop schema cor;');
    migration('core/20300102000000_b', 'select 1;', 'select 1;');
    const { migrations, isProven } = await verifyMigrations({ adminUrl, root });
    expect(isProven).toBe(false);
    expect(migrations).toMatchObject([
      {
        faults: [
          { stage: 'down', message: expect.stringContaining('20300101000000_a.sql:9:1: schema "cor"') },
        ],
      },
    ]);
    expect(await databases()).toBe(0);
  });

  it('reports an up section that cannot run a second time', async () => {
    const { root, migration } = project();
    migration('core/20300101000000_a', 'create schema core; create schema social;', 'drop schema core;');
    const { migrations } = await verifyMigrations({ adminUrl: inject('serverUrl'), root });
    expect(migrations[0]?.faults.map(({ stage }) => stage)).toEqual(['down', 'up again']);
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
