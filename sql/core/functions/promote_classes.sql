create or replace function core.promote_classes()
returns integer
language plpgsql
volatile
-- Run by the worker over all accounts.
security definer
set search_path = ''
as $$
declare
  moved integer;
begin
  execute format(
    $query$
      with figures as (
        select
          account.id as user_id,
          account.class_id,
          age.value as age_days,
          uploaded.value as uploaded_bytes,
          ratio.value as ratio,
          torrents.value as torrents_uploaded
        from core.users as account
        join core.user_classes as class on class.id = account.class_id
        left join (%s) as age on age.user_id = account.id
        left join (%s) as uploaded on uploaded.user_id = account.id
        left join (%s) as ratio on ratio.user_id = account.id
        left join (%s) as torrents on torrents.user_id = account.id
        where class.role = 'user'
          and (class.is_default or class.min_account_age_days is not null)
          and account.deleted_at is null
          and account.erased_at is null
          and not account.is_bot
          and not account.is_system
      ),
      deserved as (
        select figures.user_id, figures.class_id as from_id, best.id as to_id
        from figures
        cross join lateral (
          select class.id
          from core.user_classes as class
          where class.role = 'user'
            and (
              class.is_default
              or (
                class.min_account_age_days is not null
                and figures.age_days >= class.min_account_age_days
                and (class.min_uploaded_bytes is null or figures.uploaded_bytes >= class.min_uploaded_bytes)
                and (class.min_ratio is null or figures.ratio >= class.min_ratio)
                and (class.min_torrents_uploaded is null or figures.torrents_uploaded >= class.min_torrents_uploaded)
              )
            )
          order by class.sort_order desc
          limit 1
        ) as best
        where best.id <> figures.class_id
      ),
      moved as (
        update core.users as account
        set class_id = deserved.to_id,
            role = 'user'
        from deserved
        where account.id = deserved.user_id
          and account.class_id = deserved.from_id
        returning account.id, deserved.from_id, deserved.to_id
      ),
      logged as (
        select audit.record(
          p_action => 'user.promote',
          p_resource_type => 'core.users',
          p_resource_id => moved.id,
          p_old_values => jsonb_build_object('class_id', moved.from_id),
          p_new_values => jsonb_build_object('class_id', moved.to_id)
        )
        from moved
      )
      select count(*) from logged
    $query$,
    core.metric_query('account_age_days'),
    core.metric_query('uploaded_bytes'),
    core.metric_query('ratio'),
    core.metric_query('torrents_uploaded')
  )
  into moved;

  return moved;
end
$$;

comment on function core.promote_classes() is
  'Worker, daily: moves everybody in the default class or in a class with automatic thresholds to the highest such class whose thresholds they meet, up or down. Classes given by hand, staff and bots are left alone. Each move is audited. Returns how many moved.';

revoke all on function core.promote_classes() from public;
grant execute on function core.promote_classes() to stoa_worker;
