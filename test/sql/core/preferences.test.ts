import { beforeAll, describe, expect, it } from 'vitest';
import { createUser, type TestDatabase, testDatabase } from '../../harness/index.ts';
import { reasonOf } from '../refusal.ts';

let db: TestDatabase;
let me: string;
beforeAll(async () => {
  db = await testDatabase();
  me = await createUser(db, { username: 'somebody' });
});

async function change(procedure: string, patch: unknown, commit = false): Promise<Record<string, unknown>> {
  return db.as(
    { role: 'stoa_member', userId: me },
    async (client) => {
      const { rows } = await client.query<Record<string, unknown>>(`select * from ${procedure}($1)`, [
        JSON.stringify(patch),
      ]);
      const [row] = rows;
      if (row === undefined) throw new Error('no row');
      return row;
    },
    { commit },
  );
}

describe('core.update_settings', () => {
  it('changes what the patch names and leaves the rest', async () => {
    expect(await change('core.update_settings', { theme: 'light', dm_policy: 'friends' })).toMatchObject({
      theme: 'light',
      dm_policy: 'friends',
      language: 'en-US',
      profile_visibility: 'public',
    });
  });

  it.each([
    [{ colour: 'blue' }, 'input.unknown_key'],
    [{ user_id: '00000000-0000-7000-8000-000000000000' }, 'input.unknown_key'],
    [{ updated_at: '2020-01-01' }, 'input.unknown_key'],
    [[], 'input.malformed'],
    [{ profile_visibility: 'everybody' }, 'input.malformed'],
    [{ paranoia_level: 6 }, 'input.malformed'],
    [{ paranoia_level: 'high' }, 'input.malformed'],
    [{ paranoia_level: 99_999 }, 'input.malformed'],
    [{ theme: null }, 'input.malformed'],
    [{ timezone: 'Mars/Olympus_Mons' }, 'input.malformed'],
    [{ language: 'not a tag' }, 'input.malformed'],
    [{ notifications: [] }, 'input.malformed'],
    [{ notifications: null }, 'input.malformed'],
    [{ theme: 'x'.repeat(21) }, 'input.too_long'],
    [{ preferences: { blob: 'x'.repeat(40_000) } }, 'input.too_long'],
  ])('refuses %j', async (patch, reason) => {
    expect(await reasonOf(change('core.update_settings', patch))).toBe(reason);
  });

  it('merges objects one level deep, and forgets a key that is nulled', async () => {
    await change('core.update_settings', { notifications: { vote: false, mention: { bell: true } } }, true);
    await change('core.update_settings', { notifications: { vote: null, reply: { bell: false } } }, true);
    const { notifications } = await change('core.update_settings', {
      notifications: { mention: { mail: true } },
    });
    expect(notifications).toEqual({ mention: { mail: true }, reply: { bell: false } });
  });

  it('loses neither of two changes that are made at the same moment', async () => {
    const isWaiting = async (): Promise<boolean> =>
      (
        await db.query(
          "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
        )
      ).rowCount === 1;

    let second: Promise<unknown> | undefined;
    await db.as(
      { role: 'stoa_member', userId: me },
      async (client) => {
        await client.query('select core.update_settings(\'{"preferences": {"first": 1}}\')');
        second = change('core.update_settings', { preferences: { second: 2 } }, true);
        while (!(await isWaiting())) await new Promise((resolve) => setTimeout(resolve, 10));
      },
      { commit: true },
    );
    await second;

    const { preferences } = await change('core.update_settings', {});
    expect(preferences).toEqual({ first: 1, second: 2 });
  });

  it('carries who may see a profile and a presence into those rows', async () => {
    const owner = await createUser(db, { username: 'shy' });
    await db.query('insert into core.profiles (user_id) values ($1)', [owner]);
    await db.as(
      { role: 'stoa_member', userId: owner },
      async (client) => {
        await client.query('select core.update_settings(\'{"profile_visibility": "friends"}\')');
        await client.query(
          "update core.user_settings set presence_visibility = 'private' where user_id = $1",
          [owner],
        );
        await client.query('select core.heartbeat()');
      },
      { commit: true },
    );
    const { rows } = await db.query(
      'select profile.visibility as profile, presence.visibility as presence from core.profiles as profile join core.presence as presence using (user_id) where user_id = $1',
      [owner],
    );
    expect(rows).toEqual([{ profile: 'friends', presence: 'private' }]);
  });
});

describe('core.update_profile', () => {
  it('writes the public half of the account and the profile together', async () => {
    expect(
      await change(
        'core.update_profile',
        { display_name: ' Some Body ', bio: 'Here.', website: 'https://example.org', custom_status: 'away' },
        true,
      ),
    ).toMatchObject({ bio: 'Here.', website: 'https://example.org', custom_status: 'away' });
    const { rows } = await db.query('select display_name from core.users where id = $1', [me]);
    expect(rows).toEqual([{ display_name: 'Some Body' }]);
  });

  it('clears what is nulled or blank', async () => {
    expect(await change('core.update_profile', { bio: null, website: '  ' })).toMatchObject({
      bio: null,
      website: null,
    });
  });

  it.each([
    [{ role: 'admin' }, 'input.unknown_key'],
    [{ visibility: 'public' }, 'input.unknown_key'],
    [{ website: 'javascript:alert(1)' }, 'input.malformed'],
    [{ avatar_url: 'data:text/html,x' }, 'input.malformed'],
    [{ bio: 7 }, 'input.malformed'],
    [{ custom_status_expires_at: 'tomorrow-ish' }, 'input.malformed'],
    [{ bio: 'x'.repeat(501) }, 'input.too_long'],
    [{ display_name: 'x'.repeat(101) }, 'input.too_long'],
  ])('refuses %j', async (patch, reason) => {
    expect(await reasonOf(change('core.update_profile', patch))).toBe(reason);
  });
});
