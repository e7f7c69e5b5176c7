import { beforeAll, describe, expect, it } from 'vitest';
import { moduleSchemas } from '../../src/catalog/schemas.ts';
import { type TestDatabase, testDatabase } from '../harness/index.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
});

const roles = [
  'stoa_anonymous',
  'stoa_member',
  'stoa_moderator',
  'stoa_admin',
  'stoa_auth',
  'stoa_tracker',
  'stoa_worker',
  'stoa_backup',
];

describe('the functions that a role may execute', () => {
  // Each role of the API has what the one before it has, so only what it has more is listed.
  it('are those of the reviewed list', async () => {
    const { rows } = await db.query<{ role: string; signature: string }>(
      `select distinct on (f.oid, is_api) r.name as role, f.oid::regprocedure::text as signature, r.place
       from pg_catalog.pg_proc as f
       cross join unnest($2::text[]) with ordinality as r (name, place)
       cross join lateral (select case when r.place <= 4 then 0 else r.place end as is_api) as kind
       where f.pronamespace::regnamespace::text = any ($1)
         and f.prorettype <> 'trigger'::regtype
         and has_function_privilege(r.name, f.oid, 'execute')
       order by f.oid, is_api, r.place`,
      [await moduleSchemas(db.pool), roles],
    );
    const lines = roles.flatMap((role) => [
      `${role}`,
      ...rows
        .filter((row) => row.role === role)
        .map(({ signature }) => `  ${signature}`)
        .sort(),
      '',
    ]);
    await expect(lines.join('\n')).toMatchFileSnapshot('executable-functions.txt');
  });

  it('are none for PUBLIC', async () => {
    const { rows } = await db.query(
      `select f.oid::regprocedure::text as signature
       from pg_catalog.pg_proc as f
       cross join lateral pg_catalog.aclexplode(coalesce(f.proacl, pg_catalog.acldefault('f', f.proowner))) as granted
       where f.pronamespace::regnamespace::text = any ($1)
         and granted.grantee = 0`,
      [await moduleSchemas(db.pool)],
    );
    expect(rows).toEqual([]);
  });

  it('have a pinned search path and a comment when they run as their owner', async () => {
    const { rows } = await db.query(
      `select f.oid::regprocedure::text as signature
       from pg_catalog.pg_proc as f
       where f.pronamespace::regnamespace::text = any ($1)
         and f.prosecdef
         and (
           not coalesce('search_path=""' = any (f.proconfig), false)
           or pg_catalog.obj_description(f.oid, 'pg_proc') is null
         )`,
      [await moduleSchemas(db.pool)],
    );
    expect(rows).toEqual([]);
  });
});
