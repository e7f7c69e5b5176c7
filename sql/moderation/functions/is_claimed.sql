create or replace function moderation.is_claimed(p_item moderation.queue_items)
returns boolean
language plpgsql
stable
set search_path = ''
as $$
begin
  return p_item.status = 'in_progress'
    and p_item.assigned_to is not null
    and p_item.assigned_at
      > clock_timestamp() - make_interval(hours => core.setting_integer('moderation.claim_hours')::integer);
end
$$;

comment on function moderation.is_claimed(moderation.queue_items) is
  'Internal. Whether somebody works on a piece of work, and the claim has not lapsed.';

revoke all on function moderation.is_claimed(moderation.queue_items) from public;
