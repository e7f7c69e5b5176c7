import { beforeAll, expect, inject, it } from 'vitest';
import { migrateUp } from '../../../src/migrate/index.ts';
import { prepareDatabase } from '../../../src/postgres/prepare.ts';
import { loginRoles } from '../../../src/postgres/roles.ts';
import { type TestDatabase, testDatabase } from '../../harness/index.ts';
import { testPassword } from '../../harness/password.ts';

/** An installation that chose groups, and not this module. */
let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase({ empty: true });
  const passwords = Object.fromEntries(loginRoles.map((role) => [role, testPassword]));
  await prepareDatabase(inject('serverUrl'), db.name, passwords);
  await migrateUp({ databaseUrl: db.url, modules: ['groups'] });
});

it('leaves no table and no rule behind, and the groups work without it', async () => {
  const { rows } = await db.query(
    `select to_regnamespace('workspace') as schema, to_regnamespace('groups') is not null as has_groups,
       (select count(*)::int from core.error_codes where reason ~ '^(project|task|document)') as codes,
       (select count(*)::int from core.report_subjects where table_name like 'workspace.%') as subjects,
       (select count(*)::int from ops.retention_policies where target like 'workspace.%') as rules`,
  );
  expect(rows).toEqual([{ schema: null, has_groups: true, codes: 0, subjects: 0, rules: 0 }]);
});

it('can be added later', async () => {
  const { applied } = await migrateUp({ databaseUrl: db.url, modules: ['workspace'] });
  expect(applied.length).toBeGreaterThan(0);
  expect(applied.filter((name) => !name.includes('workspace'))).toEqual([]);
  const { rows } = await db.query(
    `select count(*)::int as tables from pg_catalog.pg_tables where schemaname = 'workspace'`,
  );
  expect(rows).toEqual([{ tables: 4 }]);
});
