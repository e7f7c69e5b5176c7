import { beforeAll, describe, expect, it } from 'vitest';
import { createUser, type RequestRole, type TestDatabase, testDatabase } from '../../harness/index.ts';
import { reasonOf } from '../refusal.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
  await db.query(`
    create table core.boats (id integer primary key, captain_id uuid, sunk_at timestamptz);
    alter table core.boats owner to stoa_owner;
    insert into core.ownership_rules (table_name, owner_column, condition, label)
    values ('core.boats', 'captain_id', 'target.sunk_at is null', 'boats');
  `);
});

function call(
  role: RequestRole,
  userId: string | undefined,
  statement: string,
  commit = false,
): Promise<unknown> {
  return db.as(userId === undefined ? { role } : { role, userId }, (client) => client.query(statement), {
    commit,
  });
}

describe('acting as a member', () => {
  it('is refused to visitors', async () => {
    expect(await reasonOf(call('stoa_anonymous', undefined, 'select core.require_member()'))).toBe(
      'session.required',
    );
  });

  it('is refused to an account whose request arrives as a visitor', async () => {
    const banned = await createUser(db, { username: 'reduced' });
    expect(await reasonOf(call('stoa_anonymous', banned, 'select core.require_member()'))).toBe(
      'account.restricted',
    );
  });

  it.each([
    ['banned for good', "banned_until = 'infinity'"],
    ['banned for an hour', "banned_until = now() + interval '1 hour'"],
    ['disabled', 'is_active = false'],
    ['closed', 'deleted_at = now()'],
    ['erased', 'username = null, erased_at = now()'],
  ])('is refused to an account that is %s', async (state, change) => {
    const id = await createUser(db, { username: `is_${state.replaceAll(' ', '_')}` });
    await db.query(`update core.users set ${change} where id = $1`, [id]);
    expect(await reasonOf(call('stoa_member', id, 'select core.require_member()'))).toBe(
      'account.restricted',
    );
  });

  it('is possible again when a ban is over', async () => {
    const id = await createUser(db, { username: 'patient' });
    await db.query("update core.users set banned_until = now() - interval '1 second' where id = $1", [id]);
    await call('stoa_member', id, 'select core.require_member()');
  });
});

describe('acting in a role', () => {
  it.each([
    ['stoa_member', 'moderator', 'role.insufficient'],
    ['stoa_moderator', 'admin', 'role.insufficient'],
  ] as const)('as %s does not reach %s', async (role, wanted, reason) => {
    const id = await createUser(db, { username: `short_of_${wanted}` });
    expect(await reasonOf(call(role, id, `select core.require_role('${wanted}')`))).toBe(reason);
  });

  it('reaches down', async () => {
    const id = await createUser(db, { username: 'boss', role: 'admin' });
    await call('stoa_admin', id, "select core.require_role('moderator')");
  });
});

describe('closing an account', () => {
  it('is refused to whoever owns something that a module registered', async () => {
    const captain = await createUser(db, { username: 'captain' });
    await db.query('insert into core.boats (id, captain_id) values (1, $1)', [captain]);
    expect(await reasonOf(call('stoa_member', captain, 'select core.close_account()'))).toBe(
      'account.owns_things',
    );

    await db.query('update core.boats set sunk_at = now()');
    await call('stoa_member', captain, 'select core.close_account()');
  });

  it('shuts the person out, and can be undone for 30 days', async () => {
    const id = await createUser(db, { username: 'leaver' });
    await call('stoa_member', id, 'select core.close_account()', true);
    expect(await reasonOf(call('stoa_member', id, 'select core.heartbeat()'))).toBe('account.restricted');

    await call('stoa_anonymous', id, 'select core.reopen_account()', true);
    await call('stoa_member', id, 'select core.heartbeat()');
    expect(await reasonOf(call('stoa_member', id, 'select core.reopen_account()'))).toBe(
      'account.not_closed',
    );
  });

  it('is for good after 30 days', async () => {
    const id = await createUser(db, { username: 'late' });
    await db.query("update core.users set deleted_at = now() - interval '31 days' where id = $1", [id]);
    expect(await reasonOf(call('stoa_anonymous', id, 'select core.reopen_account()'))).toBe(
      'account.undo_expired',
    );
  });

  it('is audited', async () => {
    const id = await createUser(db, { username: 'traced' });
    await call('stoa_member', id, 'select core.close_account()', true);
    const { rows } = await db.query('select action, actor_role from audit.logs where actor_id = $1', [id]);
    expect(rows).toEqual([{ action: 'account.close', actor_role: 'stoa_member' }]);
  });
});
