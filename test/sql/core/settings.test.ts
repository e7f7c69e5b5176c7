import { beforeAll, describe, expect, it } from 'vitest';
import { createUser, type TestDatabase, testDatabase } from '../../harness/index.ts';
import { reasonOf } from '../refusal.ts';

let db: TestDatabase;
let admin: string;
beforeAll(async () => {
  db = await testDatabase();
  admin = await createUser(db, { username: 'boss', role: 'admin' });
  await db.query(`
    insert into core.settings (key, value, type) values
      ('test.integer', '1', 'integer'), ('test.decimal', '1', 'decimal'), ('test.boolean', 'true', 'boolean'),
      ('test.json', '{}', 'json'), ('test.string', '', 'string'), ('secret.smtp_password', 'old', 'string')
  `);
});

function set(key: string, value: string | null, commit = false): Promise<unknown> {
  return db.as(
    { role: 'stoa_admin', userId: admin },
    (client) => client.query('select core.set_setting($1, $2)', [key, value]),
    { commit },
  );
}

describe('a setting', () => {
  it.each([
    ['test.integer', '42'],
    ['test.decimal', '0.25'],
    ['test.boolean', 'false'],
    ['test.json', '[1, 2]'],
    ['test.string', 'anything at all'],
  ])('%s takes %s', async (key, value) => {
    await set(key, value);
  });

  it.each([
    ['test.integer', '4.2'],
    ['test.integer', '99999999999999999999'],
    ['test.decimal', 'NaN'],
    ['test.boolean', 'perhaps'],
    ['test.json', '{'],
    ['test.string', null],
  ])('%s refuses %s', async (key, value) => {
    expect(await reasonOf(set(key, value))).toBe('setting.malformed');
  });

  it('cannot be invented', async () => {
    expect(await reasonOf(set('test.nothing', '1'))).toBe('setting.unknown');
  });

  it('is changed by administrators only', async () => {
    await expect(
      db.as({ role: 'stoa_moderator', userId: admin }, (client) =>
        client.query("select core.set_setting('site.name', 'x')"),
      ),
    ).rejects.toMatchObject({ code: '42501' });
  });

  it('leaves its old and new value in the audit log', async () => {
    await set('test.integer', '7', true);
    const { rows } = await db.query(
      "select actor_id, old_values, new_values from audit.logs where resource_key ->> 'key' = 'test.integer'",
    );
    expect(rows).toEqual([{ actor_id: admin, old_values: { value: '1' }, new_values: { value: '7' } }]);
  });

  it('that is a secret leaves no value there', async () => {
    await set('secret.smtp_password', 'hunter2', true);
    const { rows } = await db.query(
      "select old_values, new_values from audit.logs where resource_key ->> 'key' = 'secret.smtp_password'",
    );
    expect(rows).toEqual([{ old_values: null, new_values: null }]);
  });

  it('is read by its type inside functions', async () => {
    const { rows } = await db.query(`
      select core.setting_integer('account.undo_days') as days, core.setting_boolean('search.outbox_enabled') as is_on,
        core.setting_json('username.reserved') ? 'admin' as has_admin, core.setting_decimal('test.decimal') as fraction
    `);
    expect(rows).toEqual([{ days: '30', is_on: false, has_admin: true, fraction: '1' }]);
    expect(await reasonOf(db.query("select core.setting_integer('test.nothing')"))).toBe('setting.unknown');
  });
});
