import type { ClientBase } from 'pg';
import { beforeAll, describe, expect, it } from 'vitest';
import { type RequestRole, type TestDatabase, testDatabase } from '../harness/index.ts';

let db: TestDatabase;
let me: string;
let other: string;
beforeAll(async () => {
  db = await testDatabase();
  await db.query(`
    insert into core.users (username, last_active_on, banned_until)
    select 'user_' || number, current_date - (number % 400), case when number % 100 = 0 then now() end
    from generate_series(1, 3000) as number;
    insert into core.profiles (user_id) select id from core.users;
    insert into core.user_settings (user_id, paranoia_level)
    select id, case when member_number % 50 = 0 then 4 else 0 end from core.users;
    insert into core.achievements (slug, name) select 'badge_' || number, 'Badge' from generate_series(1, 50) as number;
    insert into core.user_achievements (user_id, achievement_id, earned_at)
    select person.id, badge.id, now()
    from (select id from core.users limit 300) as person, core.achievements as badge;
    insert into social.friendships (user_id, friend_id, status, accepted_at)
    select a.id, b.id, case when b.member_number % 3 = 0 then 'pending' else 'accepted' end,
      case when b.member_number % 3 <> 0 then now() end
    from core.users as a
    join core.users as b on b.member_number between a.member_number + 1 and a.member_number + 5;
    insert into social.blocks (blocker_id, blocked_id)
    select a.id, b.id from core.users as a join core.users as b on b.member_number = a.member_number + 10;
    insert into media.uploads (user_id, filename, content_type, size_bytes, storage_path, sha256, attached_at, deleted_at)
    select id, 'f', 'image/png', 1, 'p' || member_number, sha256(id::text::bytea),
      case when member_number % 50 <> 0 then now() end, case when member_number % 60 = 0 then now() end
    from core.users;
    insert into notifications.notifications (user_id, actor_id, type, title, read_at)
    select id, id, 'vote', 'x', case when number <> 1 then now() end
    from (select id from core.users limit 500) as person, generate_series(1, 10) as number;
    insert into notifications.push_tokens (user_id, token, platform)
    select id, 'token ' || member_number, 'web' from core.users;
    insert into notifications.open_groups (user_id, group_key, notification_id, updated_at)
    select id, 'group', id, now() - member_number * interval '1 hour' from core.users;
    insert into audit.logs (actor_id, actor_role, action, resource_type, resource_id, group_id)
    select id, 'stoa_member', 'act_' || member_number % 200, 'core.users', id, case when member_number % 50 = 0 then id end
    from core.users;
    insert into audit.privacy_requests (user_id, kind, requested_by) select id, 'export', id from core.users;
    insert into core.idempotency_keys (user_id, scope, key, request_hash, result, inserted_at)
    select id, 's', 'k', '\\x00', '{}', now() - member_number * interval '1 minute' from core.users;
    insert into core.search_index_queue (entity_type, entity_id, available_at)
    select 'user', id, now() + member_number * interval '1 minute' from core.users;
    analyze;
  `);
  const { rows } = await db.query<{ id: string }>(
    "select id from core.users where username in ('user_700', 'user_701') order by username",
  );
  me = rows[0]?.id ?? '';
  other = rows[1]?.id ?? '';
  await db.query(
    "insert into notifications.notifications (user_id, type, title, read_at) select $1, 'vote', 'x', now() from generate_series(1, 3000)",
    [me],
  );
  await db.query('analyze notifications.notifications');
});

async function plan(client: ClientBase, text: string): Promise<string> {
  const { rows } = await client.query<{ 'QUERY PLAN': string }>(
    `explain ${text.replaceAll(':me', `'${me}'::uuid`).replaceAll(':other', `'${other}'::uuid`)}`,
  );
  return rows.map((row) => row['QUERY PLAN']).join('\n');
}

/** What the planner chooses by itself, with the policies of the role in the way. */
async function planOf(role: RequestRole | 'the owner', text: string): Promise<string> {
  if (role !== 'the owner') return db.as({ role, userId: me }, (client) => plan(client, text));
  const client = await db.pool.connect();
  try {
    return await plan(client, text);
  } finally {
    client.release();
  }
}

describe('each access path is the one that its index is there for', () => {
  it.each([
    ['users_pkey', 'stoa_anonymous', 'select id from core.users where id = :other'],
    [
      'users_username_key',
      'stoa_anonymous',
      "select id from core.users where username operator(extensions.=) 'USER_42'::extensions.citext",
    ],
    [
      'users_username_key',
      'stoa_member',
      "select id from core.users where username operator(extensions.=) 'user_42'::extensions.citext",
    ],
    ['users_member_number_key', 'stoa_anonymous', 'select id from core.users where member_number = 42'],
    [
      'users_last_active_on_idx',
      'stoa_member',
      'select count(*) from core.users where last_active_on = current_date',
    ],
    ['users_class_id_idx', 'stoa_member', 'select id from core.users where class_id = 12'],
    [
      'users_banned_until_idx',
      'stoa_moderator',
      'select id from core.users where banned_until is not null order by banned_until limit 10',
    ],
    ['profiles_pkey', 'stoa_anonymous', 'select bio from core.profiles where user_id = :other'],
    ['profiles_pkey', 'stoa_member', 'select bio from core.profiles where user_id = :other'],
    ['user_settings_pkey', 'stoa_member', 'select theme from core.user_settings where user_id = :me'],
    [
      'user_settings_paranoia_idx',
      'the owner',
      'select user_id from core.user_settings where paranoia_level >= 3',
    ],
    [
      'user_achievements_pkey',
      'stoa_member',
      'select progress from core.user_achievements where user_id = :me',
    ],
    [
      'user_achievements_achievement_idx',
      'the owner',
      "select user_id from core.user_achievements where achievement_id = (select id from core.achievements where slug = 'badge_7')",
    ],
    [
      'idempotency_keys_inserted_at_idx',
      'the owner',
      "select from core.idempotency_keys where inserted_at < now() - interval '49 hours'",
    ],
    [
      'search_index_queue_claim_idx',
      'the owner',
      "select id from core.search_index_queue where status = 'pending' and available_at <= now() order by available_at, id limit 100 for update skip locked",
    ],
    [
      'search_index_queue_pending_key',
      'the owner',
      "select id from core.search_index_queue where status = 'pending' and entity_type = 'user' and entity_id = :me",
    ],
    [
      'uploads_user_id_idx',
      'stoa_member',
      'select id from media.uploads where user_id = :me order by id desc limit 20',
    ],
    ['uploads_sha256_idx', 'the owner', "select id from media.uploads where sha256 = '\\x00'"],
    [
      'uploads_orphan_idx',
      'the owner',
      "select id from media.uploads where attached_at is null and inserted_at < now() - interval '1 day' order by inserted_at limit 10",
    ],
    [
      'uploads_purge_idx',
      'the owner',
      "select id from media.uploads where deleted_at < now() - interval '30 days'",
    ],
    [
      '_user_id_id_idx',
      'stoa_member',
      'select id from notifications.notifications where user_id = :me and read_at is null order by id desc limit 25',
    ],
    [
      '_pkey',
      'stoa_member',
      'select id from notifications.notifications where user_id = :me order by id desc limit 25',
    ],
    ['_actor_id_idx', 'the owner', 'select id from notifications.notifications where actor_id = :other'],
    [
      'open_groups_pkey',
      'the owner',
      "select notification_id from notifications.open_groups where user_id = :me and group_key = 'group'",
    ],
    [
      'open_groups_updated_at_idx',
      'the owner',
      "select user_id from notifications.open_groups where updated_at < now() - interval '120 days'",
    ],
    [
      'push_tokens_user_id_idx',
      'stoa_member',
      'select id from notifications.push_tokens where user_id = :me',
    ],
    [
      'push_tokens_token_key',
      'the owner',
      "select id from notifications.push_tokens where token = 'token 7'",
    ],
    [
      '_actor_id_id_idx',
      'stoa_moderator',
      'select id from audit.logs where actor_id = :me order by id desc limit 10',
    ],
    [
      '_resource_type_resource_id_id_idx',
      'stoa_admin',
      "select id from audit.logs where resource_type = 'core.users' and resource_id = :other order by id desc limit 10",
    ],
    [
      '_action_id_idx',
      'stoa_admin',
      "select id from audit.logs where action = 'act_7' order by id desc limit 10",
    ],
    [
      '_group_id_id_idx',
      'the owner',
      'select id from audit.logs where group_id = :other order by id desc limit 10',
    ],
    ['privacy_requests_user_idx', 'stoa_member', 'select id from audit.privacy_requests where user_id = :me'],
    [
      'privacy_requests_due_idx',
      'the owner',
      "select id from audit.privacy_requests where status = 'pending' and not_before <= now() - interval '1 day' order by not_before limit 5",
    ],
    [
      'friendships_pair_key',
      'the owner',
      'select id from social.friendships where least(user_id, friend_id) = least(:me, :other) and greatest(user_id, friend_id) = greatest(:me, :other)',
    ],
    [
      'friendships_user_status_idx',
      'stoa_member',
      "select id from social.friendships where user_id = :me and status = 'pending'",
    ],
    [
      'friendships_friend_status_idx',
      'stoa_member',
      "select id from social.friendships where friend_id = :me and status = 'pending'",
    ],
    [
      'friend_edges_pkey',
      'the owner',
      'select friend_id from social.friend_edges where user_id = :me order by friend_id limit 25',
    ],
    ['blocks_pkey', 'stoa_member', 'select blocked_id from social.blocks where blocker_id = :me'],
    ['blocks_blocked_idx', 'the owner', 'select blocker_id from social.blocks where blocked_id = :me'],
  ] as const)('%s, as %s: %s', async (index, role, text) => {
    expect(await planOf(role, text)).toContain(index);
  });

  it('answers "my friends" with one index range for each direction', async () => {
    const text = await planOf('stoa_member', 'select friend_id from social.friends where user_id = :me');
    expect(text).toContain('friendships_user_status_idx');
    expect(text).toContain('friendships_friend_status_idx');
    expect(text).not.toContain('Seq Scan');
  });

  it('reads the newest page of a bell from the newest partition with rows, without sorting', async () => {
    const text = await planOf(
      'stoa_member',
      'select id from notifications.notifications where user_id = :me order by id desc limit 25',
    );
    expect(text).not.toContain('Sort');
    expect(text).not.toContain('Merge Append');
  });
});
