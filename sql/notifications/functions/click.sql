create or replace function notifications.click(p_id uuid)
returns notifications.notifications
language plpgsql
volatile
-- Members may not write the table.
security definer
set search_path = ''
as $$
declare
  me uuid := core.require_member();
  entry notifications.notifications;
begin
  delete from notifications.open_groups
  where user_id = me
    and notification_id = p_id;

  update notifications.notifications
  set clicked_at = coalesce(clicked_at, now()),
      read_at = coalesce(read_at, now())
  where user_id = me
    and id = p_id
  returning * into entry;

  if not found then
    perform core.fail('notification.unknown');
  end if;

  return entry;
end
$$;

comment on function notifications.click(uuid) is
  E'@name click_notification\nNotes that the caller followed a notification, which also marks it as read. Refuses notification.unknown.';

revoke all on function notifications.click(uuid) from public;
grant execute on function notifications.click(uuid) to stoa_member;
