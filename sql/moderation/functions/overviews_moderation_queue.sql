create or replace function moderation.overviews_moderation_queue(
  p_overview core.overviews,
  out pending_count integer,
  out assigned_count integer
)
returns record
language plpgsql
stable
set search_path = ''
as $$
begin
  if core.current_role_rank() < 2 then
    return;
  end if;
  select count(*)
  into pending_count
  from (
    select
    from moderation.queue_items as item
    where item.status = 'pending'
    limit 1000
  ) as waiting;
  select count(*)
  into assigned_count
  from moderation.queue_items as item
  where item.assigned_to = core.current_user_id()
    and item.status = 'in_progress';
end
$$;

comment on function moderation.overviews_moderation_queue(core.overviews) is
  E'@returns moderation_workload\n@column pending_count How many items wait for a moderator, counted up to 1,000.\n@column assigned_count How many items the caller works on.\nThe work that waits, for moderators; null for others. At most 1,000 entries of an index.';

revoke all on function moderation.overviews_moderation_queue(core.overviews) from public;
grant execute on function moderation.overviews_moderation_queue(core.overviews) to stoa_member;
