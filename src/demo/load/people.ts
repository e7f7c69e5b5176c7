import { inParts, type LoadModule, share } from './step.ts';

/** Friends of a member are those a few places on: near ones, so that people have friends in common, and far ones. */
const distances = [1, 2, 5, 17, 90, 331, 2_003, 20_011];

export const people: LoadModule = {
  schemas: ['core', 'social', 'notifications'],
  bulk: [
    'core.users',
    'core.profiles',
    'social.friendships',
    'social.friend_edges',
    'notifications.notifications',
  ],
  steps: (plan) => {
    const { members, seed } = plan;
    const near = distances.filter((distance) => distance * 2 < members).join(', ');
    return [
      {
        name: 'members',
        statements: inParts(
          members,
          4,
          (from, below) => `
            insert into core.users (id, username, display_name, class_id, role, last_active_on, inserted_at, updated_at)
            select
              pg_temp.person(n), 'load_' || ${seed} || '_' || n, 'Member ' || n, class.id, class.role,
              pg_temp.moment(${plan.nowMs} - pg_temp.dice(n, 2) % (60 * 86400000::bigint))::date,
              pg_temp.moment(pg_temp.joined_ms(n)), pg_temp.moment(pg_temp.joined_ms(n))
            from generate_series(${from}, ${below - 1}) as n
            cross join core.user_classes as class
            where class.is_default
            order by n`,
        ),
      },
      {
        name: 'profiles',
        statements: [
          `insert into core.profiles (user_id, bio, inserted_at, updated_at)
           select
             pg_temp.person(n), case when pg_temp.dice(n, 3) % 3 > 0 then pg_temp.words(n, 3) end,
             pg_temp.moment(pg_temp.joined_ms(n)), pg_temp.moment(pg_temp.joined_ms(n))
           from generate_series(0, ${members - 1}) as n`,
        ],
      },
      {
        name: 'settings of members',
        statements: [
          `insert into core.user_settings (user_id, inserted_at, updated_at)
           select pg_temp.person(n), pg_temp.moment(pg_temp.joined_ms(n)), pg_temp.moment(pg_temp.joined_ms(n))
           from generate_series(0, ${members - 1}) as n`,
        ],
      },
      {
        name: 'friendships',
        // A member asked between one and eight people; four in five said yes.
        statements: inParts(
          members,
          4,
          (from, below) => `
            insert into social.friendships (id, user_id, friend_id, status, requested_at, accepted_at, inserted_at, updated_at)
            select
              pg_temp.id_at(asked.ms, n * 8 + pair.place, 4), pg_temp.person(n), pg_temp.person(n + pair.distance),
              case when asked.is_accepted then 'accepted' else 'pending' end,
              pg_temp.moment(asked.ms), case when asked.is_accepted then pg_temp.moment(asked.ms + 3600000) end,
              pg_temp.moment(asked.ms), pg_temp.moment(asked.ms)
            from generate_series(${from}, ${below - 1}) as n
            cross join unnest(array[${near}]) with ordinality as pair (distance, place)
            cross join lateral (
              select
                ${plan.nowMs} - (1 + pg_temp.dice(n * 8 + pair.place, 5) % 98) * 86400000::bigint as ms,
                pg_temp.dice(n * 8 + pair.place, 6) % 5 > 0 as is_accepted
            ) as asked
            where pair.place = 1 or pg_temp.chance(n * 8 + pair.place, 7) < 0.55
            order by 1`,
        ),
      },
      {
        name: 'edges of friends',
        statements: [
          // An addition finds the edges of those who are friends already.
          `insert into social.friend_edges (user_id, friend_id, since)
           select edge.user_id, edge.friend_id, edge.since
           from (
             select friendship.user_id, friendship.friend_id, friendship.accepted_at as since
             from social.friendships as friendship
             where friendship.status = 'accepted'
             union all
             select friendship.friend_id, friendship.user_id, friendship.accepted_at
             from social.friendships as friendship
             where friendship.status = 'accepted'
           ) as edge
           where not exists (
             select
             from social.friend_edges as known
             where known.user_id = edge.user_id and known.friend_id = edge.friend_id
           )
           order by 1, 2`,
        ],
      },
      {
        name: 'notifications',
        statements: inParts(
          share(plan, 200_000, 100),
          2,
          (from, below) => `
            insert into notifications.notifications (user_id, id, actor_id, type, title, body, read_at, inserted_at, updated_at)
            select
              pg_temp.person(told.member), pg_temp.id_at(told.ms, n, 8), pg_temp.person(told.member + 1), 'mention',
              'Somebody wrote about you', pg_temp.words(n, 9),
              case when pg_temp.dice(n, 10) % 3 > 0 then pg_temp.moment(told.ms + 60000) end,
              pg_temp.moment(told.ms), pg_temp.moment(told.ms)
            from generate_series(${from}, ${below - 1}) as n
            cross join lateral (
              select
                floor(power(pg_temp.chance(n, 11), 3) * ${members})::bigint as member,
                ${plan.nowMs} - (1 + pg_temp.dice(n, 12) % (60 * 86400000::bigint)) as ms
            ) as told
            order by 1, 2`,
        ),
      },
    ];
  },
};
