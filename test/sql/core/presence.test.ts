import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createUser, type TestDatabase, testDatabase } from '../../harness/index.ts';
import { reasonOf } from '../refusal.ts';

let db: TestDatabase;
let me: string;
beforeAll(async () => {
  db = await testDatabase();
  me = await createUser(db, { username: 'somebody' });
});
beforeEach(async () => {
  await db.query('delete from core.presence');
});

function call(
  expression: string,
  values: readonly unknown[] = [],
): Promise<{ status: string; device_count: number }> {
  return db.as(
    { role: 'stoa_member', userId: me },
    async (client) => {
      const { rows } = await client.query<{ status: string; device_count: number }>(
        `select status, device_count from ${expression}`,
        [...values],
      );
      const [row] = rows;
      if (row === undefined) throw new Error('no row');
      return row;
    },
    { commit: true },
  );
}

async function silentFor(interval: string): Promise<void> {
  await db.query('update core.presence set last_seen_at = now() - $1::interval', [interval]);
}

async function sweep(): Promise<unknown> {
  await db.query('select core.sweep_presence()');
  const { rows } = await db.query('select status, device_count from core.presence');
  return rows[0];
}

describe('presence', () => {
  it('takes away as another word for idle', async () => {
    expect(await call("core.set_status('away')")).toMatchObject({ status: 'idle' });
  });

  it('refuses a status that does not exist', async () => {
    expect(await reasonOf(call("core.set_status('sleepy')"))).toBe('status.unknown');
  });

  it('counts the connections that open and close', async () => {
    expect(await call("core.heartbeat('open')")).toEqual({ status: 'online', device_count: 1 });
    expect(await call("core.heartbeat('open')")).toEqual({ status: 'online', device_count: 2 });
    expect(await call("core.heartbeat('close')")).toEqual({ status: 'online', device_count: 1 });
    expect(await reasonOf(call("core.heartbeat('phone')"))).toBe('device.unknown_event');
  });

  it('goes offline when the last device was silent for 90 seconds', async () => {
    await call('core.heartbeat()');
    await silentFor('80 seconds');
    expect(await sweep()).toEqual({ status: 'online', device_count: 1 });
    await silentFor('91 seconds');
    expect(await sweep()).toEqual({ status: 'offline', device_count: 0 });
  });

  it('goes idle, not offline, when one of several devices may still be there', async () => {
    await call("core.heartbeat('open')");
    await call("core.heartbeat('open')");
    await silentFor('91 seconds');
    expect(await sweep()).toEqual({ status: 'online', device_count: 2 });
    await silentFor('11 minutes');
    expect(await sweep()).toEqual({ status: 'idle', device_count: 1 });
    expect(await sweep()).toEqual({ status: 'offline', device_count: 0 });
  });

  it('never turns somebody who is offline idle', async () => {
    await call("core.set_status('offline')");
    await silentFor('1 hour');
    expect(await sweep()).toEqual({ status: 'offline', device_count: 0 });
    expect(await sweep()).toEqual({ status: 'offline', device_count: 0 });
  });

  it('comes back online after a silence, but not when the person chose to be unseen', async () => {
    await call('core.heartbeat()');
    await silentFor('2 minutes');
    await sweep();
    expect(await call('core.heartbeat()')).toMatchObject({ status: 'online' });
    await call("core.set_status('offline')");
    expect(await call('core.heartbeat()')).toMatchObject({ status: 'offline' });
  });

  it('is shown as offline as soon as it is silent, before any sweep', async () => {
    await call('core.heartbeat()');
    await silentFor('91 seconds');
    const { rows } = await db.query(
      'select core.presence_effective_status(presence) as shown, status from core.presence',
    );
    expect(rows).toEqual([{ shown: 'offline', status: 'online' }]);
  });
});

describe('the day of last activity', () => {
  it('is written by the first beat of a day only', async () => {
    await db.query('update core.users set last_active_on = current_date - 3 where id = $1', [me]);
    const version = async (): Promise<string | undefined> =>
      (
        await db.query<{ version: string }>('select xmin::text as version from core.users where id = $1', [
          me,
        ])
      ).rows[0]?.version;

    const before = await version();
    await call('core.heartbeat()');
    const first = await version();
    await call('core.heartbeat()');
    const second = await version();

    expect(first).not.toBe(before);
    expect(second).toBe(first);
    const { rows } = await db.query(
      "select last_active_on = (now() at time zone 'UTC')::date as is_today from core.users where id = $1",
      [me],
    );
    expect(rows).toEqual([{ is_today: true }]);
  });
});
