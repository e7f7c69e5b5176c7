create or replace function moderation.assign(p_item_id uuid, p_moderator_id uuid default null)
returns moderation.queue_items
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_role('moderator');
  assignee constant uuid := coalesce(p_moderator_id, me);
  item moderation.queue_items;
begin
  item := moderation.locked_item(p_item_id);
  if moderation.is_claimed(item) and item.assigned_to <> me and core.current_role_rank() < 3 then
    perform core.fail('queue.taken');
  end if;
  if assignee = item.subject_user_id
    or not exists (
      select
      from core.users as person
      where person.id = assignee
        and (person.role = 'admin' or person.role = 'moderator' and item.queue_type <> 'appeal')
        and person.is_active
        and person.deleted_at is null
        and person.erased_at is null
        and (person.banned_until is null or person.banned_until <= now())
    )
  then
    perform core.fail('queue.assignee_unfit');
  end if;
  return moderation.start_work(p_item_id, assignee);
end
$$;

comment on function moderation.assign(uuid, uuid) is
  E'@name assign_queue_item\n@argument moderator_id Who takes it; left out: the caller.\nModerators only: takes a certain piece of work, or hands it to another moderator. Of two who take it at once one gets it. Refuses queue.unknown, queue.about_you, queue.resolved, queue.taken (somebody else''s claim that has not lapsed; administrators may reassign it) and queue.assignee_unfit (somebody without the role, whose account is not in force, or whom it is about; appeals need an administrator).';

revoke all on function moderation.assign(uuid, uuid) from public;
grant execute on function moderation.assign(uuid, uuid) to stoa_moderator;
