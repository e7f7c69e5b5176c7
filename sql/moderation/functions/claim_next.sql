create or replace function moderation.claim_next(p_queue_type text)
returns moderation.queue_items
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_role('moderator');
  lapsed_id uuid;
  next_id uuid;
begin
  if p_queue_type is null or p_queue_type not in ('approval', 'investigation', 'appeal') then
    perform core.fail('queue.type_unknown');
  end if;
  if p_queue_type = 'appeal' then
    perform core.require_role('admin');
  end if;

  for lapsed_id in
    select item.id
    from moderation.queue_items as item
    where item.queue_type = p_queue_type
      and item.status = 'in_progress'
      and item.assigned_at
        <= clock_timestamp() - make_interval(hours => core.setting_integer('moderation.claim_hours')::integer)
    order by item.assigned_at
    limit 100
    for no key update skip locked
  loop
    perform moderation.put_back(lapsed_id);
  end loop;

  -- Moderators who ask at the same moment pass over what another is about to get.
  select item.id into next_id
  from moderation.queue_items as item
  where item.queue_type = p_queue_type
    and item.status = 'pending'
    and item.subject_user_id is distinct from me
  order by item.priority desc, item.id
  limit 1
  for no key update skip locked;
  if not found then
    perform core.fail('queue.empty');
  end if;
  return moderation.start_work(next_id, me);
end
$$;

comment on function moderation.claim_next(text) is
  E'@name claim_next_queue_item\nModerators only (appeals: administrators): takes the next piece of work of a queue, highest priority first, then oldest, never one about the caller. Its reports count as investigated. A claim lapses after four hours (setting moderation.claim_hours). Refuses queue.type_unknown and queue.empty. Moderators who ask at once get different ones without waiting for each other.';

revoke all on function moderation.claim_next(text) from public;
grant execute on function moderation.claim_next(text) to stoa_moderator;
