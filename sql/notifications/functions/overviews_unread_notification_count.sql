create or replace function notifications.overviews_unread_notification_count(p_overview core.overviews)
returns integer
language sql
stable
begin atomic
  select notifications.unread_count();
end;

comment on function notifications.overviews_unread_notification_count(core.overviews) is
  'How many notifications one has not read, counted up to 100: show 100 as "99+".';

revoke all on function notifications.overviews_unread_notification_count(core.overviews) from public;
grant execute on function notifications.overviews_unread_notification_count(core.overviews) to stoa_member;
