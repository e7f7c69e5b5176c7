import { beforeAll, describe, expect, it } from 'vitest';
import type { RequestRole } from '../../harness/index.ts';
import { announcement, type Swarm, swarm } from './swarm.ts';

/** Every index must serve what it is there for, with the policies of whoever asks in the way. */
let world: Swarm;
let me: string;
let torrentId: string;

beforeAll(async () => {
  world = await swarm();
  const first = await world.torrent();
  await world.db.query(`
    set session_replication_role = replica;
    insert into core.users (username, class_id, role)
    select 'swarmer_' || n, class.id, class.role
    from generate_series(1, 600) as n, core.user_classes as class where class.is_default;
    insert into core.user_settings (user_id, paranoia_level)
    select id, case when member_number % 50 = 0 then 3 else 0 end from core.users;
    insert into tracker.torrents (info_hash, info_hash_v2, name, category_id, size_bytes, file_count, piece_length, moderation_status, approved_at)
    select substring(sha256(n::text::bytea) from 1 for 20), case when n % 3 = 0 then sha256(n::text::bytea) end,
      't' || n, category_id, 1, 1, 1, 'approved', now()
    from generate_series(1, 1500) as n, tracker.torrents where id = '${first.id}';
    create temporary table people as
      select id, row_number() over (order by member_number) - 1 as n from core.users where username like 'swarmer%';
    create temporary table shared as select id, row_number() over (order by id) - 1 as n from tracker.torrents;
    create unique index on people (n);
    create unique index on shared (n);
    analyze people, shared;
    insert into tracker.torrent_statistics (torrent_id, seeders)
    select id, case when n % 20 = 0 then 5 else 0 end from shared on conflict do nothing;
    insert into tracker.passkeys (passkey_hash, user_id, passkey_ciphertext, key_id, revoked_at)
    select sha256((n || '/' || step)::bytea), id, '\\x00', 'k', case when step > 0 then now() - n * step * interval '4 hours' end
    from people, generate_series(0, 3) as step;
    insert into tracker.peers (torrent_id, user_id, peer_id, ip_address, port, left_bytes)
    select shared.id, people.id, substring(sha256((people.n * 7919 + step)::text::bytea) from 1 for 20), '192.0.2.1', 5000,
      case when step % 17 = 0 then 5 else 0 end
    from people, generate_series(1, 40) as step
    join shared on true
    where shared.n = case when step = 1 then 0 else (people.n * 37 + step * 41) % 1500 end
    on conflict do nothing;
    insert into tracker.user_torrents (user_id, torrent_id, has_leeched, completed_at)
    select distinct user_id, torrent_id, true, now() from tracker.peers;
    insert into tracker.announces (announced_at, user_id, torrent_id, peer_id, ip_address, port, uploaded, downloaded, left_bytes)
    select now() - step * interval '1 second', user_id, torrent_id, peer_id, ip_address, port, 0, 0, 0
    from tracker.peers, generate_series(0, 3) as step;
    insert into tracker.peer_history (observed_at, torrent_id, user_id, peer_id, uploaded, downloaded, left_bytes, is_seeder)
    select now() - step * interval '1 second', torrent_id, user_id, peer_id, 0, 0, 0, true
    from tracker.peers, generate_series(0, 3) as step;
    insert into tracker.peer_history_daily (user_id, torrent_id, day)
    select user_id, torrent_id, current_date - step * 100 from tracker.user_torrents, generate_series(0, 3) as step;
    insert into tracker.user_statistics (user_id, uploaded) select id, n from people;
    insert into tracker.bonus_rules (name, event, amount) select 'r' || n, 'seeding', 1 from generate_series(1, 40) as n;
    insert into tracker.bonus_transactions (user_id, amount, balance_after, kind, bonus_rule_id, period_start, torrent_id, counterparty_id)
    select people.id, 1, 1, case when step % 2 = 0 then 'earned' else 'gift_in' end,
      case when step % 2 = 0 then (select id from tracker.bonus_rules where name = 'r' || (step % 40 + 1)) end,
      case when step % 4 = 0 then now() - step * interval '1 hour' end,
      case when step % 4 = 2 then shared.id end,
      case when step % 2 = 1 then people.id end
    from people, generate_series(1, 40) as step join shared on shared.n = step;
    insert into tracker.freeleech_tokens (user_id, torrent_id, activated_at, expires_at, use_before)
    select people.id, case when step % 2 = 0 then shared.id end, case when step % 2 = 0 then now() - interval '1 day' end,
      case when step % 2 = 0 then now() + interval '1 day' end, case when step % 2 = 1 then now() - step * interval '10 days' end
    from people, generate_series(1, 30) as step join shared on shared.n = step;
    insert into tracker.top_lists (list, place, user_id, value)
    select list, n + 1, id, 1 from people, unnest(array['uploaded', 'downloaded', 'ratio', 'seedbonus', 'seed_seconds']) as list
    where n < 100;
    set session_replication_role = origin;
    drop table people, shared;
    analyze`);
  me = (await world.one<{ id: string }>(`select id from core.users where username = 'swarmer_78'`)).id;
  torrentId = (
    await world.one<{ id: string }>(
      'select torrent_id as id from tracker.peers where user_id = $1 order by torrent_id desc limit 1',
      [me],
    )
  ).id;
});

async function planOf(role: RequestRole | 'the owner', text: string): Promise<string> {
  const asked = `explain ${text.replaceAll(':me', `'${me}'::uuid`).replaceAll(':torrent', `'${torrentId}'::uuid`)}`;
  const rows =
    role === 'the owner'
      ? await world.rows<{ 'QUERY PLAN': string }>(asked)
      : await world.acting(me, role).read<{ 'QUERY PLAN': string }>(asked);
  return rows.map((row) => row['QUERY PLAN']).join('\n');
}

describe('each access path is the one that its index is there for', () => {
  it.each([
    [
      'passkeys_pkey',
      'the owner',
      `select user_id from tracker.passkeys where passkey_hash = any (array[sha256('1/0'), sha256('2/0')]) order by passkey_hash for no key update`,
    ],
    [
      'passkeys_active_key',
      'the owner',
      'select from tracker.passkeys where user_id = :me and revoked_at is null',
    ],
    ['passkeys_user_idx', 'the owner', 'select from tracker.passkeys where user_id = :me'],
    [
      'passkeys_revoked_idx',
      'the owner',
      `select from tracker.passkeys where revoked_at < now() - interval '290 days'`,
    ],
    ['torrents_info_hash_key', 'the owner', `select id from tracker.torrents where info_hash = '\\x00'`],
    [
      'torrents_info_hash_v2_short_idx',
      'the owner',
      `select id from tracker.torrents where info_hash_v2 is not null and substring(info_hash_v2 from 1 for 20) = '\\x00'`,
    ],
    [
      'peers_pkey',
      'the owner',
      `select ip_address, port from tracker.peers where torrent_id = :torrent order by torrent_id, user_id, peer_id offset 5 limit 50`,
    ],
    [
      'peers_pkey',
      'the owner',
      `select from tracker.peers where torrent_id = :torrent and user_id = :me and peer_id = '\\x00'`,
    ],
    [
      'peers_leechers_idx',
      'the owner',
      `select ip_address, port from tracker.peers where torrent_id = :torrent and not is_seeder order by torrent_id, user_id limit 50`,
    ],
    ['peers_user_idx', 'the owner', 'select left_bytes from tracker.peers where user_id = :me'],
    ['peers_user_idx', 'stoa_member', 'select torrent_id, is_seeder from tracker.peers where user_id = :me'],
    [
      'peers_pkey',
      'stoa_moderator',
      'select user_id, ip_address from tracker.peers where torrent_id = :torrent',
    ],
    [
      '_user_id_announced_at_idx',
      'stoa_member',
      'select event from tracker.announces where user_id = :me order by announced_at desc limit 25',
    ],
    [
      '_torrent_id_announced_at_idx',
      'stoa_moderator',
      'select user_id from tracker.announces where torrent_id = :torrent order by announced_at desc limit 25',
    ],
    [
      '_user_id_observed_at_idx',
      'stoa_member',
      'select torrent_id from tracker.peer_history where user_id = :me order by observed_at desc limit 25',
    ],
    [
      'peer_history_daily_pkey',
      'stoa_member',
      'select day from tracker.peer_history_daily where user_id = :me and torrent_id = :torrent order by day',
    ],
    [
      'peer_history_daily_torrent_idx',
      'stoa_moderator',
      'select user_id from tracker.peer_history_daily where torrent_id = :torrent order by day',
    ],
    [
      'peer_history_daily_day_idx',
      'the owner',
      `select from tracker.peer_history_daily where day < current_date - 299`,
    ],
    [
      'user_torrents_pkey',
      'stoa_member',
      'select torrent_id from tracker.user_torrents where user_id = :me order by torrent_id limit 25',
    ],
    [
      'user_torrents_torrent_idx',
      'stoa_member',
      'select user_id from tracker.user_torrents where torrent_id = :torrent order by completed_at limit 25',
    ],
    ['user_statistics_pkey', 'stoa_member', 'select ratio from tracker.user_statistics where user_id = :me'],
    [
      'bonus_transactions_pkey',
      'stoa_member',
      'select amount from tracker.bonus_transactions where user_id = :me order by id desc limit 25',
    ],
    [
      'bonus_transactions_rule_period_key',
      'the owner',
      `select from tracker.bonus_transactions where user_id = :me and bonus_rule_id = :torrent and period_start = now() and torrent_id is null`,
    ],
    [
      'bonus_transactions_rule_torrent_key',
      'the owner',
      'select from tracker.bonus_transactions where user_id = :me and bonus_rule_id = :me and torrent_id = :torrent',
    ],
    [
      'bonus_transactions_torrent_idx',
      'the owner',
      'select from tracker.bonus_transactions where torrent_id = :torrent',
    ],
    [
      'bonus_transactions_counterparty_idx',
      'the owner',
      'select from tracker.bonus_transactions where counterparty_id = :me',
    ],
    [
      'freeleech_tokens_user_idx',
      'stoa_member',
      'select id from tracker.freeleech_tokens where user_id = :me and activated_at is null',
    ],
    [
      'freeleech_tokens_torrent_idx',
      'the owner',
      'select from tracker.freeleech_tokens where torrent_id = :torrent',
    ],
    [
      'freeleech_tokens_lapse_idx',
      'the owner',
      `select from tracker.freeleech_tokens where activated_at is null and use_before < now() - interval '285 days'`,
    ],
    [
      'top_lists_pkey',
      'stoa_member',
      `select user_id, value from tracker.top_lists where list = 'uploaded' order by place limit 10`,
    ],
    ['top_lists_user_idx', 'the owner', 'select list from tracker.top_lists where user_id = :me'],
    [
      'torrent_statistics_swarm_idx',
      'the owner',
      'select torrent_id from tracker.torrent_statistics where seeders > 0 or leechers > 0 order by torrent_id limit 50',
    ],
  ] as const)('%s, as %s: %s', async (index, role, text) => {
    const plan = await planOf(role, text);
    expect(plan).toContain(index);
    expect(plan).not.toMatch(/Seq Scan on (?!user_settings)/);
  });

  it('the newest page of an account is read without sorting', async () => {
    expect(
      await planOf(
        'stoa_member',
        'select amount from tracker.bonus_transactions where user_id = :me order by id desc limit 25',
      ),
    ).not.toContain('Sort');
  });
});

describe('an announce', () => {
  it('stays within its page: no index is touched by one that tells of more bytes', async () => {
    const people = await world.people(4);
    const torrent = await world.torrent();
    const tell = (uploaded: number) =>
      people.map((person) => announcement(person, torrent, { uploaded, event: 'started' }));
    await world.announceMany(tell(0));
    const client = await world.db.pool.connect();
    try {
      await client.query('begin');
      for (let uploaded = 10; uploaded <= 30; uploaded += 10)
        await world.announceMany(tell(uploaded), client);
      const { rows } = await client.query(
        `select name, pg_stat_get_xact_tuples_updated(name::regclass) - pg_stat_get_xact_tuples_hot_updated(name::regclass) as cold,
           pg_stat_get_xact_tuples_hot_updated(name::regclass) > 0 as is_updated
         from unnest(array['tracker.peers', 'tracker.user_torrents', 'tracker.user_statistics', 'tracker.torrent_statistics']) as name`,
      );
      expect(rows).toEqual(
        ['peers', 'user_torrents', 'user_statistics', 'torrent_statistics'].map((name) => ({
          name: `tracker.${name}`,
          cold: '0',
          is_updated: true,
        })),
      );
      await client.query('rollback');
    } finally {
      client.release();
    }
  });
});
