import { inParts, type LoadModule, share, sizeByRank } from './step.ts';

/**
 * Torrents of which few were taken by most people, swarms of those who are still there, and a ledger of points in which
 * what was promised for requests was held, paid or given back. Whoever has points is one of the first to have joined;
 * every third of them asked for something, to which the two next ones contributed.
 */
export const tracker: LoadModule = {
  schemas: ['tracker'],
  bulk: [
    'tracker.torrents',
    'tracker.torrent_files',
    'tracker.torrent_statistics',
    'tracker.torrent_tag_assignments',
    'tracker.user_torrents',
    'tracker.peers',
    'tracker.bonus_transactions',
  ],
  steps: (plan) => {
    const { members, nowMs, seed } = plan;
    const torrents = share(plan, 20_000, 60);
    const takers = share(plan, 300_000, 600);
    const tags = share(plan, 200, 10);
    const holders = share(plan, 30_000, 60);
    const requests = share(plan, 2_000, 8);
    const collections = share(plan, 300, 4);
    const dayMs = '86400000::bigint';
    const mib = 1_048_576;
    const category = `(select known.id from tracker.categories as known where known.slug = 'load-${seed}')`;
    const comments = '(pg_temp.dice(torrent.t, 170) % 3)::integer';
    const votes = '(pg_temp.dice(worn.t * 8 + worn.seat, 171) % 3)::integer';
    const tag = (n: string): string => `pg_temp.id_at(${nowMs} - 95 * ${dayMs}, ${n}, 172)`;
    const collection = `pg_temp.id_at(${nowMs} - 10 * ${dayMs} + c, c, 173)`;
    const request = `pg_temp.id_at(${nowMs} - 20 * ${dayMs} + r, r, 174)`;
    // Of each four requests one was filled, one cancelled, and two are open.
    const state = `(array['filled', 'cancelled', 'pending', 'pending'])[1 + r % 4]`;
    const contribution = (n: string): string =>
      `(case when ${n} % 3 = 0 then 100 else 10 + pg_temp.dice(${n}, 175) % 40 end)`;
    const bounty = `(${contribution('(r * 3)')} + ${contribution('(r * 3 + 1)')} + ${contribution('(r * 3 + 2)')})`;
    const movementMs = `(${nowMs} - 30 * ${dayMs} + place * ${dayMs} + n % 1000)`;
    const movement = (n: string, place: number): string =>
      `pg_temp.id_at(${nowMs} - 30 * ${dayMs} + ${place} * ${dayMs} + ${n} % 1000, ${n} * 16 + ${place}, 176)`;
    const [debitPlace, refundPlace, payoutPlace] = [10, 15, 16];
    return [
      {
        name: 'torrents drawn',
        isHidden: true,
        statements: [
          `create temporary table load_torrents on commit drop as
           select
             drawn.*, pg_temp.id_at(drawn.at_ms, drawn.t, 160) as id,
             case when drawn.is_listed then least(drawn.places, ${Math.floor(members / 2)}) else 0 end as people
           from (
             select
               ranked.t,
               ${nowMs} - 3 * ${dayMs} - floor(power(pg_temp.chance(ranked.t, 161), 1.5) * 90 * 86400000)::bigint as at_ms,
               ${mib} * (20 + pg_temp.dice(ranked.t, 162) % 8000) + pg_temp.dice(ranked.t, 163) % ${mib} as bytes,
               (1 + ranked.t % 3)::integer as files,
               ranked.t % 50 > 0 as is_listed,
               pg_temp.dice(ranked.t, 164) % ${members} as uploader,
               ${sizeByRank(takers, torrents)} as places
             from (
               select t, row_number() over (order by pg_temp.dice(t, 165)) as rank
               from generate_series(0::bigint, ${torrents - 1}) as t
             ) as ranked
           ) as drawn
           order by 2`,
          `create temporary table load_worn on commit drop as
           select
             torrent.t, torrent.id, torrent.at_ms, torrent.uploader, seat,
             (floor(power(pg_temp.chance(torrent.t, 166), 2) * ${tags})::bigint + seat) % ${tags} as tag
           from load_torrents as torrent
           cross join lateral generate_series(0, torrent.files - 1) as seat`,
          'analyze load_torrents',
          'analyze load_worn',
        ],
      },
      {
        name: 'torrents',
        statements: [
          `insert into tracker.categories (name, slug, position, inserted_at, updated_at)
           values (
             'Load ${seed}', 'load-${seed}', 1000 + ${seed}, pg_temp.moment(${nowMs} - 95 * ${dayMs}),
             pg_temp.moment(${nowMs} - 95 * ${dayMs})
           )`,
          `insert into tracker.torrents
             (id, info_hash, name, description, category_id, uploader_id, is_anonymous, size_bytes, file_count, piece_length,
              moderation_status, approved_at, is_freeleech, inserted_at, updated_at)
           select
             torrent.id, uuid_send(torrent.id) || int4send(${seed}), pg_temp.words(torrent.t, 167),
             pg_temp.words(torrent.t, 168), ${category}, pg_temp.person(torrent.uploader), torrent.t % 9 = 0, torrent.bytes,
             torrent.files, ${mib}, case when torrent.is_listed then 'approved' else 'rejected' end,
             case when torrent.is_listed then pg_temp.moment(torrent.at_ms + 3600000) end, torrent.t % 97 = 1,
             pg_temp.moment(torrent.at_ms), pg_temp.moment(torrent.at_ms)
           from load_torrents as torrent
           order by torrent.id`,
        ],
      },
      {
        name: 'files of torrents',
        statements: [
          `insert into tracker.torrent_files (torrent_id, position, path, size_bytes)
           select
             torrent.id, place, 'part-' || place + 1 || '-of-' || torrent.t || '.bin',
             torrent.bytes / torrent.files + case when place = 0 then torrent.bytes % torrent.files else 0 end
           from load_torrents as torrent
           cross join lateral generate_series(0, torrent.files - 1) as place
           order by 1, 2`,
        ],
      },
      {
        name: 'decisions on torrents',
        statements: [
          `insert into tracker.torrent_moderation (id, torrent_id, moderator_id, action, reason, inserted_at)
           select
             pg_temp.id_at(torrent.at_ms + 3600000 * place, torrent.t * 2 + place, 169), torrent.id,
             case when place = 1 then pg_temp.person(${members - 1}) end,
             case when place = 0 then 'submitted' when torrent.is_listed then 'approved' else 'rejected' end,
             case when place = 1 and not torrent.is_listed then 'Please say who made it.' end,
             pg_temp.moment(torrent.at_ms + 3600000 * place)
           from load_torrents as torrent
           cross join generate_series(0, 1) as place
           order by 1`,
        ],
      },
      {
        name: 'tags',
        statements: [
          `insert into tracker.tags (id, name, usage_count, inserted_at)
           select ${tag('n')}, 'load${seed}-' || n, count(worn.t), pg_temp.moment(${nowMs} - 95 * ${dayMs})
           from generate_series(0::bigint, ${tags - 1}) as n
           left join load_worn as worn on worn.tag = n
           group by n`,
          `insert into tracker.torrent_tag_assignments (torrent_id, tag_id, assigned_by, score, inserted_at)
           select worn.id, ${tag('worn.tag')}, pg_temp.person(worn.uploader), ${votes}, pg_temp.moment(worn.at_ms)
           from load_worn as worn
           order by 1, 2`,
          `insert into tracker.torrent_tag_votes (torrent_id, tag_id, user_id, value, inserted_at)
           select
             worn.id, ${tag('worn.tag')}, pg_temp.person(worn.uploader + voter), 1,
             pg_temp.moment(worn.at_ms + 3600000 * voter)
           from load_worn as worn
           cross join lateral generate_series(1, ${votes}) as voter
           order by 1, 2`,
        ],
      },
      {
        name: 'what people moved',
        // The first is the uploader. Of the others seven in ten have the whole torrent.
        statements: inParts(
          torrents,
          4,
          (from, below) => `
            insert into tracker.user_torrents
              (user_id, torrent_id, uploaded, downloaded, seed_seconds, has_leeched, first_announce_at, last_announce_at, completed_at)
            select
              pg_temp.person(torrent.uploader + seat), torrent.id,
              floor(torrent.bytes * pg_temp.chance(torrent.t * 1000003 + seat, 177) * 2)::bigint,
              case
                when seat = 0 then 0
                when has.all_of_it then torrent.bytes
                else floor(torrent.bytes * pg_temp.chance(torrent.t * 1000003 + seat, 178))::bigint
              end,
              case when has.all_of_it then 3600 * (1 + pg_temp.dice(torrent.t * 1000003 + seat, 179) % 300) else 0 end,
              seat > 0, pg_temp.moment(torrent.at_ms + 7200000 + seat),
              pg_temp.moment(${nowMs} - pg_temp.dice(torrent.t * 1000003 + seat, 180) % 1500000),
              case when has.all_of_it and seat > 0 then pg_temp.moment(torrent.at_ms + 14400000 + seat) end
            from load_torrents as torrent
            cross join lateral generate_series(0, torrent.people - 1) as seat
            cross join lateral (
              select seat = 0 or pg_temp.dice(torrent.t * 1000003 + seat, 181) % 10 < 7 as all_of_it
            ) as has
            where torrent.t >= ${from} and torrent.t < ${below}
            order by 1, 2`,
        ),
      },
      {
        name: 'peers',
        // The uploader, and four in ten of the others.
        statements: [
          `insert into tracker.peers
             (torrent_id, user_id, peer_id, ip_address, port, uploaded, downloaded, left_bytes, user_agent, started_at, last_announce_at)
           select
             torrent.id, pg_temp.person(torrent.uploader + seat), uuid_send(pg_temp.person(torrent.uploader + seat)) || int4send(1),
             '198.18.0.0'::inet + pg_temp.dice(torrent.uploader + seat, 182) % 131072,
             20000 + (pg_temp.dice(torrent.uploader + seat, 183) % 30000)::integer, history.uploaded, history.downloaded,
             case when history.completed_at is not null or seat = 0 then 0 else torrent.bytes - history.downloaded end,
             (array['qBittorrent/5.0.2', 'Transmission/4.0.6', 'Deluge/2.1.1'])[1 + seat % 3],
             history.first_announce_at, history.last_announce_at
           from load_torrents as torrent
           cross join lateral generate_series(0, torrent.people - 1) as seat
           join tracker.user_torrents as history
             on history.user_id = pg_temp.person(torrent.uploader + seat) and history.torrent_id = torrent.id
           where seat = 0 or pg_temp.dice(torrent.t * 1000003 + seat, 184) % 10 < 4
           order by 1, 2`,
        ],
      },
      {
        name: 'comments on torrents',
        statements: [
          `insert into tracker.comments (id, torrent_id, author_id, content, inserted_at, updated_at)
           select
             pg_temp.id_at(torrent.at_ms + 7200000 * place, torrent.t * 4 + place, 185), torrent.id,
             pg_temp.person(torrent.uploader + place), pg_temp.words(torrent.t * 4 + place, 186),
             pg_temp.moment(torrent.at_ms + 7200000 * place), pg_temp.moment(torrent.at_ms + 7200000 * place)
           from load_torrents as torrent
           cross join lateral generate_series(1, ${comments}) as place
           where torrent.is_listed
           order by 1`,
        ],
      },
      {
        name: 'figures of torrents',
        statements: [
          `insert into tracker.torrent_statistics
             (torrent_id, seeders, leechers, times_completed, total_uploaded, total_downloaded, view_count, comment_count,
              last_announce_at, last_seeded_at, updated_at)
           select
             torrent.id, coalesce(swarm.seeders, 0), coalesce(swarm.leechers, 0), coalesce(moved.completed, 0),
             coalesce(moved.uploaded, 0), coalesce(moved.downloaded, 0), torrent.people * 7,
             case when torrent.is_listed then ${comments} else 0 end, swarm.heard_at, swarm.seeded_at,
             pg_temp.moment(${nowMs})
           from load_torrents as torrent
           left join (
             select
               history.torrent_id, count(history.completed_at) as completed, sum(history.uploaded) as uploaded,
               sum(history.downloaded) as downloaded
             from tracker.user_torrents as history
             group by history.torrent_id
           ) as moved on moved.torrent_id = torrent.id
           left join (
             select
               session.torrent_id, count(*) filter (where session.is_seeder) as seeders,
               count(*) filter (where not session.is_seeder) as leechers, max(session.last_announce_at) as heard_at,
               max(session.last_announce_at) filter (where session.is_seeder) as seeded_at
             from tracker.peers as session
             group by session.torrent_id
           ) as swarm on swarm.torrent_id = torrent.id
           order by torrent.id`,
        ],
      },
      {
        name: 'requests',
        statements: [
          `insert into tracker.requests
             (id, requester_id, category_id, title, description, status, total_bounty, vote_count, filled_torrent_id, filled_by,
              filled_at, confirmed_at, inserted_at, updated_at)
           select
             ${request}, pg_temp.person(r * 3), ${category}, pg_temp.words(r, 187), '', ${state},
             case when ${state} = 'cancelled' then 0 else ${bounty} end, 1 + r % 20,
             case when ${state} = 'filled' then torrent.id end,
             case when ${state} = 'filled' then pg_temp.person(${holders} + r) end,
             case when ${state} = 'filled' then pg_temp.moment(${nowMs} - 15 * ${dayMs}) end,
             case when ${state} = 'filled' then pg_temp.moment(${nowMs} - 14 * ${dayMs}) end,
             pg_temp.moment(${nowMs} - 20 * ${dayMs} + r), pg_temp.moment(${nowMs} - 20 * ${dayMs} + r)
           from generate_series(0::bigint, ${requests - 1}) as r
           left join load_torrents as torrent on torrent.t = r % ${torrents - 1} + 1`,
          `insert into tracker.request_votes (request_id, user_id, inserted_at)
           select ${request}, pg_temp.person(r * 7 + seat), pg_temp.moment(${nowMs} - 20 * ${dayMs} + r + seat)
           from generate_series(0::bigint, ${requests - 1}) as r
           cross join lateral generate_series(0, r % 20) as seat`,
        ],
      },
      {
        name: 'movements of points',
        statements: [
          // A welcome, and ten days on which seeding was paid for.
          `insert into tracker.bonus_transactions
             (user_id, id, amount, balance_after, kind, bonus_rule_id, period_start, description, inserted_at)
           select
             pg_temp.person(n), pg_temp.id_at(${movementMs}, n * 16 + place, 176), gained.amount,
             sum(gained.amount) over (partition by n order by place), case when place = 0 then 'adjustment' else 'earned' end,
             case when place > 0 then rule.id end,
             case when place > 0 then date_trunc('hour', pg_temp.moment(${movementMs}), 'UTC') end,
             case when place = 0 then 'Welcome' end, pg_temp.moment(${movementMs})
           from generate_series(0::bigint, ${holders - 1}) as n
           cross join generate_series(0, ${debitPlace - 1}) as place
           cross join lateral (
             select (case when place = 0 then 200 + pg_temp.dice(n, 188) % 500 else 1 + pg_temp.dice(n * 16 + place, 189) % 24 end)::numeric as amount
           ) as gained
           cross join (select id from tracker.bonus_rules where event = 'seeding' order by id limit 1) as rule
           order by 1, 2`,
          // What the three gave, and of a cancelled request got back.
          `insert into tracker.bonus_transactions
             (user_id, id, amount, balance_after, kind, request_id, description, inserted_at)
           select
             pg_temp.person(n), pg_temp.id_at(${movementMs}, n * 16 + place, 176),
             case when place = ${debitPlace} then -${contribution('n')} else ${contribution('n')} end,
             before.balance - case when place = ${debitPlace} then ${contribution('n')} else 0 end,
             case when place = ${debitPlace} then 'bounty_escrow' else 'bounty_refund' end,
             ${request}, pg_temp.words(r, 187), pg_temp.moment(${movementMs})
           from generate_series(0::bigint, ${requests * 3 - 1}) as n
           cross join lateral (select n / 3 as r) as asked
           cross join (values (${debitPlace}), (${refundPlace})) as step (place)
           cross join lateral (
             select last.balance_after as balance
             from tracker.bonus_transactions as last
             where last.user_id = pg_temp.person(n) and last.id = ${movement('n', debitPlace - 1)}
           ) as before
           where place = ${debitPlace} or ${state} = 'cancelled'
           order by 1, 2`,
          `insert into tracker.bonus_transactions
             (user_id, id, amount, balance_after, kind, request_id, torrent_id, description, inserted_at)
           select
             pg_temp.person(n), pg_temp.id_at(${movementMs}, n * 16 + place, 176), ${bounty}, ${bounty}, 'bounty_payout',
             ${request}, torrent.id, pg_temp.words(r, 187), pg_temp.moment(${movementMs})
           from generate_series(0::bigint, ${requests - 1}, 4) as r
           cross join lateral (select ${holders} + r as n, ${payoutPlace} as place) as filler
           join load_torrents as torrent on torrent.t = r % ${torrents - 1} + 1
           order by 1, 2`,
        ],
      },
      {
        name: 'bounties',
        statements: [
          `insert into tracker.request_bounties
             (id, request_id, user_id, amount, is_initial, debit_transaction_id, refund_transaction_id, inserted_at)
           select
             pg_temp.id_at(${movementMs}, n, 190), ${request}, pg_temp.person(n), ${contribution('n')}, n % 3 = 0,
             ${movement('n', debitPlace)}, case when ${state} = 'cancelled' then ${movement('n', refundPlace)} end,
             pg_temp.moment(${movementMs})
           from generate_series(0::bigint, ${requests * 3 - 1}) as n
           cross join lateral (select n / 3 as r, ${debitPlace} as place) as asked
           order by 1`,
        ],
      },
      {
        name: 'totals of people',
        statements: [
          `insert into tracker.user_statistics
             (user_id, uploaded, downloaded, seed_seconds, torrents_snatched, seedbonus, bounty_spent, bounty_earned,
              torrents_uploaded, requests_filled, comment_count, updated_at)
           select
             part.user_id, sum(part.uploaded), sum(part.downloaded), sum(part.seed_seconds), sum(part.snatched),
             sum(part.points), sum(part.spent), sum(part.earned), sum(part.torrents), sum(part.filled), sum(part.comments),
             pg_temp.moment(${nowMs})
           from (
             select
               history.user_id, sum(history.uploaded) as uploaded, sum(history.downloaded) as downloaded,
               sum(history.seed_seconds) as seed_seconds, count(history.completed_at) as snatched,
               0 as points, 0 as spent, 0 as earned, 0 as torrents, 0 as filled, 0 as comments
             from tracker.user_torrents as history
             join load_torrents as torrent on torrent.id = history.torrent_id
             group by history.user_id
             union all
             select
               movement.user_id, 0, 0, 0, 0, sum(movement.amount),
               coalesce(-sum(movement.amount) filter (where movement.kind in ('bounty_escrow', 'bounty_refund')), 0),
               coalesce(sum(movement.amount) filter (where movement.kind = 'bounty_payout'), 0), 0, 0, 0
             from tracker.bonus_transactions as movement
             where movement.user_id in (select pg_temp.person(n) from generate_series(0::bigint, ${holders + requests}) as n)
             group by movement.user_id
             union all
             select pg_temp.person(torrent.uploader), 0, 0, 0, 0, 0, 0, 0, count(*), 0, 0
             from load_torrents as torrent
             where torrent.is_listed
             group by 1
             union all
             select pg_temp.person(${holders} + r), 0, 0, 0, 0, 0, 0, 0, 0, 1, 0
             from generate_series(0::bigint, ${requests - 1}, 4) as r
             union all
             select pg_temp.person(torrent.uploader + place), 0, 0, 0, 0, 0, 0, 0, 0, 0, 1
             from load_torrents as torrent
             cross join lateral generate_series(1, ${comments}) as place
             where torrent.is_listed
           ) as part
           group by part.user_id
           order by part.user_id`,
        ],
      },
      {
        name: 'collections',
        statements: [
          `insert into tracker.collections
             (id, owner_id, name, description, kind, item_count, subscriber_count, inserted_at, updated_at)
           select
             ${collection}, pg_temp.person(c * 31), 'Collection ' || c, pg_temp.words(c, 191),
             case when c % 2 = 0 then 'playlist' else 'collage' end, counted.amount, 1 + c % 15,
             pg_temp.moment(${nowMs} - 10 * ${dayMs} + c), pg_temp.moment(${nowMs} - 10 * ${dayMs} + c)
           from generate_series(0::bigint, ${collections - 1}) as c
           cross join lateral (
             select count(*) as amount
             from generate_series(0, 9) as seat
             where (c * 41 + seat) % ${torrents} % 50 > 0
           ) as counted`,
          `insert into tracker.collection_items (collection_id, torrent_id, position, added_by, inserted_at)
           select ${collection}, torrent.id, seat, pg_temp.person(c * 31), pg_temp.moment(${nowMs} - 10 * ${dayMs} + c + seat)
           from generate_series(0::bigint, ${collections - 1}) as c
           cross join generate_series(0, 9) as seat
           join load_torrents as torrent on torrent.t = (c * 41 + seat) % ${torrents} and torrent.is_listed`,
          `insert into tracker.collection_subscriptions (user_id, collection_id, last_seen_at, inserted_at)
           select
             pg_temp.person(c * 13 + seat), ${collection}, pg_temp.moment(${nowMs} - 5 * ${dayMs}),
             pg_temp.moment(${nowMs} - 9 * ${dayMs})
           from generate_series(0::bigint, ${collections - 1}) as c
           cross join lateral generate_series(0, c % 15) as seat`,
        ],
      },
    ];
  },
};
