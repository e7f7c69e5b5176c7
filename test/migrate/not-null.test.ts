import { expect, it } from 'vitest';
import { migrateUp } from '../../src/migrate/up.ts';
import { emptyDatabase, project, session } from './project.ts';

// The recipe of docs/migrations.md, one file a step.
it('a column that must not be null is added in four steps, between which old and new code both write', async () => {
  const { root, migration } = project();
  const databaseUrl = await emptyDatabase();
  const up = () => migrateUp({ databaseUrl, root });
  migration(
    'core/20300101000000_people',
    `create schema core; create table core.people (id int primary key); insert into core.people select generate_series(1, 1000);`,
  );
  await up();
  const client = await session(databaseUrl);
  const oldCode = (id: number) => client.query('insert into core.people (id) values ($1)', [id]);
  const newCode = (id: number) => client.query(`insert into core.people (id, phone) values ($1, 'x')`, [id]);

  migration('core/20300102000000_phone', 'alter table core.people add column phone text;');
  await up();
  await oldCode(2001);
  await newCode(2002);

  migration(
    'core/20300103000000_phone_check',
    'alter table core.people add constraint phone_set check (phone is not null) not valid;',
  );
  await up();
  await newCode(2003);
  await expect(oldCode(2004)).rejects.toMatchObject({ constraint: 'phone_set' });

  migration('core/20300104000000_phone_validated', 'alter table core.people validate constraint phone_set;');
  await expect(up()).rejects.toThrow('"phone_set"');
  await client.query(`update core.people set phone = 'unknown' where phone is null`);
  // Whoever writes meanwhile does not hold it up.
  const writer = await session(databaseUrl, 'writer');
  await writer.query(`begin; insert into core.people (id, phone) values (2005, 'x')`);
  await up();
  await writer.query('commit');

  // What PostgreSQL says instead of reading the table: the check proves it.
  const said: (string | undefined)[] = [];
  client.on('notice', ({ message }) => said.push(message));
  await client.query('begin; set local client_min_messages = debug1');
  await client.query('alter table core.people alter column phone set not null');
  await client.query('rollback');
  expect(said).toContainEqual(
    expect.stringContaining('existing constraints on column "people.phone" are sufficient'),
  );
  migration(
    'core/20300105000000_phone_not_null',
    'alter table core.people alter column phone set not null; alter table core.people drop constraint phone_set;',
  );
  await up();
  await expect(oldCode(2006)).rejects.toMatchObject({ code: '23502' });
  const { rows } = await client.query(
    'select count(*)::int as people, count(phone)::int as phones from core.people',
  );
  expect(rows).toEqual([{ people: 1004, phones: 1004 }]);
});
