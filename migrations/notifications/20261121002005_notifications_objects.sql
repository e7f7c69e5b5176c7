-- Why: what is defined in sql/notifications: 7 functions, 2 triggers, policies of 3 tables, as they stand under sql/.
-- New: notifications.click, notifications.mark_all_read, notifications.mark_read, notifications.notify,
--   notifications.register_push, notifications.unread_count, notifications.unregister_push, notifications
--   policies notifications, notifications policies open_groups, notifications policies push_tokens,
--   notifications triggers notifications.touch_updated_at, notifications triggers
--   open_groups.touch_updated_at.
-- Locks: ACCESS EXCLUSIVE, for an instant, on notifications.notifications, notifications.push_tokens
--   (policies); SHARE ROW EXCLUSIVE, for an instant, on notifications.notifications,
--   notifications.open_groups (triggers).
-- Back: drops what is new. No data is touched.

-- Up Migration

-- Bodies that are strings bind when they are called.
set local check_function_bodies = off;

-- Object: notifications/functions/click.sql
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
  return marked;
end
$$;

comment on function notifications.mark_read(uuid[]) is
  E'@name mark_notifications_read\nMarks the caller''s notifications with these ids as read, at most 1,000 at once, and returns how many were unread. Ids of others are passed over. Refuses input.too_long.';

revoke all on function notifications.mark_read(uuid[]) from public;
grant execute on function notifications.mark_read(uuid[]) to stoa_member;

-- Object: notifications/functions/notify.sql
create or replace function notifications.notify(
  p_user_id uuid,
  p_type text,
  p_title text,
  p_body text default null,
  p_data jsonb default '{}',
  p_actor_id uuid default null,
  p_group_key text default null
)
returns uuid
language plpgsql
volatile
-- Writes into other people's bells, and reads their switches and blocks.
security definer
set search_path = ''
as $$
declare
  entry_id uuid := core.uuidv7();
  current_id uuid;
begin
  if p_user_id is null
    or p_user_id = p_actor_id
    or not exists (select from core.users where id = p_user_id and deleted_at is null and erased_at is null)
    -- The switch of a type is false, or an object with one switch a channel.
    or exists (
      select
      from core.user_settings as settings
      where settings.user_id = p_user_id
        and (
          settings.notifications -> p_type = 'false'::jsonb
          or settings.notifications -> p_type -> 'bell' = 'false'::jsonb
        )
    )
    or (p_actor_id is not null and social.is_blocked(p_user_id, p_actor_id))
  then
    return null;
  end if;

  if p_group_key is not null then
    -- Events of one group queue up at this row, so exactly one of them starts the entry and the rest count into it.
    insert into notifications.open_groups as pointer (user_id, group_key, notification_id)
    values (p_user_id, p_group_key, entry_id)
    on conflict (user_id, group_key) do update
    set updated_at = now()
    returning notification_id into current_id;

    if current_id <> entry_id then
      update notifications.notifications
      set count = count + 1,
          actor_id = p_actor_id,
          title = left(p_title, 255),
          body = p_body,
          data = p_data
      where user_id = p_user_id
        and id = current_id
        and read_at is null;

      if found then
        return current_id;
      end if;

      -- The entry was read or its partition dropped while the pointer stayed.
      update notifications.open_groups
      set notification_id = entry_id
      where user_id = p_user_id
        and group_key = p_group_key;
    end if;
  end if;

  insert into notifications.notifications (user_id, id, actor_id, type, title, body, data, group_key)
  values (p_user_id, entry_id, p_actor_id, p_type, left(p_title, 255), p_body, p_data, p_group_key);

  return entry_id;
end
$$;

comment on function notifications.notify(uuid, text, text, text, jsonb, uuid, text) is
  'Puts an entry into somebody''s bell and returns its id. Events with the same group key count into one entry until it is read. Stays silent (null) towards oneself, closed accounts, a switched-off type, and between two people of whom one blocks the other. At most three single-row writes; parallel events of one group wait for each other, so whoever notifies several people does it in the order of their ids.';

revoke all on function notifications.notify(uuid, text, text, text, jsonb, uuid, text) from public;
grant execute on function notifications.notify(uuid, text, text, text, jsonb, uuid, text) to stoa_worker;

-- Object: notifications/functions/register_push.sql
create or replace function notifications.register_push(p_token text, p_platform text, p_device_name text default null)
returns notifications.push_tokens
language plpgsql
volatile
-- A device may come from another account, whose row the caller may not see.
security definer
set search_path = ''
as $$
declare
  me uuid := core.require_member();
  device notifications.push_tokens;
begin
  if p_platform is null or p_platform not in ('ios', 'android', 'web', 'desktop') then
    perform core.fail('push.unknown_platform');
  end if;

  insert into notifications.push_tokens as stored (user_id, session_id, token, platform, device_name)
  values (
    me,
    nullif(current_setting('stoa.session_id', true), '')::uuid,
    core.clean_text(p_token, 4096),
    p_platform,
    core.clean_text(p_device_name, 100, false)
  )
  on conflict (token) do update
  set user_id = excluded.user_id,
      session_id = excluded.session_id,
      platform = excluded.platform,
      device_name = excluded.device_name
  returning * into device;

  device.token := '';
  return device;
end
$$;

comment on function notifications.register_push(text, text, text) is
  'Registers the device of this session for push delivery; a token moves to whoever registered it last, and goes when the session ends. Refuses push.unknown_platform, and an empty token (input.empty).';

revoke all on function notifications.register_push(text, text, text) from public;
grant execute on function notifications.register_push(text, text, text) to stoa_member;

-- Object: notifications/functions/unread_count.sql
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

-- Object: notifications/functions/unregister_push.sql
create or replace function notifications.unregister_push(p_token text)
returns boolean
language plpgsql
volatile
-- Members may not write the table.
security definer
set search_path = ''
as $$
declare
  me uuid := core.require_member();
begin
  delete from notifications.push_tokens
  where user_id = me
    and token = p_token;

  if not found then
    perform core.fail('push.unknown');
  end if;

  return true;
end
$$;

comment on function notifications.unregister_push(text) is
  'Ends push delivery to a device of the caller. Refuses push.unknown.';

revoke all on function notifications.unregister_push(text) from public;
grant execute on function notifications.unregister_push(text) to stoa_member;

-- Object: notifications/triggers/notifications.touch_updated_at.sql
create or replace trigger touch_updated_at
before update on notifications.notifications
for each row execute function core.touch_updated_at();

comment on trigger touch_updated_at on notifications.notifications is 'Keeps updated_at.';

-- Object: notifications/triggers/open_groups.touch_updated_at.sql
create or replace trigger touch_updated_at
before update on notifications.open_groups
for each row execute function core.touch_updated_at();

comment on trigger touch_updated_at on notifications.open_groups is 'Keeps updated_at.';

-- Object: notifications/policies/notifications.sql
revoke all on notifications.notifications from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on notifications.notifications to stoa_member, stoa_worker;

drop policy if exists read_own on notifications.notifications;
create policy read_own on notifications.notifications
for select to stoa_member
using (user_id = (select core.current_user_id()));
comment on policy read_own on notifications.notifications is
  'A bell is its owner''s alone, administrators included.';

-- Object: notifications/policies/open_groups.sql
-- No API role reads or writes this table; procedures do.
revoke all on notifications.open_groups from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;

-- Object: notifications/policies/push_tokens.sql
revoke all on notifications.push_tokens from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select (id, user_id, session_id, platform, device_name, last_used_at, inserted_at) on notifications.push_tokens to stoa_member;
grant select, update (last_used_at), delete on notifications.push_tokens to stoa_worker;

drop policy if exists read_own on notifications.push_tokens;
create policy read_own on notifications.push_tokens
for select to stoa_member
using (user_id = (select core.current_user_id()));
comment on policy read_own on notifications.push_tokens is
  'One''s own devices; the token itself is withheld by column grants.';

-- End of objects

-- Down Migration

drop policy read_own on notifications.push_tokens;
drop policy read_own on notifications.notifications;
drop trigger touch_updated_at on notifications.open_groups;
drop trigger touch_updated_at on notifications.notifications;
drop function notifications.unregister_push(text);
drop function notifications.unread_count();
drop function notifications.register_push(text, text, text);
drop function notifications.notify(uuid, text, text, text, jsonb, uuid, text);
drop function notifications.mark_read(uuid[]);
drop function notifications.mark_all_read(uuid);
drop function notifications.click(uuid);
revoke all on table notifications.notifications from stoa_member, stoa_worker;
revoke all on table notifications.push_tokens from stoa_member, stoa_worker;
