-- Why: listeners hear of facts once they are committed, and of what changes their access; ids only.
-- Changed: notifications.mark_all_read, notifications.mark_read, notifications.notify.
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
        perform core.announce('bell', array[p_user_id || '/' || current_id]);
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

  perform core.announce('bell', array[p_user_id || '/' || entry_id]);
  return entry_id;
end
$$;

comment on function notifications.notify(uuid, text, text, text, jsonb, uuid, text) is
  'Puts an entry into somebody''s bell and returns its id. Events with the same group key count into one entry until it is read. Stays silent (null) towards oneself, closed accounts, a switched-off type, and between two people of whom one blocks the other. At most three single-row writes; announced to listeners; parallel events of one group wait for each other, so whoever notifies several people does it in the order of their ids.';

revoke all on function notifications.notify(uuid, text, text, text, jsonb, uuid, text) from public;
grant execute on function notifications.notify(uuid, text, text, text, jsonb, uuid, text) to stoa_worker;

-- End of objects

-- Down Migration

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

-- End of objects
