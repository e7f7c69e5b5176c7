import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { operationsUsing } from '../../../src/api/operation-fields.ts';
import { apiNamesOf } from '../../../src/migrate/contract/api-names.ts';
import { isOlder } from '../../../src/migrate/contract/gate.ts';
import { migrateUp, type UpOptions } from '../../../src/migrate/up.ts';
import { type TestDatabase, testDatabase } from '../../harness/index.ts';
import { checkout } from '../backfill/checkout.ts';
import { session } from '../project.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
});

beforeEach(async () => {
  await db.query(`
    drop schema if exists core_probe cascade;
    truncate ops.backfills, ops.client_versions;
    delete from ops.pgmigrations where name > '2030';
    delete from ops.schema_migrations where version > '2030'`);
  // In a schema that migrations own, so that bodies of functions there are looked at.
  await db.query(`
    drop table if exists core.probe cascade;
    drop function if exists core.probe_body, core.probe_sql, core.probe_other, core.probe_trigger cascade;
    create table core.probe (id integer primary key, old_name text, note text);
    alter table core.probe owner to stoa_owner`);
});

const dropColumn = 'alter table core.probe drop column old_name;';

function contract(up: string, options: Partial<UpOptions> = {}, head = '-- contract\n'): Promise<unknown> {
  const place = checkout();
  place.write(
    'migrations/core/20300101000000_contract.sql',
    `${head}-- Why: a test.\n\n-- Up Migration\n${up}\n`,
  );
  return migrateUp({ databaseUrl: db.url, root: place.root, ...options });
}

async function found(up: string, options: Partial<UpOptions> = {}): Promise<readonly string[]> {
  const failure: unknown = await contract(up, options).catch((error: unknown) => error);
  expect(failure).toMatchObject({ code: 'contract.in_use', exitCode: 5 });
  return failure instanceof Error
    ? failure.message
        .split('\n')
        .slice(1)
        .map((line) => line.trim())
    : [];
}

describe('a migration marked "-- contract"', () => {
  it('is applied when nothing uses what it takes away', async () => {
    expect(await contract(dropColumn)).toEqual({ applied: ['20300101000000_contract'] });
  });

  it('is refused while views, policies, triggers and foreign keys depend on it', async () => {
    await db.query(`
      create view core.probe_view as select old_name from core.probe;
      create policy probe_policy on core.probe using (old_name <> '');
      create function core.probe_trigger() returns trigger language plpgsql as 'begin return new; end';
      create trigger probe_trigger before update of old_name on core.probe for each row execute function core.probe_trigger();
      alter table core.probe add unique (old_name);
      create table core.probe_child (parent text constraint probe_fk references core.probe (old_name))`);
    expect((await found(dropColumn)).toSorted()).toEqual([
      'core.probe.old_name: foreign key probe_fk of core.probe_child uses it',
      'core.probe.old_name: policy probe_policy on core.probe uses it',
      'core.probe.old_name: trigger probe_trigger on core.probe uses it',
      'core.probe.old_name: view core.probe_view uses it',
    ]);
    await db.query('drop table core.probe_child');
  });

  it('is refused while bodies of functions name it, and says which of them were only searched for words', async () => {
    await db.query(`
      set local role stoa_owner;
      create function core.probe_sql() returns text language sql as 'select p.old_name from core.probe as p';
      create function core.probe_other() returns text language sql as 'select note /* old_name */ from core.probe';
      create function core.probe_body() returns void language plpgsql as
        $$ begin update core.probe set old_name = null; end $$;
      create function core.probe_trigger() returns trigger language plpgsql as
        $$ begin new.old_name := ''; return new; end $$;
      create trigger probe_trigger before insert on core.probe for each row execute function core.probe_trigger()`);
    expect((await found(dropColumn)).toSorted()).toEqual([
      'core.probe.old_name: function core.probe_body has its name in its text',
      'core.probe.old_name: function core.probe_sql uses it',
      'core.probe.old_name: function core.probe_trigger has its name in its text',
    ]);
    // What the file drops or writes anew itself is no reason.
    expect(
      await contract(`
        drop trigger probe_trigger on core.probe;
        drop function core.probe_trigger();
        drop function core.probe_body();
        create or replace function core.probe_sql() returns text language sql as 'select note from core.probe';
        ${dropColumn}`),
    ).toEqual({ applied: ['20300101000000_contract'] });
  });

  it('is not refused for a word in a comment or a text, and says of dynamic SQL that it cannot be known', async () => {
    await db.query(`
      set local role stoa_owner;
      create function core.probe_body() returns void language plpgsql as
        $$ begin /* old_name of core.probe */ raise notice 'probe: -- old_name'; update core.probe set note = $x$old_name$x$; end $$;
      create function core.probe_other() returns void language plpgsql as
        $$ begin execute 'update core.probe set ' || quote_ident('old_name') || ' = null'; end $$;
      create function core.probe_sql() returns void language plpgsql as
        $$ begin execute 'select 1'; raise notice 'it''s -- old'; update core.probe set "old_name" = ''; end $$`);
    expect((await found(dropColumn)).toSorted()).toEqual([
      'core.probe.old_name: function core.probe_other has its name in SQL that it puts together: whether it uses it cannot be known',
      'core.probe.old_name: function core.probe_sql has its name in its text',
    ]);
  });

  it('is refused while a client of an older version was connected lately', async () => {
    await db.query(`
      select ops.note_client('api', '1.9.0'), ops.note_client('worker', '1.10.0');
      insert into ops.client_versions values ('api', '1.2.0', now() - interval '2 hours')`);
    const version = '1.10.0';
    expect(await found(dropColumn, { contract: { version } })).toEqual([
      'api of version 1.9.0 was connected 0 min ago',
    ]);
    expect(await found(dropColumn, { contract: { version, withinMinutes: 180 } })).toHaveLength(2);
    await db.query("delete from ops.client_versions where version = '1.9.0'");
    expect(await contract(dropColumn, { contract: { version } })).toMatchObject({
      applied: [expect.anything()],
    });
  });

  it('is refused while a backfill of its table is not finished', async () => {
    await db.query(`
      insert into ops.backfills (name, target, key_columns, statement, checksum)
      values ('copy_names', 'core.probe', '{id}', 'update …', '')`);
    expect(await found(dropColumn)).toEqual(['backfill copy_names of core.probe is running']);
  });

  it('is applied by force, and the audit log keeps the reason and what was found', async () => {
    await db.query('create policy probe_policy on core.probe using (old_name <> $$$$)');
    const force = 'The policy goes with the column.';
    await contract('alter table core.probe drop column old_name cascade;', { contract: { force } });
    const { rows } = await db.query(
      "select resource_key, reason, new_values -> 'found' as found from audit.logs where action = 'force_contract'",
    );
    expect(rows).toEqual([
      {
        resource_key: { name: '20300101000000_contract' },
        reason: force,
        found: ['core.probe.old_name: policy probe_policy on core.probe uses it'],
      },
    ]);
  });

  it('is told from one that is not marked, which is not judged', async () => {
    await db.query('create policy probe_policy on core.probe using (old_name <> $$$$)');
    const cascade = 'alter table core.probe drop column old_name cascade;';
    expect(await contract(cascade, {}, '')).toMatchObject({ applied: [expect.anything()] });
  });
});

it('operations that clients have registered are searched for what is taken away', async () => {
  const place = checkout();
  place.write('persisted/aaaa.graphql', 'query Titles { posts { id title } }');
  place.write('persisted/bbbb.graphql', 'query Comments { comments { title } }');
  const client = await session(db.url);
  const names = await apiNamesOf(client, [
    { kind: 'column', relation: 'forums.posts', column: 'title' },
    { kind: 'column', relation: 'forums.posts', column: 'comment_count' },
  ]);
  expect(names).toEqual([
    { type: 'Post', field: 'title' },
    { type: 'Post', field: 'commentCount' },
  ]);
  const sdl = `
    type Query { posts: [Post] comments: [Comment] }
    type Post { id: ID title: String }
    type Comment { title: String }`;
  expect(operationsUsing(join(place.root, 'persisted'), sdl, names)).toEqual([
    'operation Titles (aaaa.graphql) uses Post.title of the API',
  ]);
  await expect(
    contract(dropColumn, { contract: { registeredUses: async () => ['operation Titles uses it'] } }),
  ).rejects.toMatchObject({
    code: 'contract.in_use',
    message: expect.stringContaining('operation Titles uses it'),
  });
});

it('versions are compared by their numbers', () => {
  expect(isOlder('1.9.3', '1.10.0')).toBe(true);
  expect(isOlder('1.10.0-rc.1', '1.10.0')).toBe(false);
  expect(isOlder('2.0', '1.99.99')).toBe(false);
  expect(isOlder('1.2', '1.2.1')).toBe(true);
});
