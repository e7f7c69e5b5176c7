-- Why: registers what must hold about the tables of this module, for "stoa doctor invariants".
-- Locks: none. Back: deletes the rows of this module.

-- Up Migration

insert into ops.invariants (name, module, description, query) values
  (
    'moderation.queue_items.report_count',
    'moderation',
    'A piece of work counts the open reports that are attached to it.',
    $query$
      select item.id::text as subject, coalesce(counted.amount, 0)::text as expected, item.report_count::text as found
      from moderation.queue_items as item
      left join (
        select report.queue_item_id, count(*) as amount
        from moderation.reports as report
        where report.status in ('pending', 'investigating')
        group by report.queue_item_id
      ) as counted on counted.queue_item_id = item.id
      where item.report_count <> coalesce(counted.amount, 0)
    $query$
  ),
  (
    'moderation.reports.work',
    'moderation',
    'An open report is part of a piece of work that is not done, and waits or is looked into as that is.',
    $query$
      select
        report.id::text as subject,
        case item.status
          when 'pending' then 'pending'
          when 'in_progress' then 'investigating'
          else 'part of open work'
        end as expected,
        report.status || case when item.id is null then ' without work' else '' end as found
      from moderation.reports as report
      left join moderation.queue_items as item on item.id = report.queue_item_id
      where report.status in ('pending', 'investigating')
        and report.status is distinct from case item.status when 'pending' then 'pending' when 'in_progress' then 'investigating' end
    $query$
  ),
  (
    'moderation.bans.account',
    'moderation',
    'An account is banned until the last of its running bans ends, and is not when none runs.',
    $query$
      select
        person.id::text as subject,
        coalesce(running.until::text, 'not banned') as expected,
        coalesce(person.banned_until::text, 'not banned') as found
      from core.users as person
      left join (
        select ban.user_id, max(coalesce(ban.expires_at, 'infinity')) as until
        from moderation.bans as ban
        where ban.ban_type = 'account'
          and ban.lifted_at is null
          and (ban.expires_at is null or ban.expires_at > now())
        group by ban.user_id
      ) as running on running.user_id = person.id
      where (person.banned_until > now() or running.until is not null)
        and person.banned_until is distinct from running.until
    $query$
  ),
  (
    'moderation.bans.restrictions',
    'moderation',
    'Somebody is kept from an activity until the last of their running bans from it ends, and not when none runs.',
    $query$
      select
        coalesce(restriction.user_id, running.user_id) || ' ' || coalesce(restriction.activity, running.ban_type) as subject,
        coalesce(running.until::text, 'free') as expected,
        coalesce(restriction.until::text, 'free') as found
      from (
        select * from core.user_restrictions as known where known.until > now()
      ) as restriction
      full join (
        select ban.user_id, ban.ban_type, max(coalesce(ban.expires_at, 'infinity')) as until
        from moderation.bans as ban
        where ban.ban_type <> 'account'
          and ban.lifted_at is null
          and (ban.expires_at is null or ban.expires_at > now())
        group by ban.user_id, ban.ban_type
      ) as running on running.user_id = restriction.user_id and running.ban_type = restriction.activity
      where restriction.until is distinct from running.until
    $query$
  );

-- Down Migration

delete from ops.invariants where module = 'moderation';
