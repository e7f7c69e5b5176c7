import { beforeAll, describe, expect, it } from 'vitest';
import { connect } from '../../src/postgres/connect.ts';
import { type RequestRole, type TestDatabase, testDatabase } from '../harness/index.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
});

const apiRoles: readonly RequestRole[] = ['stoa_anonymous', 'stoa_member', 'stoa_moderator', 'stoa_admin'];

/** What a role may name things in. */
async function usableSchemas(role: string): Promise<readonly string[]> {
  const { rows } = await db.query<{ name: string }>(
    `select nspname::text as name
     from pg_catalog.pg_namespace
     where nspname !~ '^(pg_|information_schema)' and has_schema_privilege($1, oid, 'usage')
     order by 1`,
    [role],
  );
  return rows.map(({ name }) => name);
}

const readByTheApi = [
  'audit',
  'core',
  'extensions',
  'forums',
  'governance',
  'groups',
  'insight',
  'ledger',
  'media',
  'moderation',
  'notifications',
  'social',
  'workspace',
  'tracker',
];
const readByMembers = ['auth', 'messaging'];

describe('a role', () => {
  it.each([
    ['stoa_anonymous', readByTheApi],
    ['stoa_member', [...readByTheApi, ...readByMembers]],
    ['stoa_moderator', [...readByTheApi, ...readByMembers]],
    ['stoa_admin', [...readByTheApi, ...readByMembers]],
    ['stoa_gateway', []],
    ['stoa_auth', ['auth', 'core', 'extensions', 'ops']],
    ['stoa_media', ['media']],
    ['stoa_tracker', ['tracker']],
  ])('%s can name things in the schemas meant for it', async (role, schemas) => {
    expect(await usableSchemas(role)).toEqual([...schemas].sort());
  });

  it.each([
    ...apiRoles,
    'stoa_gateway',
    'stoa_auth',
    'stoa_media',
    'stoa_tracker',
    'stoa_worker',
    'stoa_backup',
  ])('%s can make nothing in any schema but its own queue', async (role) => {
    const { rows } = await db.query(
      `select nspname::text as name
         from pg_catalog.pg_namespace
         where nspname !~ '^pg_(temp|toast)' and has_schema_privilege($1, oid, 'create')
           and not ($1 = 'stoa_worker' and nspname = 'graphile_worker')`,
      [role],
    );
    expect(rows).toEqual([]);
  });

  it.each([
    ...apiRoles,
    'stoa_gateway',
    'stoa_auth',
    'stoa_media',
    'stoa_tracker',
    'stoa_worker',
    'stoa_backup',
    'stoa_migrator',
    'stoa_owner',
  ])('%s is no superuser and makes no roles', async (role) => {
    const { rows } = await db.query(
      `select rolsuper or rolcreaterole or rolcreatedb as is_mighty from pg_catalog.pg_roles where rolname = $1`,
      [role],
    );
    expect(rows).toEqual([{ is_mighty: false }]);
  });

  it('goes past row-level security only when it is the worker or takes backups', async () => {
    const { rows } = await db.query(
      `select rolname::text as name from pg_catalog.pg_roles where rolname ~ '^stoa_' and rolbypassrls order by 1`,
    );
    expect(rows.map(({ name }) => name)).toEqual(['stoa_backup', 'stoa_worker']);
  });
});

describe('the login for backups', () => {
  it('reads every row of every table, and writes none', async () => {
    const asOwner = await db.query('select count(*) from ops.backup_tiers');
    const client = await connect(db.urlFor('stoa_backup'), 'test backup');
    try {
      await client.query('set row_security = off');
      expect((await client.query('select count(*) from ops.backup_tiers')).rows).toEqual(asOwner.rows);
      await expect(client.query('delete from ops.backup_tiers')).rejects.toMatchObject({ code: '42501' });
    } finally {
      await client.end();
    }
  });
});

describe('the sign-in login', () => {
  it('may read and write no table', async () => {
    const { rows } = await db.query(
      `select c.oid::regclass::text as name
       from pg_catalog.pg_class as c
       where c.relnamespace::regnamespace::text = any ($1)
         and c.relkind in ('r', 'p', 'v')
         and (
           has_table_privilege('stoa_auth', c.oid, 'select, insert, update, delete')
           or has_any_column_privilege('stoa_auth', c.oid, 'select, insert, update')
         )`,
      [[...readByTheApi, 'auth', 'ops', 'parts', 'graphile_worker']],
    );
    expect(rows).toEqual([]);
  });
});

describe('the gateway', () => {
  it('owns nothing and may read nothing before it has become somebody', async () => {
    const { rows } = await db.query(
      `select c.oid::regclass::text as name
       from pg_catalog.pg_class as c
       where c.relnamespace::regnamespace::text = any ($1)
         and c.relkind in ('r', 'p', 'v')
         and (
           has_table_privilege('stoa_gateway', c.oid, 'select, insert, update, delete')
           or c.relowner = 'stoa_gateway'::regrole
         )`,
      [[...readByTheApi, 'auth', 'ops', 'parts', 'graphile_worker']],
    );
    expect(rows).toEqual([]);
  });

  it.each([
    'stoa_owner',
    'stoa_migrator',
    'stoa_worker',
    'stoa_auth',
    'stoa_tracker',
    'stoa_backup',
    'postgres',
  ])('cannot become %s', async (role) => {
    const client = await db.pool.connect();
    try {
      await client.query('set session authorization stoa_gateway');
      await expect(client.query(`set role ${role}`)).rejects.toMatchObject({ code: '42501' });
    } finally {
      await client.query('reset session authorization');
      client.release();
    }
  });
});

describe('a partition', () => {
  it('cannot be read or written by a role of the API, whatever its policies would say', async () => {
    const { rows: partitions } = await db.query<{ name: string }>(
      `select c.oid::regclass::text as name
       from pg_catalog.pg_class as c
       where c.relispartition and c.relkind in ('r', 'p')
       order by 1`,
    );
    expect(partitions.length).toBeGreaterThan(2);
    expect(partitions.filter(({ name }) => !name.startsWith('parts.'))).toEqual([]);

    const reached: string[] = [];
    for (const role of apiRoles) {
      await db.as({ role }, async (client) => {
        for (const { name } of partitions) {
          for (const statement of [
            `select from ${name}`,
            `insert into ${name} default values`,
            `delete from ${name}`,
          ]) {
            await client.query('savepoint before');
            const answer = await client.query(statement).then(
              () => 'done',
              (error: { code?: string }) => error.code,
            );
            await client.query('rollback to before');
            if (answer !== '42501') reached.push(`${role}: ${statement}: ${answer}`);
          }
        }
      });
    }
    expect(reached).toEqual([]);
  });

  it('has row-level security of its own, in case somebody grants it one day', async () => {
    const { rows } = await db.query(
      `select c.oid::regclass::text as name from pg_catalog.pg_class as c
       where c.relispartition and c.relkind in ('r', 'p') and not c.relrowsecurity`,
    );
    expect(rows).toEqual([]);
  });
});

describe('the job queue', () => {
  it('cannot be read by a role of the API or by the sign-in login', async () => {
    for (const role of [...apiRoles, 'stoa_auth', 'stoa_tracker', 'stoa_gateway']) {
      expect(await usableSchemas(role)).not.toContain('graphile_worker');
    }
  });
});
