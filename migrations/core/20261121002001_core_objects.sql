-- Why: what is defined in sql/core: 40 functions, 11 triggers, policies of 14 tables, as they stand under sql/.
-- Locks: ACCESS EXCLUSIVE, for an instant, on core.achievements, core.presence, core.profiles, core.settings,
--   core.user_achievements, core.user_classes, core.user_settings, core.users (policies); SHARE ROW
--   EXCLUSIVE, for an instant, on core.presence, core.profiles, core.search_index_queue, core.settings,
--   core.user_achievements, core.user_settings, core.users (triggers).
-- Back: drops what is new. No data is touched.

-- Up Migration

-- Bodies that are strings bind when they are called.
set local check_function_bodies = off;

-- Object: core/functions/change_username.sql
create or replace function core.change_username(p_name text)
returns core.users
language plpgsql
volatile
-- A username changes only by these rules, so nobody has the column grant.
security definer
set search_path = ''
as $$
declare
  me uuid := core.require_member();
  wanted text := core.check_username(p_name);
  account core.users;
  free_at timestamptz;
begin
  select * into account from core.users where id = me for no key update;

  if account.username::text = wanted then
    return account;
  end if;

  free_at := account.username_changed_at + make_interval(days => core.setting_integer('username.cooldown_days')::integer);
  if account.username is not null and free_at > now() then
    perform core.fail('username.too_soon', ceil(extract(epoch from free_at - now()))::integer);
  end if;

  begin
    update core.users
    set username = wanted,
        username_changed_at = now()
    where id = me
    returning * into account;
  exception
    when unique_violation then
      perform core.fail('username.taken');
  end;

  return account;
end
$$;

comment on function core.change_username(text) is
  'Gives the caller another username: 3 to 30 of a-z, 0-9 and underscore, in lower case. An account without one may choose at once, later changes wait 30 days (setting username.cooldown_days). Refuses username.malformed, username.reserved, username.taken, username.too_soon.';

revoke all on function core.change_username(text) from public;
grant execute on function core.change_username(text) to stoa_member;

-- Object: core/functions/check_patch.sql
create or replace function core.check_patch(p_patch jsonb, p_keys text[])
returns void
language plpgsql
stable
set search_path = ''
as $$
begin
  if jsonb_typeof(p_patch) is distinct from 'object' then
    perform core.fail('input.malformed');
  end if;

  if exists (select from jsonb_object_keys(p_patch) as sent (name) where sent.name <> all (p_keys)) then
    perform core.fail('input.unknown_key');
  end if;
end
$$;

comment on function core.check_patch(jsonb, text[]) is
  'Lets a patch pass when it is an object that names known fields only. Refuses input.malformed and input.unknown_key.';

revoke all on function core.check_patch(jsonb, text[]) from public;
grant execute on function core.check_patch(jsonb, text[]) to stoa_worker;

-- Object: core/functions/check_username.sql
create or replace function core.check_username(p_name text)
returns text
language plpgsql
stable
-- The list of reserved names is a setting that is not public.
security definer
set search_path = ''
as $$
declare
  wanted text := lower(core.clean_text(p_name, 255));
begin
  if wanted !~ '^[a-z0-9_]{3,30}$' then
    perform core.fail('username.malformed');
  end if;

  if core.setting_json('username.reserved') ? wanted then
    perform core.fail('username.reserved');
  end if;

  return wanted;
end
$$;

comment on function core.check_username(text) is
  'The form in which a username is stored: trimmed and in lower case. Refuses other than 3 to 30 of a-z, 0-9 and underscore (username.malformed) and reserved names (username.reserved). Says nothing about whether the name is taken: only the unique key can.';

revoke all on function core.check_username(text) from public;
grant execute on function core.check_username(text) to stoa_worker;

-- Object: core/functions/clean_text.sql
create or replace function core.clean_text(p_text text, p_limit integer, p_required boolean default true)
returns text
language plpgsql
stable
set search_path = ''
as $$
declare
  cleaned text := nullif(btrim(p_text, E' \t\n\r\f\v\u00a0'), '');
begin
  if cleaned is null and p_required then
    perform core.fail('input.empty');
  end if;

  if length(cleaned) > p_limit then
    perform core.fail('input.too_long');
  end if;

  return cleaned;
end
$$;

comment on function core.clean_text(text, integer, boolean) is
  'A text from a client, without white space around it; null when nothing is left and it is not required. Refuses an empty required text (input.empty) and one of more than p_limit characters (input.too_long).';

revoke all on function core.clean_text(text, integer, boolean) from public;
grant execute on function core.clean_text(text, integer, boolean) to stoa_worker;

-- Object: core/functions/close_account.sql
create or replace function core.close_account()
returns core.users
language plpgsql
volatile
-- Members may not write deleted_at.
security definer
set search_path = ''
as $$
declare
  me uuid := core.require_member();
  account core.users;
begin
  perform from core.users where id = me for no key update;

  if core.owns_things(me) then
    perform core.fail('account.owns_things');
  end if;

  update core.users set deleted_at = now() where id = me returning * into account;
  update core.presence set status = 'offline', device_count = 0 where user_id = me;
  perform audit.record('account.close', 'core.users', me);

  return account;
end
$$;

comment on function core.close_account() is
  'Closes the caller''s account at once; for 30 days (setting account.undo_days) core.reopen_account undoes it, then it is erased. Refuses somebody who owns what others use (account.owns_things): transfer it first. Audited.';

revoke all on function core.close_account() from public;
grant execute on function core.close_account() to stoa_member;

-- Object: core/functions/copy_visibility.sql
create or replace function core.copy_visibility()
returns trigger
language plpgsql
-- Reads settings that only their owner may read.
security definer
set search_path = ''
as $$
begin
  select case tg_table_name when 'profiles' then settings.profile_visibility else settings.presence_visibility end
  into new.visibility
  from core.user_settings as settings
  where settings.user_id = new.user_id;

  if new.visibility is null then
    new.visibility := case tg_table_name when 'profiles' then 'public' else 'members' end;
  end if;

  return new;
end
$$;

comment on function core.copy_visibility() is
  'Trigger of core.profiles and core.presence: a new row starts with the visibility that its owner has chosen, or with the default.';

revoke all on function core.copy_visibility() from public;

-- Object: core/functions/enqueue.sql
create or replace function core.enqueue(
  p_task text,
  p_payload json,
  p_key text default null,
  p_run_at timestamptz default null
)
returns void
language plpgsql
volatile
-- The queue belongs to the worker's role, of which only the owner is a member.
security definer
set search_path = ''
as $$
begin
  perform graphile_worker.add_job(
    identifier => p_task,
    payload => p_payload,
    run_at => p_run_at,
    job_key => p_key
  );
end
$$;

comment on function core.enqueue(text, json, text, timestamptz) is
  'Adds a job in this transaction: it runs if and only if the transaction commits. A second job with the same key replaces the first while that waits. The payload carries ids, never secrets. Fails when the queue is not installed.';

revoke all on function core.enqueue(text, json, text, timestamptz) from public;
grant execute on function core.enqueue(text, json, text, timestamptz) to stoa_worker;

-- Object: core/functions/evaluate_achievements.sql
create or replace function core.evaluate_achievements()
returns integer
language plpgsql
volatile
-- Run by the worker over all accounts.
security definer
set search_path = ''
as $$
declare
  badge record;
  changed integer;
  total integer := 0;
begin
  for badge in
    select achievement.id, (achievement.criteria ->> 'threshold')::numeric as threshold, metric.query
    from core.achievements as achievement
    join core.user_metrics as metric on metric.name = achievement.criteria ->> 'metric'
    where achievement.is_active
      and jsonb_typeof(achievement.criteria -> 'threshold') = 'number'
    order by achievement.id
  loop
    execute format(
      $query$
        insert into core.user_achievements as held (user_id, achievement_id, progress, earned_at)
        select figure.user_id, $1, figure.value, case when figure.value >= $2 then now() end
        from (%s) as figure
        join core.users as account on account.id = figure.user_id and account.erased_at is null
        where figure.value > 0
        order by figure.user_id
        on conflict (user_id, achievement_id) do update
        set progress = excluded.progress,
            earned_at = coalesce(held.earned_at, excluded.earned_at)
        where held.progress is distinct from excluded.progress
           or (held.earned_at is null and excluded.earned_at is not null)
      $query$,
      badge.query
    )
    using badge.id, badge.threshold;

    get diagnostics changed = row_count;
    total := total + changed;
  end loop;

  return total;
end
$$;

comment on function core.evaluate_achievements() is
  'Worker: computes everybody''s progress toward each active achievement from its metric, anew and whole; a badge once earned stays. Writes only what changed and returns how many rows that was.';

revoke all on function core.evaluate_achievements() from public;
grant execute on function core.evaluate_achievements() to stoa_worker;

-- Object: core/functions/grant_achievement.sql
create or replace function core.grant_achievement(p_user_id uuid, p_achievement_id uuid)
returns core.user_achievements
language plpgsql
volatile
-- Badges are written by functions only.
security definer
set search_path = ''
as $$
declare
  me uuid := core.require_role('admin');
  held core.user_achievements;
begin
  if not exists (select from core.achievements where id = p_achievement_id) then
    perform core.fail('achievement.unknown');
  end if;
  if not exists (select from core.users where id = p_user_id and erased_at is null) then
    perform core.fail('user.unknown');
  end if;

  insert into core.user_achievements as stored (user_id, achievement_id, earned_at)
  values (p_user_id, p_achievement_id, now())
  on conflict (user_id, achievement_id) do update
  set earned_at = coalesce(stored.earned_at, excluded.earned_at)
  returning * into held;

  perform audit.record(
    p_action => 'achievement.grant',
    p_resource_type => 'core.user_achievements',
    p_resource_key => jsonb_build_object('user_id', p_user_id, 'achievement_id', p_achievement_id)
  );

  return held;
end
$$;

comment on function core.grant_achievement(uuid, uuid) is
  'Administrators only: gives somebody a badge, whatever their progress. Refuses user.unknown and achievement.unknown. Audited.';

revoke all on function core.grant_achievement(uuid, uuid) from public;
grant execute on function core.grant_achievement(uuid, uuid) to stoa_admin;

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

-- Object: core/functions/member_tag.sql
create or replace function core.member_tag(p_number bigint)
returns text
language sql
immutable
strict
parallel safe
begin atomic
  select '#' || lpad(p_number::text, greatest(4, length(p_number::text)), '0');
end;

comment on function core.member_tag(bigint) is
  E'@internal\n@behavior -*\nA member number as people read it: # and at least four digits, longer numbers whole.';

revoke all on function core.member_tag(bigint) from public;
grant execute on function core.member_tag(bigint) to stoa_anonymous, stoa_worker;

-- Object: core/functions/metric_query.sql
create or replace function core.metric_query(p_name text)
returns text
language sql
stable
-- The registry has no grants.
security definer
set search_path = ''
begin atomic
  select coalesce(
    (select query from core.user_metrics where name = p_name),
    'select null::uuid as user_id, null::numeric as value where false'
  );
end;

comment on function core.metric_query(text) is
  'The query of a metric, or one without rows when no installed module registers it.';

revoke all on function core.metric_query(text) from public;
grant execute on function core.metric_query(text) to stoa_worker;

-- Object: core/functions/my_blocked_ids.sql
create or replace function core.my_blocked_ids()
returns setof uuid
language sql
stable
rows 20
-- The blocked side must not see the row, yet policies have to know.
security definer
set search_path = ''
as $$
  select blocked_id
  from social.blocks
  where blocker_id = core.current_user_id()
  union all
  select blocker_id
  from social.blocks
  where blocked_id = core.current_user_id()
$$;

comment on function core.my_blocked_ids() is
  E'@internal\n@behavior -*\nEverybody between whom and the caller there is a block in either direction, for policies: write x <> all (array(select core.my_blocked_ids())), which is computed once a statement. Two index ranges.';

revoke all on function core.my_blocked_ids() from public;
grant execute on function core.my_blocked_ids() to stoa_anonymous, stoa_worker;

-- Object: core/functions/my_friend_ids.sql
create or replace function core.my_friend_ids()
returns setof uuid
language sql
stable
rows 100
-- The edges have no grants. A string body, because policies of this module need it before the friend graph exists.
security definer
set search_path = ''
as $$
  select friend_id
  from social.friend_edges
  where user_id = core.current_user_id()
$$;

comment on function core.my_friend_ids() is
  E'@internal\n@behavior -*\nThe friends of the caller, for policies: write x = any (array(select core.my_friend_ids())), which is computed once a statement. One index range.';

revoke all on function core.my_friend_ids() from public;
grant execute on function core.my_friend_ids() to stoa_anonymous, stoa_worker;

-- Object: core/functions/owns_things.sql
create or replace function core.owns_things(p_user_id uuid)
returns boolean
language plpgsql
stable
-- Asks tables of every module.
security definer
set search_path = ''
as $$
declare
  rule core.ownership_rules;
  found_one boolean;
begin
  for rule in select * from core.ownership_rules order by table_name, owner_column loop
    execute format(
      'select exists (select from %s as target where target.%I = $1 and (%s))',
      rule.table_name::regclass, rule.owner_column, rule.condition
    )
    into found_one
    using p_user_id;

    if found_one then
      return true;
    end if;
  end loop;

  return false;
end
$$;

comment on function core.owns_things(uuid) is
  'Whether a person owns something that others use, by the rules that the modules registered in core.ownership_rules. One query a rule.';

revoke all on function core.owns_things(uuid) from public;
grant execute on function core.owns_things(uuid) to stoa_worker;

-- Object: core/functions/patch_text.sql
create or replace function core.patch_text(p_patch jsonb, p_key text, p_current text, p_limit integer)
returns text
language plpgsql
stable
set search_path = ''
as $$
begin
  if not p_patch ? p_key then
    return p_current;
  end if;

  if jsonb_typeof(p_patch -> p_key) not in ('string', 'null') then
    perform core.fail('input.malformed');
  end if;

  return core.clean_text(p_patch ->> p_key, p_limit, false);
end
$$;

comment on function core.patch_text(jsonb, text, text, integer) is
  'What a text becomes under a patch: the current one when the patch does not name it, null when it is nulled or blank. Refuses what is no text (input.malformed) and more than p_limit characters (input.too_long).';

revoke all on function core.patch_text(jsonb, text, text, integer) from public;
grant execute on function core.patch_text(jsonb, text, text, integer) to stoa_worker;

-- Object: core/functions/setting_text.sql
create or replace function core.setting_text(p_key text)
returns text
language plpgsql
stable
-- Most settings are not public.
security definer
set search_path = ''
as $$
declare
  found_value text;
begin
  select value into found_value from core.settings where key = p_key;
  if not found then
    perform core.fail('setting.unknown');
  end if;

  return found_value;
end
$$;

comment on function core.setting_text(text) is
  'The value of a setting as it is stored. For use inside other functions. Refuses an unknown key (setting.unknown). One look-up by primary key.';

revoke all on function core.setting_text(text) from public;
grant execute on function core.setting_text(text) to stoa_worker;

-- Object: core/functions/setting_integer.sql
create or replace function core.setting_integer(p_key text)
returns bigint
language sql
stable
begin atomic
  select core.setting_text(p_key)::bigint;
end;

comment on function core.setting_integer(text) is
  'The value of a setting of type integer. Refuses an unknown key (setting.unknown).';

revoke all on function core.setting_integer(text) from public;
grant execute on function core.setting_integer(text) to stoa_worker;

-- Object: core/functions/presence_effective_status.sql
create or replace function core.presence_effective_status(p_presence core.presence)
returns text
language sql
stable
-- Reads a setting for callers that may not read settings.
security definer
set search_path = ''
begin atomic
  select case
    when p_presence.last_seen_at < now() - make_interval(secs => core.setting_integer('presence.offline_seconds'))
      then 'offline'
    else p_presence.status
  end;
end;

comment on function core.presence_effective_status(core.presence) is
  'What to show: the status, or offline after 90 seconds of silence (setting presence.offline_seconds), whether or not the sweep has come by.';

revoke all on function core.presence_effective_status(core.presence) from public;
grant execute on function core.presence_effective_status(core.presence) to stoa_anonymous, stoa_worker;

-- Object: core/functions/promote_classes.sql
create or replace function core.promote_classes()
returns integer
language plpgsql
volatile
-- Run by the worker over all accounts.
security definer
set search_path = ''
as $$
declare
  moved integer;
begin
  execute format(
    $query$
      with figures as (
        select
          account.id as user_id,
          account.class_id,
          age.value as age_days,
          uploaded.value as uploaded_bytes,
          ratio.value as ratio,
          torrents.value as torrents_uploaded
        from core.users as account
        join core.user_classes as class on class.id = account.class_id
        left join (%s) as age on age.user_id = account.id
        left join (%s) as uploaded on uploaded.user_id = account.id
        left join (%s) as ratio on ratio.user_id = account.id
        left join (%s) as torrents on torrents.user_id = account.id
        where class.role = 'user'
          and (class.is_default or class.min_account_age_days is not null)
          and account.deleted_at is null
          and account.erased_at is null
          and not account.is_bot
          and not account.is_system
      ),
      deserved as (
        select figures.user_id, figures.class_id as from_id, best.id as to_id
        from figures
        cross join lateral (
          select class.id
          from core.user_classes as class
          where class.role = 'user'
            and (
              class.is_default
              or (
                class.min_account_age_days is not null
                and figures.age_days >= class.min_account_age_days
                and (class.min_uploaded_bytes is null or figures.uploaded_bytes >= class.min_uploaded_bytes)
                and (class.min_ratio is null or figures.ratio >= class.min_ratio)
                and (class.min_torrents_uploaded is null or figures.torrents_uploaded >= class.min_torrents_uploaded)
              )
            )
          order by class.sort_order desc
          limit 1
        ) as best
        where best.id <> figures.class_id
      ),
      moved as (
        update core.users as account
        set class_id = deserved.to_id,
            role = 'user'
        from deserved
        where account.id = deserved.user_id
          and account.class_id = deserved.from_id
        returning account.id, deserved.from_id, deserved.to_id
      ),
      logged as (
        select audit.record(
          p_action => 'user.promote',
          p_resource_type => 'core.users',
          p_resource_id => moved.id,
          p_old_values => jsonb_build_object('class_id', moved.from_id),
          p_new_values => jsonb_build_object('class_id', moved.to_id)
        )
        from moved
      )
      select count(*) from logged
    $query$,
    core.metric_query('account_age_days'),
    core.metric_query('uploaded_bytes'),
    core.metric_query('ratio'),
    core.metric_query('torrents_uploaded')
  )
  into moved;

  return moved;
end
$$;

comment on function core.promote_classes() is
  'Worker, daily: moves everybody in the default class or in a class with automatic thresholds to the highest such class whose thresholds they meet, up or down. Classes given by hand, staff and bots are left alone. Each move is audited. Returns how many moved.';

revoke all on function core.promote_classes() from public;
grant execute on function core.promote_classes() to stoa_worker;

-- Object: core/functions/publish_visibility.sql
create or replace function core.publish_visibility()
returns trigger
language plpgsql
-- The tables that carry the copies may be written by functions only.
security definer
set search_path = ''
as $$
begin
  update core.profiles
  set visibility = new.profile_visibility
  where user_id = new.user_id
    and visibility <> new.profile_visibility;

  update core.presence
  set visibility = new.presence_visibility
  where user_id = new.user_id
    and visibility <> new.presence_visibility;

  return null;
end
$$;

comment on function core.publish_visibility() is
  'Trigger of core.user_settings: carries who may see a profile and a presence into those rows, where their policies read it.';

revoke all on function core.publish_visibility() from public;

-- Object: core/functions/queue_search.sql
create or replace function core.queue_search(p_entity_type text, p_entity_id uuid, p_operation text default 'index')
returns void
language plpgsql
volatile
-- The queue has no grants.
security definer
set search_path = ''
as $$
begin
  if not core.setting_boolean('search.outbox_enabled') then
    return;
  end if;

  insert into core.search_index_queue as pending (entity_type, entity_id, operation)
  values (p_entity_type, p_entity_id, p_operation)
  on conflict (entity_type, entity_id) where status = 'pending' do update
  set operation = excluded.operation;
end
$$;

comment on function core.queue_search(text, uuid, text) is
  'Tells the external search engine, if one is switched on (setting search.outbox_enabled), that a row is to be indexed or deleted. Several changes of a row wait as one.';

revoke all on function core.queue_search(text, uuid, text) from public;
grant execute on function core.queue_search(text, uuid, text) to stoa_worker;

-- Object: core/functions/queue_user_search.sql
create or replace function core.queue_user_search()
returns trigger
language plpgsql
-- People change their own row, and may not reach the queue.
security definer
set search_path = ''
as $$
begin
  perform core.queue_search(
    'user',
    new.id,
    case when new.deleted_at is null and new.erased_at is null then 'index' else 'delete' end
  );
  return null;
end
$$;

comment on function core.queue_user_search() is
  'Trigger of core.users: what search shows of a person follows their row.';

revoke all on function core.queue_user_search() from public;

-- Object: core/functions/recall.sql
create or replace function core.recall(p_scope text, p_key text, p_arguments jsonb)
returns jsonb
language plpgsql
volatile
-- Nobody has grants on the keys: one could learn what another client did.
security definer
set search_path = ''
as $$
declare
  me uuid := core.current_user_id();
  earlier core.idempotency_keys;
begin
  if p_key is null then
    return null;
  end if;
  if length(p_key) not between 1 and 255 then
    perform core.fail('input.too_long');
  end if;

  -- The retry waits here until the first attempt has committed or failed, then reads what it left behind.
  perform pg_advisory_xact_lock(hashtextextended(concat_ws(':', 'core.recall', me, p_scope, p_key), 0));

  select *
  into earlier
  from core.idempotency_keys
  where user_id = me
    and scope = p_scope
    and key = p_key
    and inserted_at >= now() - interval '24 hours';

  if not found then
    return null;
  end if;

  if earlier.request_hash <> sha256(convert_to(p_arguments::text, 'UTF8')) then
    perform core.fail('idempotency.mismatch');
  end if;

  return earlier.result;
end
$$;

comment on function core.recall(text, text, jsonb) is
  'First half of an idempotent procedure: the result that the caller''s earlier call with this key left within 24 hours, or null when there is none (or no key) and the work is to be done. Holds a lock on the key until the transaction ends. Refuses a key that was used with other arguments (idempotency.mismatch).';

revoke all on function core.recall(text, text, jsonb) from public;
grant execute on function core.recall(text, text, jsonb) to stoa_worker;

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

-- Object: core/functions/remember.sql
create or replace function core.remember(p_scope text, p_key text, p_arguments jsonb, p_result jsonb)
returns void
language sql
volatile
-- Nobody has grants on the keys.
security definer
set search_path = ''
begin atomic
  insert into core.idempotency_keys as stored (user_id, scope, key, request_hash, result)
  select core.current_user_id(), p_scope, p_key, sha256(convert_to(p_arguments::text, 'UTF8')), p_result
  where p_key is not null
  on conflict (user_id, scope, key) do update
  set request_hash = excluded.request_hash,
      result = excluded.result,
      inserted_at = excluded.inserted_at;
end;

comment on function core.remember(text, text, jsonb, jsonb) is
  'Second half of an idempotent procedure: keeps the key columns of what was made, for retries of the next 24 hours. Does nothing without a key.';

revoke all on function core.remember(text, text, jsonb, jsonb) from public;
grant execute on function core.remember(text, text, jsonb, jsonb) to stoa_worker;

-- Object: core/functions/reopen_account.sql
create or replace function core.reopen_account()
returns core.users
language plpgsql
volatile
-- A closed account has the rights of a visitor.
security definer
set search_path = ''
as $$
declare
  me uuid := core.current_user_id();
  account core.users;
begin
  if me is null then
    perform core.fail('session.required');
  end if;

  select * into account from core.users where id = me for no key update;
  if account.deleted_at is null then
    perform core.fail('account.not_closed');
  end if;

  if account.erased_at is not null
    or account.deleted_at < now() - make_interval(days => core.setting_integer('account.undo_days')::integer)
  then
    perform core.fail('account.undo_expired');
  end if;

  update core.users set deleted_at = null where id = me returning * into account;
  perform audit.record('account.reopen', 'core.users', me);

  return account;
end
$$;

comment on function core.reopen_account() is
  'Opens the caller''s closed account again, within 30 days (setting account.undo_days). Refuses account.not_closed and account.undo_expired. Audited.';

revoke all on function core.reopen_account() from public;
grant execute on function core.reopen_account() to stoa_anonymous;

-- Object: core/functions/require_member.sql
create or replace function core.require_member()
returns uuid
language plpgsql
stable
-- Reads whether the account is in force, which members may not read of others.
security definer
set search_path = ''
as $$
declare
  me uuid := core.current_user_id();
begin
  if me is null then
    perform core.fail('session.required');
  end if;

  -- A request for a banned or disabled account arrives as a visitor that still has a name.
  if current_setting('role', true) = 'stoa_anonymous'
    or not exists (
      select
      from core.users
      where id = me
        and is_active
        and deleted_at is null
        and erased_at is null
        and (banned_until is null or banned_until <= now())
    )
  then
    perform core.fail('account.restricted');
  end if;

  return me;
end
$$;

comment on function core.require_member() is
  E'@internal\n@behavior -*\nThe account that the caller acts for, when it may act. Refuses visitors (session.required) and accounts that are banned, disabled, closed or erased (account.restricted). Costs one look-up by primary key.';

revoke all on function core.require_member() from public;
grant execute on function core.require_member() to stoa_anonymous, stoa_worker;

-- Object: core/functions/require_role.sql
create or replace function core.require_role(p_role text)
returns uuid
language plpgsql
stable
set search_path = ''
as $$
declare
  me uuid := core.require_member();
  wanted smallint := case p_role
    when 'member' then 1
    when 'moderator' then 2
    when 'admin' then 3
  end;
begin
  if wanted is null then
    raise exception 'there is no role "%"', p_role using errcode = 'XX000';
  end if;

  if core.current_role_rank() < wanted then
    perform core.fail('role.insufficient');
  end if;

  return me;
end
$$;

comment on function core.require_role(text) is
  E'@internal\n@behavior -*\nThe account that the caller acts for, when the request has at least this role (member, moderator or admin). Refuses what core.require_member refuses, and a lower role (role.insufficient).';

revoke all on function core.require_role(text) from public;
grant execute on function core.require_role(text) to stoa_anonymous, stoa_worker;

-- Object: core/functions/secretive_user_ids.sql
create or replace function core.secretive_user_ids()
returns setof uuid
language sql
stable
rows 1000
-- Settings are private; a policy has to know this one fact.
security definer
set search_path = ''
begin atomic
  select user_id
  from core.user_settings
  where paranoia_level >= 3;
end;

comment on function core.secretive_user_ids() is
  E'@internal\n@behavior -*\nPeople who show nothing of what they earned (paranoia level 3 and more), for a policy: write x not in (select core.secretive_user_ids()), which is hashed once a statement. One range of a partial index.';

revoke all on function core.secretive_user_ids() from public;
grant execute on function core.secretive_user_ids() to stoa_anonymous, stoa_worker;

-- Object: core/functions/set_class.sql
create or replace function core.set_class(p_user_id uuid, p_class_id smallint, p_reason text)
returns core.users
language plpgsql
volatile
-- Members may not write their class.
security definer
set search_path = ''
as $$
declare
  me uuid := core.require_role('admin');
  cause text := core.clean_text(p_reason, 500);
  wanted core.user_classes;
  earlier core.users;
  account core.users;
begin
  select * into wanted from core.user_classes where id = p_class_id;
  if not found then
    perform core.fail('class.unknown');
  end if;

  select * into earlier from core.users where id = p_user_id and erased_at is null for no key update;
  if not found then
    perform core.fail('user.unknown');
  end if;

  update core.users
  set class_id = wanted.id,
      role = wanted.role
  where id = p_user_id
  returning * into account;

  perform audit.record(
    p_action => 'user.set_class',
    p_resource_type => 'core.users',
    p_resource_id => p_user_id,
    p_old_values => jsonb_build_object('class_id', earlier.class_id, 'role', earlier.role),
    p_new_values => jsonb_build_object('class_id', account.class_id, 'role', account.role),
    p_reason => cause
  );

  return account;
end
$$;

comment on function core.set_class(uuid, smallint, text) is
  'Administrators only: gives somebody an account class, and with it the role of that class, from their next request on. Refuses user.unknown, class.unknown and an empty reason (input.empty). Audited.';

revoke all on function core.set_class(uuid, smallint, text) from public;
grant execute on function core.set_class(uuid, smallint, text) to stoa_admin;

-- Object: core/functions/set_setting.sql
create or replace function core.set_setting(p_key text, p_value text)
returns core.settings
language plpgsql
volatile
-- A value is checked and the change audited, so nobody has an update grant.
security definer
set search_path = ''
as $$
declare
  me uuid := core.require_role('admin');
  earlier core.settings;
  changed core.settings;
  is_secret boolean := p_key like 'secret.%';
begin
  select * into earlier from core.settings where key = p_key for no key update;
  if not found then
    perform core.fail('setting.unknown');
  end if;

  if not core.setting_fits(earlier.type, p_value) then
    perform core.fail('setting.malformed');
  end if;

  update core.settings
  set value = p_value,
      updated_by = me
  where key = p_key
  returning * into changed;

  perform audit.record(
    p_action => 'setting.change',
    p_resource_type => 'core.settings',
    p_resource_key => jsonb_build_object('key', p_key),
    p_old_values => case when not is_secret then jsonb_build_object('value', earlier.value) end,
    p_new_values => case when not is_secret then jsonb_build_object('value', changed.value) end
  );

  return changed;
end
$$;

comment on function core.set_setting(text, text) is
  'Administrators only: changes a setting that exists. Refuses an unknown key (setting.unknown) and a value that its type cannot hold (setting.malformed). Every change is audited; the value of a key under "secret." is not written down.';

revoke all on function core.set_setting(text, text) from public;
grant execute on function core.set_setting(text, text) to stoa_admin;

-- Object: core/functions/set_status.sql
create or replace function core.set_status(p_status text)
returns core.presence
language plpgsql
volatile
-- Presence is written by functions only.
security definer
set search_path = ''
as $$
declare
  me uuid := core.require_member();
  wanted text := case p_status when 'away' then 'idle' else p_status end;
  mine core.presence;
begin
  if wanted is null or wanted not in ('online', 'idle', 'dnd', 'offline') then
    perform core.fail('status.unknown');
  end if;

  update core.presence
  set status = wanted,
      last_seen_at = now(),
      device_count = greatest(device_count, 1)
  where user_id = me
  returning * into mine;

  if not found then
    insert into core.presence (user_id, status, device_count)
    values (me, wanted, 1)
    on conflict (user_id) do update
    set status = excluded.status,
        last_seen_at = excluded.last_seen_at
    returning * into mine;
  end if;

  return mine;
end
$$;

comment on function core.set_status(text) is
  'Sets the caller''s presence: online, idle (away means the same), dnd, or offline to be there unseen. Refuses status.unknown. One HOT update without WAL.';

revoke all on function core.set_status(text) from public;
grant execute on function core.set_status(text) to stoa_member;

-- Object: core/functions/setting_boolean.sql
create or replace function core.setting_boolean(p_key text)
returns boolean
language sql
stable
begin atomic
  select core.setting_text(p_key)::boolean;
end;

comment on function core.setting_boolean(text) is
  'The value of a setting of type boolean. Refuses an unknown key (setting.unknown).';

revoke all on function core.setting_boolean(text) from public;
grant execute on function core.setting_boolean(text) to stoa_worker;

-- Object: core/functions/setting_decimal.sql
create or replace function core.setting_decimal(p_key text)
returns numeric
language sql
stable
begin atomic
  select core.setting_text(p_key)::numeric;
end;

comment on function core.setting_decimal(text) is
  'The value of a setting of type decimal or integer. Refuses an unknown key (setting.unknown).';

revoke all on function core.setting_decimal(text) from public;
grant execute on function core.setting_decimal(text) to stoa_worker;

-- Object: core/functions/setting_fits.sql
create or replace function core.setting_fits(p_type text, p_value text)
returns boolean
language plpgsql
immutable
set search_path = ''
as $$
begin
  case p_type
    when 'integer' then perform p_value::bigint;
    when 'decimal' then
      perform p_value::numeric;
      return p_value !~* 'nan|inf';
    when 'boolean' then return p_value in ('true', 'false');
    when 'json' then perform p_value::jsonb;
    else null;
  end case;

  return p_value is not null;
exception
  when invalid_text_representation or numeric_value_out_of_range then
    return false;
end
$$;

comment on function core.setting_fits(text, text) is
  'Whether a text can be read as a value of the type (string, integer, decimal, boolean, json).';

revoke all on function core.setting_fits(text, text) from public;
grant execute on function core.setting_fits(text, text) to stoa_worker;

-- Object: core/functions/setting_json.sql
create or replace function core.setting_json(p_key text)
returns jsonb
language sql
stable
begin atomic
  select core.setting_text(p_key)::jsonb;
end;

comment on function core.setting_json(text) is
  'The value of a setting of type json. Refuses an unknown key (setting.unknown).';

revoke all on function core.setting_json(text) from public;
grant execute on function core.setting_json(text) to stoa_worker;

-- Object: core/functions/sweep_presence.sql
create or replace function core.sweep_presence(p_now timestamptz default now())
returns integer
language plpgsql
volatile
-- Run by the worker over everybody's presence.
security definer
set search_path = ''
as $$
declare
  offline_before timestamptz := p_now - make_interval(secs => core.setting_integer('presence.offline_seconds'));
  idle_before timestamptz := p_now - make_interval(secs => core.setting_integer('presence.idle_seconds'));
  swept integer;
begin
  with silent as (
    select user_id
    from core.presence
    where (device_count <= 1 and last_seen_at < offline_before and (status <> 'offline' or device_count > 0))
       or (device_count > 1 and last_seen_at < idle_before)
    -- Whoever is just beating is not silent; the sweep does not wait for them.
    for no key update skip locked
  )
  update core.presence as seen
  set status = case
        when seen.device_count <= 1 then 'offline'
        when seen.status = 'online' then 'idle'
        else seen.status
      end,
      -- Several devices that were all silent so long are not several any more: the next sweep decides.
      device_count = case when seen.device_count <= 1 then 0 else 1 end
  from silent
  where seen.user_id = silent.user_id;

  get diagnostics swept = row_count;
  return swept;
end
$$;

comment on function core.sweep_presence(timestamptz) is
  'Worker, every minute: who was silent for 90 s on the last device goes offline; who is online with several devices and was silent for 10 min goes idle and counts as having one. Returns how many rows changed. Scans the table, which has a row for each person and no index to keep.';

revoke all on function core.sweep_presence(timestamptz) from public;
grant execute on function core.sweep_presence(timestamptz) to stoa_worker;

-- Object: core/functions/update_profile.sql
create or replace function core.update_profile(p_patch jsonb)
returns core.profiles
language plpgsql
volatile
-- Writes two tables under one set of rules.
security definer
set search_path = ''
as $$
declare
  me uuid := core.require_member();
  account core.users;
  profile core.profiles;
begin
  perform core.check_patch(p_patch, array[
    'display_name', 'avatar_url', 'banner_url',
    'bio', 'custom_status', 'custom_status_expires_at', 'website', 'twitter', 'discord', 'telegram'
  ]);

  select * into account from core.users where id = me for no key update;

  if p_patch ?| array['display_name', 'avatar_url', 'banner_url'] then
    account.display_name := core.patch_text(p_patch, 'display_name', account.display_name, 100);
    account.avatar_url := core.patch_text(p_patch, 'avatar_url', account.avatar_url, 2000);
    account.banner_url := core.patch_text(p_patch, 'banner_url', account.banner_url, 2000);
    if account.avatar_url !~ '^(https?:/)?/' or account.banner_url !~ '^(https?:/)?/' then
      perform core.fail('input.malformed');
    end if;

    update core.users
    set display_name = account.display_name,
        avatar_url = account.avatar_url,
        banner_url = account.banner_url
    where id = me;
  end if;

  insert into core.profiles (user_id) values (me) on conflict do nothing;
  select * into profile from core.profiles where user_id = me for no key update;

  profile.bio := core.patch_text(p_patch, 'bio', profile.bio, 500);
  profile.custom_status := core.patch_text(p_patch, 'custom_status', profile.custom_status, 128);
  profile.website := core.patch_text(p_patch, 'website', profile.website, 2000);
  profile.twitter := core.patch_text(p_patch, 'twitter', profile.twitter, 50);
  profile.discord := core.patch_text(p_patch, 'discord', profile.discord, 50);
  profile.telegram := core.patch_text(p_patch, 'telegram', profile.telegram, 50);

  begin
    profile.custom_status_expires_at :=
      core.patch_text(p_patch, 'custom_status_expires_at', profile.custom_status_expires_at::text, 50)::timestamptz;

    update core.profiles
    set bio = profile.bio,
        custom_status = profile.custom_status,
        custom_status_expires_at = profile.custom_status_expires_at,
        website = profile.website,
        twitter = profile.twitter,
        discord = profile.discord,
        telegram = profile.telegram
    where user_id = me
    returning * into profile;
  exception
    when check_violation or invalid_datetime_format or datetime_field_overflow then
      perform core.fail('input.malformed');
  end;

  return profile;
end
$$;

comment on function core.update_profile(jsonb) is
  'Changes the fields that the patch names, nulls those it nulls, leaves the rest: display_name (100 characters), avatar_url, banner_url and website (http or https, 2,000), bio (500), custom_status (128), custom_status_expires_at (a time), twitter, discord, telegram (50). Refuses input.unknown_key, input.too_long, input.malformed.';

revoke all on function core.update_profile(jsonb) from public;
grant execute on function core.update_profile(jsonb) to stoa_member;

-- Object: core/functions/update_settings.sql
create or replace function core.update_settings(p_patch jsonb)
returns core.user_settings
language plpgsql
volatile
-- Makes the row when an account has none yet; nobody has an insert grant.
security definer
set search_path = ''
as $$
declare
  me uuid := core.require_member();
  current_settings core.user_settings;
  wanted core.user_settings;
  merged jsonb := p_patch;
  section text;
begin
  perform core.check_patch(p_patch, array[
    'theme', 'language', 'timezone', 'profile_visibility', 'presence_visibility', 'friend_request_policy', 'dm_policy',
    'paranoia_level', 'allow_ai_analysis', 'notifications', 'privacy', 'accessibility', 'preferences'
  ]);

  insert into core.user_settings (user_id) values (me) on conflict do nothing;
  select * into current_settings from core.user_settings where user_id = me for no key update;

  -- Objects merge one level deep, so that a client that knows one switch does not erase the others.
  foreach section in array array['notifications', 'privacy', 'accessibility', 'preferences'] loop
    if p_patch ? section then
      if jsonb_typeof(p_patch -> section) <> 'object' then
        perform core.fail('input.malformed');
      end if;

      merged := jsonb_set(merged, array[section], (
        select coalesce(jsonb_object_agg(entry.key, entry.value), '{}')
        from jsonb_each((to_jsonb(current_settings) -> section) || (p_patch -> section)) as entry
        where entry.value <> 'null'::jsonb
      ));

      if length((merged -> section)::text) > 32768 then
        perform core.fail('input.too_long');
      end if;
    end if;
  end loop;

  begin
    wanted := jsonb_populate_record(current_settings, merged);
    perform now() at time zone wanted.timezone;
    if wanted.timezone !~ '^[A-Za-z]+([/_+-][A-Za-z0-9_+-]+)*$'
      or wanted.language !~ '^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$'
    then
      perform core.fail('input.malformed');
    end if;

    update core.user_settings
    set theme = wanted.theme,
        language = wanted.language,
        timezone = wanted.timezone,
        profile_visibility = wanted.profile_visibility,
        presence_visibility = wanted.presence_visibility,
        friend_request_policy = wanted.friend_request_policy,
        dm_policy = wanted.dm_policy,
        paranoia_level = wanted.paranoia_level,
        allow_ai_analysis = wanted.allow_ai_analysis,
        notifications = wanted.notifications,
        privacy = wanted.privacy,
        accessibility = wanted.accessibility,
        preferences = wanted.preferences
    where user_id = me
    returning * into wanted;
  exception
    when string_data_right_truncation then
      perform core.fail('input.too_long');
    when check_violation or not_null_violation or invalid_text_representation or numeric_value_out_of_range
      or invalid_parameter_value
    then
      perform core.fail('input.malformed');
  end;

  return wanted;
end
$$;

comment on function core.update_settings(jsonb) is
  'Changes the caller''s preferences that the patch names. notifications, privacy, accessibility and preferences merge one level deep (a key set to null goes away) and hold 32 kB each. notifications takes a type as key, and false or an object such as {"bell": false} as value. Refuses input.unknown_key, input.malformed, input.too_long.';

revoke all on function core.update_settings(jsonb) from public;
grant execute on function core.update_settings(jsonb) to stoa_member;

-- Object: core/triggers/presence.copy_visibility.sql
create or replace trigger copy_visibility
before insert on core.presence
for each row execute function core.copy_visibility();

comment on trigger copy_visibility on core.presence is 'A new row starts with the visibility that its owner chose.';

-- Object: core/triggers/profiles.copy_visibility.sql
create or replace trigger copy_visibility
before insert on core.profiles
for each row execute function core.copy_visibility();

comment on trigger copy_visibility on core.profiles is 'A new row starts with the visibility that its owner chose.';

-- Object: core/triggers/profiles.touch_updated_at.sql
create or replace trigger touch_updated_at
before update on core.profiles
for each row execute function core.touch_updated_at();

comment on trigger touch_updated_at on core.profiles is 'Keeps updated_at.';

-- Object: core/triggers/search_index_queue.touch_updated_at.sql
create or replace trigger touch_updated_at
before update on core.search_index_queue
for each row execute function core.touch_updated_at();

comment on trigger touch_updated_at on core.search_index_queue is 'Keeps updated_at.';

-- Object: core/triggers/settings.touch_updated_at.sql
create or replace trigger touch_updated_at
before update on core.settings
for each row execute function core.touch_updated_at();

comment on trigger touch_updated_at on core.settings is 'Keeps updated_at.';

-- Object: core/triggers/user_achievements.touch_updated_at.sql
create or replace trigger touch_updated_at
before update on core.user_achievements
for each row execute function core.touch_updated_at();

comment on trigger touch_updated_at on core.user_achievements is 'Keeps updated_at.';

-- Object: core/triggers/user_settings.publish_visibility.sql
create or replace trigger publish_visibility
after insert or update of profile_visibility, presence_visibility on core.user_settings
for each row execute function core.publish_visibility();

comment on trigger publish_visibility on core.user_settings is 'Policies of profiles and presence read a copy of what a person chose.';

-- Object: core/triggers/user_settings.touch_updated_at.sql
create or replace trigger touch_updated_at
before update on core.user_settings
for each row execute function core.touch_updated_at();

comment on trigger touch_updated_at on core.user_settings is 'Keeps updated_at.';

-- Object: core/triggers/users.queue_search_insert.sql
create or replace trigger queue_search_insert
after insert on core.users
for each row execute function core.queue_user_search();

comment on trigger queue_search_insert on core.users is 'A new person becomes findable in an external search engine.';

-- Object: core/triggers/users.queue_search_update.sql
create or replace trigger queue_search_update
after update of username, display_name, avatar_url, deleted_at, erased_at on core.users
for each row execute function core.queue_user_search();

comment on trigger queue_search_update on core.users is 'What an external search engine knows of a person follows their row.';

-- Object: core/triggers/users.touch_updated_at.sql
create or replace trigger touch_updated_at
before update on core.users
for each row execute function core.touch_updated_at();

comment on trigger touch_updated_at on core.users is 'Keeps updated_at.';

-- Object: core/policies/achievements.sql
revoke all on core.achievements from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on core.achievements to stoa_anonymous, stoa_worker;
grant insert, update on core.achievements to stoa_admin;

drop policy if exists read_open on core.achievements;
create policy read_open on core.achievements
for select to stoa_anonymous
using (is_active and not is_secret);
comment on policy read_open on core.achievements is
  'What can be earned and is no secret.';

drop policy if exists read_earned on core.achievements;
create policy read_earned on core.achievements
for select to stoa_member
using (
  id in (
    select held.achievement_id
    from core.user_achievements as held
    where held.user_id = (select core.current_user_id())
      and held.earned_at is not null
  )
);
comment on policy read_earned on core.achievements is
  'Whoever earned a badge sees it, secret or retired.';

drop policy if exists read_as_moderator on core.achievements;
create policy read_as_moderator on core.achievements
for select to stoa_moderator
using (true);
comment on policy read_as_moderator on core.achievements is
  'Moderators see the whole catalogue.';

drop policy if exists insert_as_admin on core.achievements;
create policy insert_as_admin on core.achievements
for insert to stoa_admin
with check (true);
comment on policy insert_as_admin on core.achievements is
  'Administrators add badges; every change is audited.';

drop policy if exists update_as_admin on core.achievements;
create policy update_as_admin on core.achievements
for update to stoa_admin
using (true)
with check (true);
comment on policy update_as_admin on core.achievements is
  'Administrators change and retire badges; every change is audited.';

-- Object: core/policies/error_codes.sql
-- The registry speaks through core.fail only.
revoke all on core.error_codes from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;

-- Object: core/policies/idempotency_keys.sql
-- No API role reads or writes this table; procedures do.
revoke all on core.idempotency_keys from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;

-- Object: core/policies/ownership_rules.sql
-- No API role reads or writes this table; procedures do.
revoke all on core.ownership_rules from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on core.ownership_rules to stoa_worker;

-- Object: core/policies/presence.sql
revoke all on core.presence from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on core.presence to stoa_anonymous, stoa_worker;

drop policy if exists read_public on core.presence;
create policy read_public on core.presence
for select to stoa_anonymous
using (visibility = 'public');
comment on policy read_public on core.presence is
  'Presence that its owner shows to everybody.';

drop policy if exists read_as_member on core.presence;
create policy read_as_member on core.presence
for select to stoa_member
using (
  visibility = 'members'
  or user_id = (select core.current_user_id())
  or (visibility = 'friends' and user_id = any (array(select core.my_friend_ids())))
);
comment on policy read_as_member on core.presence is
  'One''s own, what is shown to members, and that of friends.';

drop policy if exists read_as_moderator on core.presence;
create policy read_as_moderator on core.presence
for select to stoa_moderator
using (true);
comment on policy read_as_moderator on core.presence is
  'Moderators see everybody.';

-- Object: core/policies/profiles.sql
revoke all on core.profiles from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on core.profiles to stoa_anonymous, stoa_worker;
grant update (bio, custom_status, custom_status_expires_at, website, twitter, discord, telegram) on core.profiles to stoa_member;

drop policy if exists read_public on core.profiles;
create policy read_public on core.profiles
for select to stoa_anonymous
using (visibility = 'public');
comment on policy read_public on core.profiles is
  'Profiles whose owner shows them to everybody.';

drop policy if exists read_as_member on core.profiles;
create policy read_as_member on core.profiles
for select to stoa_member
using (
  visibility = 'members'
  or user_id = (select core.current_user_id())
  or (visibility = 'friends' and user_id = any (array(select core.my_friend_ids())))
);
comment on policy read_as_member on core.profiles is
  'One''s own, those shown to members, and those of friends.';

drop policy if exists read_as_moderator on core.profiles;
create policy read_as_moderator on core.profiles
for select to stoa_moderator
using (true);
comment on policy read_as_moderator on core.profiles is
  'Moderators see every profile.';

drop policy if exists hide_blocked on core.profiles;
create policy hide_blocked on core.profiles
as restrictive
for select to stoa_member
using (
  (select core.current_role_rank()) >= 2
  or user_id <> all (array(select core.my_blocked_ids()))
);
comment on policy hide_blocked on core.profiles is
  'Across a block neither side sees the other, moderators excepted.';

drop policy if exists update_own on core.profiles;
create policy update_own on core.profiles
for update to stoa_member
using (user_id = (select core.current_user_id()))
with check (user_id = (select core.current_user_id()));
comment on policy update_own on core.profiles is
  'Members write their own profile.';

-- Object: core/policies/search_index_queue.sql
-- No API role reads or writes this table; procedures do. The worker claims and deletes.
revoke all on core.search_index_queue from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select, update, delete on core.search_index_queue to stoa_worker;

-- Object: core/policies/search_sources.sql
-- No API role reads or writes this table; procedures do.
revoke all on core.search_sources from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on core.search_sources to stoa_worker;

-- Object: core/policies/settings.sql
revoke all on core.settings from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on core.settings to stoa_anonymous, stoa_worker;

drop policy if exists read_public on core.settings;
create policy read_public on core.settings
for select to stoa_anonymous
using (is_public);
comment on policy read_public on core.settings is
  'What clients need before anybody signed in.';

drop policy if exists read_as_moderator on core.settings;
create policy read_as_moderator on core.settings
for select to stoa_moderator
using (key not like 'secret.%');
comment on policy read_as_moderator on core.settings is
  'Moderators see how the site is configured, but no secrets.';

drop policy if exists read_as_admin on core.settings;
create policy read_as_admin on core.settings
for select to stoa_admin
using (true);
comment on policy read_as_admin on core.settings is
  'Administrators see everything.';

-- Object: core/policies/user_achievements.sql
revoke all on core.user_achievements from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on core.user_achievements to stoa_anonymous, stoa_worker;

drop policy if exists read_public on core.user_achievements;
create policy read_public on core.user_achievements
for select to stoa_anonymous
using (
  earned_at is not null
  and user_id not in (select core.secretive_user_ids())
  and exists (
    select
    from core.profiles as profile
    where profile.user_id = user_achievements.user_id
      and profile.visibility = 'public'
  )
);
comment on policy read_public on core.user_achievements is
  'Earned badges of people whose profile is public and who hide nothing.';

drop policy if exists read_as_member on core.user_achievements;
create policy read_as_member on core.user_achievements
for select to stoa_member
using (
  user_id = (select core.current_user_id())
  or (earned_at is not null and user_id not in (select core.secretive_user_ids()))
);
comment on policy read_as_member on core.user_achievements is
  'One''s own, and earned badges of people who hide nothing.';

drop policy if exists read_as_moderator on core.user_achievements;
create policy read_as_moderator on core.user_achievements
for select to stoa_moderator
using (true);
comment on policy read_as_moderator on core.user_achievements is
  'Moderators see everything.';

-- Object: core/policies/user_classes.sql
revoke all on core.user_classes from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on core.user_classes to stoa_anonymous, stoa_worker;
grant insert, update on core.user_classes to stoa_admin;

drop policy if exists read_all on core.user_classes;
create policy read_all on core.user_classes
for select to stoa_anonymous
using (true);
comment on policy read_all on core.user_classes is
  'The ladder of classes is public.';

drop policy if exists insert_as_admin on core.user_classes;
create policy insert_as_admin on core.user_classes
for insert to stoa_admin
with check (true);
comment on policy insert_as_admin on core.user_classes is
  'Administrators add classes; every change is audited.';

drop policy if exists update_as_admin on core.user_classes;
create policy update_as_admin on core.user_classes
for update to stoa_admin
using (true)
with check (true);
comment on policy update_as_admin on core.user_classes is
  'Administrators change classes; every change is audited. A changed role follows to everybody in the class.';

-- Object: core/policies/user_metrics.sql
-- No API role reads or writes this table; procedures do.
revoke all on core.user_metrics from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on core.user_metrics to stoa_worker;

-- Object: core/policies/user_settings.sql
revoke all on core.user_settings from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on core.user_settings to stoa_member, stoa_worker;
grant update (
  theme, language, timezone, profile_visibility, presence_visibility, friend_request_policy, dm_policy, paranoia_level,
  allow_ai_analysis, notifications, privacy, accessibility, preferences
) on core.user_settings to stoa_member;

drop policy if exists read_own on core.user_settings;
create policy read_own on core.user_settings
for select to stoa_member
using (user_id = (select core.current_user_id()));
comment on policy read_own on core.user_settings is
  'Settings are private.';

drop policy if exists read_as_admin on core.user_settings;
create policy read_as_admin on core.user_settings
for select to stoa_admin
using (true);
comment on policy read_as_admin on core.user_settings is
  'Administrators see every row.';

drop policy if exists update_own on core.user_settings;
create policy update_own on core.user_settings
for update to stoa_member
using (user_id = (select core.current_user_id()))
with check (user_id = (select core.current_user_id()));
comment on policy update_own on core.user_settings is
  'Members write their own settings.';

-- Object: core/policies/users.sql
revoke all on core.users from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select (
  id, member_number, username, username_changed_at, display_name, avatar_url, banner_url, class_id, role, is_anonymous,
  is_bot, is_system, public_flags, premium_tier, premium_until, last_active_on, erased_at, inserted_at, updated_at
) on core.users to stoa_anonymous;
grant select on core.users to stoa_moderator, stoa_worker;
grant update (display_name, avatar_url, banner_url) on core.users to stoa_member;

drop policy if exists read_all on core.users;
create policy read_all on core.users
for select to stoa_anonymous
using (true);
comment on policy read_all on core.users is
  'Nothing private lives here: the constant keeps look-ups by username on their index. banned_until, deleted_at and is_active are withheld by column grants.';

drop policy if exists update_own on core.users;
create policy update_own on core.users
for update to stoa_member
using (id = (select core.current_user_id()))
with check (id = (select core.current_user_id()));
comment on policy update_own on core.users is
  'Members change how they look; everything else changes through procedures.';

-- End of objects

-- Down Migration

drop policy update_own on core.users;
drop policy read_all on core.users;
drop policy update_own on core.user_settings;
drop policy read_as_admin on core.user_settings;
drop policy read_own on core.user_settings;
drop policy update_as_admin on core.user_classes;
drop policy insert_as_admin on core.user_classes;
drop policy read_all on core.user_classes;
drop policy read_as_moderator on core.user_achievements;
drop policy read_as_member on core.user_achievements;
drop policy read_public on core.user_achievements;
drop policy read_as_admin on core.settings;
drop policy read_as_moderator on core.settings;
drop policy read_public on core.settings;
drop policy update_own on core.profiles;
drop policy hide_blocked on core.profiles;
drop policy read_as_moderator on core.profiles;
drop policy read_as_member on core.profiles;
drop policy read_public on core.profiles;
drop policy read_as_moderator on core.presence;
drop policy read_as_member on core.presence;
drop policy read_public on core.presence;
drop policy update_as_admin on core.achievements;
drop policy insert_as_admin on core.achievements;
drop policy read_as_moderator on core.achievements;
drop policy read_earned on core.achievements;
drop policy read_open on core.achievements;
drop trigger touch_updated_at on core.users;
drop trigger queue_search_update on core.users;
drop trigger queue_search_insert on core.users;
drop trigger touch_updated_at on core.user_settings;
drop trigger publish_visibility on core.user_settings;
drop trigger touch_updated_at on core.user_achievements;
drop trigger touch_updated_at on core.settings;
drop trigger touch_updated_at on core.search_index_queue;
drop trigger touch_updated_at on core.profiles;
drop trigger copy_visibility on core.profiles;
drop trigger copy_visibility on core.presence;
drop function core.update_settings(jsonb);
drop function core.update_profile(jsonb);
drop function core.sweep_presence(timestamptz);
drop function core.setting_json(text);
drop function core.setting_fits(text, text);
drop function core.setting_decimal(text);
drop function core.setting_boolean(text);
drop function core.set_status(text);
drop function core.set_setting(text, text);
drop function core.set_class(uuid, smallint, text);
drop function core.secretive_user_ids();
drop function core.require_role(text);
drop function core.require_member();
drop function core.reopen_account();
drop function core.remember(text, text, jsonb, jsonb);
drop function core.reindex_all(text, uuid);
drop function core.recall(text, text, jsonb);
drop function core.queue_user_search();
drop function core.queue_search(text, uuid, text);
drop function core.publish_visibility();
drop function core.promote_classes();
drop function core.presence_effective_status(core.presence);
drop function core.setting_integer(text);
drop function core.setting_text(text);
drop function core.patch_text(jsonb, text, text, integer);
drop function core.owns_things(uuid);
drop function core.my_friend_ids();
drop function core.my_blocked_ids();
drop function core.metric_query(text);
drop function core.member_tag(bigint);
drop function core.heartbeat(text);
drop function core.grant_achievement(uuid, uuid);
drop function core.evaluate_achievements();
drop function core.enqueue(text, json, text, timestamptz);
drop function core.copy_visibility();
drop function core.close_account();
drop function core.clean_text(text, integer, boolean);
drop function core.check_username(text);
drop function core.check_patch(jsonb, text[]);
drop function core.change_username(text);
revoke all on table core.achievements from stoa_anonymous, stoa_worker, stoa_admin;
revoke all on table core.ownership_rules from stoa_worker;
revoke all on table core.presence from stoa_anonymous, stoa_worker;
revoke all on table core.profiles from stoa_anonymous, stoa_worker, stoa_member;
revoke all on table core.search_index_queue from stoa_worker;
revoke all on table core.search_sources from stoa_worker;
revoke all on table core.settings from stoa_anonymous, stoa_worker;
revoke all on table core.user_achievements from stoa_anonymous, stoa_worker;
revoke all on table core.user_classes from stoa_anonymous, stoa_worker, stoa_admin;
revoke all on table core.user_metrics from stoa_worker;
revoke all on table core.user_settings from stoa_member, stoa_worker;
revoke all on table core.users from stoa_anonymous, stoa_moderator, stoa_worker, stoa_member;
