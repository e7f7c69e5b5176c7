import { beforeAll, describe, expect, test } from 'vitest';
import { testDatabase } from '../../harness/index.ts';

const db = await testDatabase();

const roles = [
  'stoa_anonymous',
  'stoa_member',
  'stoa_moderator',
  'stoa_admin',
  'stoa_gateway',
  'stoa_auth',
  'stoa_worker',
] as const;

let tables: string[] = [];

beforeAll(async () => {
  const { rows } = await db.query<{ name: string }>(
    "select oid::regclass::text as name from pg_class where relnamespace = 'auth'::regnamespace and relkind in ('r', 'p')",
  );
  tables = rows.map(({ name }) => name);
});

describe('the tables of auth', () => {
  test('have row security and no policy, and no role of the run-time may touch one of them', async () => {
    expect(tables.length).toBeGreaterThanOrEqual(11);
    const { rows } = await db.query<{ open: string }>(
      `select format('%s may %s %s', role, privilege, t.oid::regclass) as open
       from pg_class t, unnest($1::text[]) as role, unnest('{SELECT,INSERT,UPDATE,DELETE,TRUNCATE}'::text[]) as privilege
       where t.relnamespace = 'auth'::regnamespace and t.relkind in ('r', 'p')
         and has_table_privilege(role, t.oid, privilege)
       union all
       select format('%s may %s %s.%s', role, privilege, a.attrelid::regclass, a.attname)
       from pg_attribute a join pg_class t on t.oid = a.attrelid,
         unnest($1::text[]) as role, unnest('{SELECT,INSERT,UPDATE}'::text[]) as privilege
       where t.relnamespace = 'auth'::regnamespace and t.relkind in ('r', 'p') and a.attnum > 0
         and has_column_privilege(role, a.attrelid, a.attnum, privilege)
       union all
       select format('%s has no row security', oid::regclass)
       from pg_class where relnamespace = 'auth'::regnamespace and relkind in ('r', 'p') and not relrowsecurity
       union all
       select format('%s has a policy', polrelid::regclass)
       from pg_policy join pg_class t on t.oid = polrelid where t.relnamespace = 'auth'::regnamespace`,
      [roles],
    );
    expect(rows).toEqual([]);
  });

  test.each(['stoa_anonymous', 'stoa_member', 'stoa_moderator', 'stoa_admin'] as const)(
    'answer %s, who asks through the gateway, with a refusal',
    async (role) => {
      for (const table of tables) {
        await expect(
          db.as({ role }, (client) => client.query(`select from ${table}`)),
          table,
        ).rejects.toMatchObject({ code: '42501' });
      }
    },
  );
});

describe('the functions of auth', () => {
  const mayCall = async (role: string): Promise<string[]> => {
    const { rows } = await db.query<{ name: string }>(
      `select proname as name from pg_proc
       where pronamespace = 'auth'::regnamespace and has_function_privilege($1, oid, 'EXECUTE')
       order by proname`,
      [role],
    );
    return rows.map(({ name }) => name);
  };
  const ofMembers = [
    'my_account',
    'my_sessions',
    'my_wallets',
    'revoke_all_sessions',
    'revoke_session',
    'set_primary_wallet',
    'unlink_wallet',
  ];

  test('that people call act on the caller’s own account, and take no account as argument', async () => {
    expect(await mayCall('stoa_anonymous')).toEqual([]);
    expect(await mayCall('stoa_member')).toEqual(ofMembers);
    expect(await mayCall('stoa_moderator')).toEqual(ofMembers);
    expect(await mayCall('stoa_admin')).toEqual(['admin_account', ...ofMembers]);
    const { rows } = await db.query(
      "select proname from pg_proc where pronamespace = 'auth'::regnamespace and proname = any($1) and 'p_user_id' = any(proargnames)",
      [ofMembers],
    );
    expect(rows).toEqual([]);
  });

  test('that the worker calls are the one that prepares a mail', async () => {
    expect(await mayCall('stoa_worker')).toEqual(['prepare_mail']);
  });

  test('that sign-in calls cannot be called by the gateway, whatever role it takes', async () => {
    const forSignIn = await mayCall('stoa_auth');
    expect(forSignIn).toContain('create_session');
    const forPeople = new Set(await mayCall('stoa_admin'));
    expect(forSignIn.filter((name) => forPeople.has(name))).toEqual([]);
    await expect(
      db.as({ role: 'stoa_admin' }, (client) => client.query("select * from auth.authenticate('\\x00')")),
    ).rejects.toMatchObject({ code: '42501' });
  });

  test('that make administrators belong to the owner alone', async () => {
    for (const role of roles) {
      const names = await mayCall(role);
      expect(names).not.toContain('create_administrator');
      expect(names).not.toContain('issue_password_link');
    }
  });
});

test('the login of sign-in can read nothing else: neither people nor the error registry', async () => {
  const client = await db.pool.connect();
  try {
    await client.query('set session authorization stoa_auth');
    for (const table of ['core.users', 'core.error_codes', 'auth.accounts']) {
      await expect(client.query(`select from ${table}`), table).rejects.toMatchObject({ code: '42501' });
    }
    for (const role of ['stoa_owner', 'stoa_member', 'stoa_admin']) {
      await expect(client.query(`set role ${role}`), role).rejects.toMatchObject({ code: '42501' });
    }
  } finally {
    await client.query('reset session authorization');
    client.release();
  }
});
