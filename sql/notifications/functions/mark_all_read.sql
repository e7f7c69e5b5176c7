create or replace function notifications.mark_all_read(p_up_to uuid default null)
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
  perform
  from notifications.open_groups
  where user_id = me
    and (p_up_to is null or notification_id <= p_up_to)
  order by group_key
  for update;

  delete from notifications.open_groups
  where user_id = me
    and (p_up_to is null or notification_id <= p_up_to);

  update notifications.notifications
  set read_at = now()
  where user_id = me
    and read_at is null
    and (p_up_to is null or id <= p_up_to);

  get diagnostics marked = row_count;
  if marked > 0 then
    perform core.announce('bell', array[me::text]);
  end if;
  return marked;
end
$$;

comment on function notifications.mark_all_read(uuid) is
  E'@name mark_all_notifications_read\n@argument up_to Up to this notification, the newest that was shown; left out: all.\nMarks the caller''s notifications as read, those up to p_up_to when it is given (send the newest one that is on the screen), and returns how many were unread.';

revoke all on function notifications.mark_all_read(uuid) from public;
grant execute on function notifications.mark_all_read(uuid) to stoa_member;
