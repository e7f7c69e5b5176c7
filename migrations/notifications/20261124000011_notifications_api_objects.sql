-- Why: the badge is a field of the person in the API.
-- New: notifications.overviews_unread_notification_count.
-- Changed: notifications.mark_all_read, notifications.mark_read.
-- Locks: none on tables.
-- Back: the text that each object had before; what is new is dropped. No data is touched.

-- Up Migration

-- Bodies that are strings bind when they are called.
set local check_function_bodies = off;

-- Object: notifications/functions/mark_all_read.sql
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

-- Object: notifications/functions/mark_read.sql
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

-- Object: notifications/functions/overviews_unread_notification_count.sql
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

-- End of objects

-- Down Migration

-- Bodies that are strings bind when they are called.
set local check_function_bodies = off;

drop function notifications.overviews_unread_notification_count(core.overviews);

-- Object: notifications/functions/mark_all_read.sql
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
  E'@name mark_all_notifications_read\nMarks the caller''s notifications as read, those up to p_up_to when it is given (send the newest one that is on the screen), and returns how many were unread.';

revoke all on function notifications.mark_all_read(uuid) from public;
grant execute on function notifications.mark_all_read(uuid) to stoa_member;

-- Object: notifications/functions/mark_read.sql
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
  E'@name mark_notifications_read\nMarks the caller''s notifications with these ids as read, at most 1,000 at once, and returns how many were unread. Ids of others are passed over. Refuses input.too_long.';

revoke all on function notifications.mark_read(uuid[]) from public;
grant execute on function notifications.mark_read(uuid[]) to stoa_member;

-- End of objects
