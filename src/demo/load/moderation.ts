import { type LoadModule, share } from './step.ts';

/** Complaints about people: most wait, some are being looked into, the rest are decided. Warnings, and bans from posting. */
export const moderation: LoadModule = {
  schemas: ['moderation'],
  steps: (plan) => {
    const { nowMs, members } = plan;
    const items = Math.min(share(plan, 500, 20), members);
    const itemMs = `(${nowMs} - (1 + pg_temp.dice(n, 100) % 60) * 86400000::bigint)`;
    const item = `pg_temp.id_at(${itemMs}, n, 101)`;
    const state = `(case when n % 10 < 6 then 'pending' when n % 10 = 6 then 'in_progress' else 'resolved' end)`;
    const offender = 'pg_temp.person(n * 3)';
    const moderator = `pg_temp.person(${members - 1})`;
    return [
      {
        name: 'work of moderators',
        statements: [
          `insert into moderation.queue_items
             (id, queue_type, item_type, item_id, subject_user_id, status, priority, report_count, submitted_by, assigned_to,
              assigned_at, resolved_by, resolved_at, resolution, inserted_at, updated_at)
           select
             ${item}, 'investigation', 'user', ${offender}, ${offender}, ${state}, n % 5,
             case when ${state} = 'resolved' then 0 else 3 end, pg_temp.person(n * 3 + 1),
             case when ${state} <> 'pending' then ${moderator} end,
             case when ${state} <> 'pending' then pg_temp.moment(${itemMs} + 7200000) end,
             case when ${state} = 'resolved' then ${moderator} end,
             case when ${state} = 'resolved' then pg_temp.moment(${itemMs} + 8200000) end,
             case when ${state} = 'resolved' then 'actioned' end,
             pg_temp.moment(${itemMs}), pg_temp.moment(${itemMs})
           from generate_series(0::bigint, ${items - 1}) as n
           where n * 3 < ${members}`,
        ],
      },
      {
        name: 'reports',
        statements: [
          `insert into moderation.reports
             (id, reporter_id, report_type, subject_id, subject_user_id, reason, description, status, queue_item_id,
              assigned_to, resolved_by, resolved_at, action_taken, inserted_at, updated_at)
           select
             pg_temp.id_at(${itemMs} + seat, n * 4 + seat, 102), pg_temp.person(n * 3 + seat), 'user', ${offender}, ${offender},
             (array['spam', 'abuse', 'other'])[seat], pg_temp.words(n * 4 + seat, 103),
             case ${state} when 'pending' then 'pending' when 'in_progress' then 'investigating' else 'resolved' end,
             ${item}, case when ${state} <> 'pending' then ${moderator} end,
             case when ${state} = 'resolved' then ${moderator} end,
             case when ${state} = 'resolved' then pg_temp.moment(${itemMs} + 8200000) end,
             case when ${state} = 'resolved' then 'warned' end,
             pg_temp.moment(${itemMs} + seat), pg_temp.moment(${itemMs} + seat)
           from generate_series(0::bigint, ${items - 1}) as n
           cross join generate_series(1, 3) as seat
           where n * 3 < ${members}`,
        ],
      },
      {
        name: 'warnings',
        statements: [
          `insert into moderation.warnings (id, user_id, issued_by, points, reason, expires_at, inserted_at)
           select
             pg_temp.id_at(${itemMs} + 8200000, n, 104), ${offender}, ${moderator}, 1 + n % 2, 'Please keep it civil.',
             pg_temp.moment(${itemMs} + 8200000 + 90 * 86400000::bigint), pg_temp.moment(${itemMs} + 8200000)
           from generate_series(0::bigint, ${items - 1}) as n
           where ${state} = 'resolved' and n * 3 < ${members}`,
        ],
      },
      {
        name: 'bans',
        // What a trigger publishes of a ban is written beside it. For good, so that it does not depend on the clock.
        statements: [
          `insert into moderation.bans (id, user_id, banned_by, ban_type, reason, starts_at, inserted_at, updated_at)
           select
             pg_temp.id_at(${itemMs} + 8200000, n, 105), ${offender}, ${moderator}, 'posting', 'Advertising.',
             pg_temp.moment(${itemMs} + 8200000), pg_temp.moment(${itemMs} + 8200000), pg_temp.moment(${itemMs} + 8200000)
           from generate_series(9::bigint, ${items - 1}, 10) as n
           where n * 3 < ${members}`,
          `insert into core.user_restrictions (user_id, activity, until)
           select ${offender}, 'posting', 'infinity'
           from generate_series(9::bigint, ${items - 1}, 10) as n
           where n * 3 < ${members}`,
        ],
      },
    ];
  },
};
