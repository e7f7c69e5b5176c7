create or replace function notifications.unread_count()
returns integer
language sql
stable
begin atomic
  select count(*)::integer
  from (
    select
    from notifications.notifications
    where user_id = (select core.current_user_id())
      and read_at is null
    limit 100
  ) as unread;
end;

comment on function notifications.unread_count() is
  E'@name unread_notification_count\nHow many notifications the caller has not read, counted up to 100: show 100 as "99+". Reads at most 100 entries of a partial index, however many there are.';

revoke all on function notifications.unread_count() from public;
grant execute on function notifications.unread_count() to stoa_member;
