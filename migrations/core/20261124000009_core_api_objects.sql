-- Why: the reasons of the registry can be read for the descriptions of the API, people see what a request may do, and arguments and results have names and descriptions there.
-- New: core.error_reasons, core views overviews.
-- Changed: core.heartbeat, core.reindex_all.
-- Locks: none on tables.
-- Back: the text that each object had before; what is new is dropped. No data is touched.

-- Up Migration

-- Bodies that are strings bind when they are called.
set local check_function_bodies = off;

-- Object: core/functions/error_reasons.sql
create or replace function core.error_reasons()
returns table (reason text, sqlstate text)
language sql
stable
-- The registry itself has no grants.
security definer
set search_path = ''
begin atomic
  select e.reason, e.sqlstate from core.error_codes as e;
end;

comment on function core.error_reasons() is
  E'@internal\nEvery reason that a procedure may refuse with, and its SQLSTATE: the descriptions of the API list them. One scan of a small table.';

revoke all on function core.error_reasons() from public;
grant execute on function core.error_reasons() to stoa_anonymous;

-- Object: core/functions/heartbeat.sql
create or replace function core.heartbeat(p_device text default null)
returns core.presence
language plpgsql
volatile
-- Presence is written by functions only, and so is the day of last activity.
security definer
set search_path = ''
as $$
declare
  me uuid := core.require_member();
  today date := (now() at time zone 'UTC')::date;
  step smallint := case p_device when 'open' then 1 when 'close' then -1 else 0 end;
  idle_after interval := make_interval(secs => core.setting_integer('presence.idle_seconds'));
  mine core.presence;
begin
  if p_device not in ('open', 'close') then
    perform core.fail('device.unknown_event');
  end if;

  update core.presence
  set last_seen_at = now(),
      device_count = least(greatest(device_count + step, case p_device when 'close' then 0 else 1 end), 1000),
      status = case
        when p_device = 'close' then status
        -- Swept away for silence; somebody who chose to be unseen has a device and stays so.
        when status = 'offline' and device_count = 0 then 'online'
        when status = 'idle' and last_seen_at < now() - idle_after then 'online'
        else status
      end
  where user_id = me
  returning * into mine;

  if not found then
    insert into core.presence (user_id, status, device_count)
    values (me, 'online', 1)
    on conflict (user_id) do update
    set last_seen_at = excluded.last_seen_at
    returning * into mine;
  end if;

  -- This column is indexed, so it is written once a day and not once a beat.
  update core.users
  set last_active_on = today
  where id = me
    and last_active_on is distinct from today;

  return mine;
end
$$;

comment on function core.heartbeat(text) is
  E'@argument device open when a connection begins, close when it ends, nothing for a beat.\nSays that the caller is there; send it every 30 seconds or so. p_device is open when a connection begins, close when it ends, nothing for a beat. Notes the day of activity once a day (UTC). Refuses device.unknown_event. One HOT update without WAL.';

revoke all on function core.heartbeat(text) from public;
grant execute on function core.heartbeat(text) to stoa_member;

-- Object: core/functions/reindex_all.sql
create or replace function core.reindex_all(p_entity_type text, p_after uuid default null)
returns uuid
language plpgsql
volatile
-- Reads tables of every module and writes the queue, which has no grants.
security definer
set search_path = ''
as $$
declare
  source core.search_sources;
  last_id uuid;
begin
  perform core.require_role('admin');

  select * into source from core.search_sources where entity_type = p_entity_type;
  if not found then
    perform core.fail('search.unknown_entity');
  end if;

  execute format(
    $query$
      with batch as (
        select target.id
        from %s as target
        where ($1 is null or target.id > $1)
          and (%s)
        order by target.id
        limit 5000
      ),
      queued as (
        insert into core.search_index_queue as pending (entity_type, entity_id)
        select $2, batch.id
        from batch
        on conflict (entity_type, entity_id) where status = 'pending' do update
        set operation = excluded.operation
        returning pending.entity_id
      )
      select entity_id from queued order by entity_id desc limit 1
    $query$,
    source.table_name::regclass, source.condition
  )
  into last_id
  using p_after, p_entity_type;

  return last_id;
end
$$;

comment on function core.reindex_all(text, uuid) is
  E'@resultFieldName lastId\n@result The last identifier that was queued; null at the end.\nAdministrators only: queues the next 5,000 rows of an entity type after an id for the external search engine and returns the last id, to call it again with, or null when there are no more. Refuses search.unknown_entity.';

revoke all on function core.reindex_all(text, uuid) from public;
grant execute on function core.reindex_all(text, uuid) to stoa_admin;

-- Object: core/views/overviews.sql
create or replace view core.overviews
with (security_invoker = true) as
select
  account.id as user_id,
  case caller.rank
    when 3 then 'admin'
    when 2 then 'moderator'
    when 1 then 'member'
    else 'restricted'
  end as session_role
from core.users as account
cross join (select core.current_role_rank() as rank) as caller
where account.id = core.current_user_id();

comment on view core.overviews is
  E'@name overview\n@primaryKey user_id\n@foreignKey (user_id) references core.users (id)|@foreignSingleFieldName overview\n@behavior -query:resource:connection -query:resource:list -query:resource:single\nWhat waits for the caller, and what they may do: one row, of oneself. Each module adds what it knows as functions of the row. One look-up by primary key.';
comment on column core.overviews.user_id is 'The caller.';
comment on column core.overviews.session_role is
  'What this request may do: member, moderator or admin; restricted for an account that is banned, disabled or closed, which has the rights of a visitor.';

revoke all on core.overviews from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on core.overviews to stoa_anonymous;

-- End of objects

-- Down Migration

-- Bodies that are strings bind when they are called.
set local check_function_bodies = off;

drop view core.overviews;
drop function core.error_reasons();

-- Object: core/functions/heartbeat.sql
create or replace function core.heartbeat(p_device text default null)
returns core.presence
language plpgsql
volatile
-- Presence is written by functions only, and so is the day of last activity.
security definer
set search_path = ''
as $$
declare
  me uuid := core.require_member();
  today date := (now() at time zone 'UTC')::date;
  step smallint := case p_device when 'open' then 1 when 'close' then -1 else 0 end;
  idle_after interval := make_interval(secs => core.setting_integer('presence.idle_seconds'));
  mine core.presence;
begin
  if p_device not in ('open', 'close') then
    perform core.fail('device.unknown_event');
  end if;

  update core.presence
  set last_seen_at = now(),
      device_count = least(greatest(device_count + step, case p_device when 'close' then 0 else 1 end), 1000),
      status = case
        when p_device = 'close' then status
        -- Swept away for silence; somebody who chose to be unseen has a device and stays so.
        when status = 'offline' and device_count = 0 then 'online'
        when status = 'idle' and last_seen_at < now() - idle_after then 'online'
        else status
      end
  where user_id = me
  returning * into mine;

  if not found then
    insert into core.presence (user_id, status, device_count)
    values (me, 'online', 1)
    on conflict (user_id) do update
    set last_seen_at = excluded.last_seen_at
    returning * into mine;
  end if;

  -- This column is indexed, so it is written once a day and not once a beat.
  update core.users
  set last_active_on = today
  where id = me
    and last_active_on is distinct from today;

  return mine;
end
$$;

comment on function core.heartbeat(text) is
  'Says that the caller is there; send it every 30 seconds or so. p_device is open when a connection begins, close when it ends, nothing for a beat. Notes the day of activity once a day (UTC). Refuses device.unknown_event. One HOT update without WAL.';

revoke all on function core.heartbeat(text) from public;
grant execute on function core.heartbeat(text) to stoa_member;

-- Object: core/functions/reindex_all.sql
create or replace function core.reindex_all(p_entity_type text, p_after uuid default null)
returns uuid
language plpgsql
volatile
-- Reads tables of every module and writes the queue, which has no grants.
security definer
set search_path = ''
as $$
declare
  source core.search_sources;
  last_id uuid;
begin
  perform core.require_role('admin');

  select * into source from core.search_sources where entity_type = p_entity_type;
  if not found then
    perform core.fail('search.unknown_entity');
  end if;

  execute format(
    $query$
      with batch as (
        select target.id
        from %s as target
        where ($1 is null or target.id > $1)
          and (%s)
        order by target.id
        limit 5000
      ),
      queued as (
        insert into core.search_index_queue as pending (entity_type, entity_id)
        select $2, batch.id
        from batch
        on conflict (entity_type, entity_id) where status = 'pending' do update
        set operation = excluded.operation
        returning pending.entity_id
      )
      select entity_id from queued order by entity_id desc limit 1
    $query$,
    source.table_name::regclass, source.condition
  )
  into last_id
  using p_after, p_entity_type;

  return last_id;
end
$$;

comment on function core.reindex_all(text, uuid) is
  'Administrators only: queues the next 5,000 rows of an entity type after an id for the external search engine and returns the last id, to call it again with, or null when there are no more. Refuses search.unknown_entity.';

revoke all on function core.reindex_all(text, uuid) from public;
grant execute on function core.reindex_all(text, uuid) to stoa_admin;

-- End of objects
