create or replace function notifications.mark_read(p_ids uuid[])
returns integer
language plpgsql
volatile
-- Also removes the pointers, which have no grants.
security definer
set search_path = ''
as $$
declare
  me uuid := core.require_member();
  marked integer;
begin
  if cardinality(p_ids) > 1000 then
    perform core.fail('input.too_long');
  end if;

  -- Pointers first, in the order of their key, as notify() locks them: an event that comes now starts a new entry.
  perform
  from notifications.open_groups
  where user_id = me
    and notification_id = any (p_ids)
  order by group_key
  for update;

  delete from notifications.open_groups
  where user_id = me
    and notification_id = any (p_ids);

  update notifications.notifications
  set read_at = now()
  where user_id = me
    and id = any (p_ids)
    and read_at is null;

  get diagnostics marked = row_count;
  if marked > 0 then
    perform core.announce('bell', array[me::text]);
  end if;
  return marked;
end
$$;

comment on function notifications.mark_read(uuid[]) is
  E'@name mark_notifications_read\n@argument ids Identifiers of the notifications.\nMarks the caller''s notifications with these ids as read, at most 1,000 at once, and returns how many were unread. Ids of others are passed over. Refuses input.too_long.';

revoke all on function notifications.mark_read(uuid[]) from public;
grant execute on function notifications.mark_read(uuid[]) to stoa_member;
