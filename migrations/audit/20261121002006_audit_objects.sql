-- Why: what is defined in sql/audit: 8 functions, 3 triggers, policies of 3 tables, as they stand under sql/.
-- Locks: ACCESS EXCLUSIVE, for an instant, on audit.logs, audit.privacy_requests (policies); SHARE ROW
--   EXCLUSIVE, for an instant, on core.achievements, audit.privacy_requests, core.user_classes (triggers).
-- Back: drops what is new. No data is touched.

-- Up Migration

-- Bodies that are strings bind when they are called.
set local check_function_bodies = off;

-- Object: audit/functions/cancel_request.sql
create or replace function audit.cancel_request(p_id uuid)
returns audit.privacy_requests
language plpgsql
volatile
-- Requests are proof, so nobody has an update grant.
security definer
set search_path = ''
as $$
declare
  me uuid := core.require_member();
  request audit.privacy_requests;
begin
  select * into request from audit.privacy_requests where id = p_id for no key update;
  if not found or (request.user_id <> me and core.current_role_rank() < 3) then
    perform core.fail('privacy.unknown');
  end if;

  if request.status <> 'pending' then
    perform core.fail('privacy.not_pending');
  end if;

  update audit.privacy_requests set status = 'cancelled' where id = p_id returning * into request;
  perform audit.record('privacy.cancel', 'audit.privacy_requests', p_id);
  return request;
end
$$;

comment on function audit.cancel_request(uuid) is
  E'@name cancel_privacy_request\nTakes back a request for export or erasure that no job has begun: one''s own, or anybody''s for administrators. Refuses privacy.unknown and privacy.not_pending. Audited.';

revoke all on function audit.cancel_request(uuid) from public;
grant execute on function audit.cancel_request(uuid) to stoa_member;

-- Object: audit/functions/event_counts.sql
create or replace function audit.event_counts(p_since timestamptz, p_until timestamptz default now())
returns table (name text, day date, events bigint, people bigint)
language plpgsql
stable
-- Administrators see figures, never the events.
security definer
set search_path = ''
as $$
begin
  perform core.require_role('admin');

  return query
    select event.name::text, (event.inserted_at at time zone 'UTC')::date, count(*), count(distinct event.user_key)
    from audit.analytics_events as event
    where event.id >= core.uuidv7_floor(p_since)
      and event.id < core.uuidv7_floor(p_until)
    group by 1, 2
    order by 1, 2;
end
$$;

comment on function audit.event_counts(timestamptz, timestamptz) is
  E'@name analytics_event_counts\nAdministrators only: how often each event of product analytics happened, and to how many people, by day (UTC). Reads the partitions of that time.';

revoke all on function audit.event_counts(timestamptz, timestamptz) from public;
grant execute on function audit.event_counts(timestamptz, timestamptz) to stoa_admin;

-- Object: audit/functions/log_row_change.sql
create or replace function audit.log_row_change()
returns trigger
language plpgsql
-- Writes the log, whoever changes the row.
security definer
set search_path = ''
as $$
declare
  before_image jsonb := case when tg_op <> 'INSERT' then to_jsonb(old) end;
  after_image jsonb := case when tg_op <> 'DELETE' then to_jsonb(new) end;
  image jsonb := coalesce(after_image, before_image);
  -- Keys that are no uuid (reference data) go to resource_key.
  has_uuid boolean := coalesce(image ->> 'id', '') ~ '^[0-9a-f]{8}-[0-9a-f-]{27}$';
begin
  perform audit.record(
    p_action => 'row.' || lower(tg_op),
    p_resource_type => tg_table_schema || '.' || tg_table_name,
    p_resource_id => case when has_uuid then (image ->> 'id')::uuid end,
    p_resource_key => case when not has_uuid then jsonb_build_object('id', image -> 'id') end,
    p_old_values => before_image,
    p_new_values => after_image
  );
  return null;
end
$$;

comment on function audit.log_row_change() is
  'Trigger for tables that administrators write directly: every inserted, updated or deleted row leaves an entry with its images in the audit log. The table''s key column must be id.';

revoke all on function audit.log_row_change() from public;

-- Object: audit/functions/redact.sql
create or replace function audit.redact(p_values jsonb)
returns jsonb
language sql
immutable
parallel safe
begin atomic
  select case jsonb_typeof(p_values)
    when 'object' then (
      select coalesce(jsonb_object_agg(entry.key, entry.value), '{}')
      from jsonb_each(p_values) as entry
      where entry.key !~ '(hash|secret|token|password|ciphertext|pin|passkey|recovery_code)(e?s)?$'
    )
    else p_values
  end;
end;

comment on function audit.redact(jsonb) is
  'The image of a row without what must not be written down: top-level keys whose names end like those of secrets and digests.';

revoke all on function audit.redact(jsonb) from public;
grant execute on function audit.redact(jsonb) to stoa_worker;

-- Object: audit/functions/record.sql
create or replace function audit.record(
  p_action text,
  p_resource_type text,
  p_resource_id uuid default null,
  p_old_values jsonb default null,
  p_new_values jsonb default null,
  p_reason text default null,
  p_group_id uuid default null,
  p_resource_key jsonb default null
)
returns uuid
language sql
volatile
-- Nobody but the owner may write the log.
security definer
set search_path = ''
begin atomic
  insert into audit.logs (
    actor_id, actor_role, action, resource_type, resource_id, resource_key, group_id,
    old_values, new_values, reason, ip_address, user_agent, request_id
  )
  values (
    core.current_user_id(),
    coalesce(nullif(nullif(current_setting('role', true), ''), 'none'), session_user),
    p_action,
    p_resource_type,
    p_resource_id,
    p_resource_key,
    p_group_id,
    audit.redact(p_old_values),
    audit.redact(p_new_values),
    p_reason,
    nullif(current_setting('stoa.ip', true), '')::inet,
    nullif(current_setting('stoa.user_agent', true), ''),
    nullif(current_setting('stoa.request_id', true), '')::uuid
  )
  returning id;
end;

comment on function audit.record(text, text, uuid, jsonb, jsonb, text, uuid, jsonb) is
  'Writes one entry of the audit log in this transaction: the verb, the table (schema.table) and key of the row, its images before and after without secrets, a reason. Who, in which role and from where is taken from the request. Returns the entry''s id.';

revoke all on function audit.record(text, text, uuid, jsonb, jsonb, text, uuid, jsonb) from public;
grant execute on function audit.record(text, text, uuid, jsonb, jsonb, text, uuid, jsonb) to stoa_worker;

-- Object: audit/functions/request_erasure.sql
create or replace function audit.request_erasure(p_user_id uuid default null, p_reason text default null)
returns audit.privacy_requests
language plpgsql
volatile
-- Requests are proof, so nobody has an insert grant.
security definer
set search_path = ''
as $$
declare
  me uuid := core.require_member();
  subject uuid := coalesce(p_user_id, me);
  request audit.privacy_requests;
begin
  if subject <> me then
    perform core.require_role('admin');
  end if;

  -- Holds the account, so that nothing is transferred to it while this is decided.
  perform from core.users where id = subject and erased_at is null for no key update;
  if not found then
    perform core.fail('user.unknown');
  end if;

  if core.owns_things(subject) then
    perform core.fail('account.owns_things');
  end if;

  insert into audit.privacy_requests (user_id, kind, requested_by, not_before)
  values (
    subject,
    'erase',
    me,
    now() + make_interval(days => core.setting_integer('privacy.erasure_cooling_days')::integer)
  )
  on conflict (user_id, kind) where status in ('pending', 'running') do nothing
  returning * into request;

  if not found then
    perform core.fail('privacy.already_requested');
  end if;

  perform audit.record(
    p_action => 'privacy.request_erasure',
    p_resource_type => 'audit.privacy_requests',
    p_resource_id => request.id,
    p_reason => core.clean_text(p_reason, 500, false)
  );
  return request;
end
$$;

comment on function audit.request_erasure(uuid, text) is
  'Asks for the erasure of the caller''s personal data, or, for administrators, of somebody else''s. It happens after 7 days (setting privacy.erasure_cooling_days); until then cancelRequest takes it back. Refuses somebody who owns what others use (account.owns_things), a second request while one is open (privacy.already_requested), user.unknown. Audited.';

revoke all on function audit.request_erasure(uuid, text) from public;
grant execute on function audit.request_erasure(uuid, text) to stoa_member;

-- Object: audit/functions/request_export.sql
create or replace function audit.request_export()
returns audit.privacy_requests
language plpgsql
volatile
-- Requests are proof, so nobody has an insert grant.
security definer
set search_path = ''
as $$
declare
  me uuid := core.require_member();
  request audit.privacy_requests;
begin
  insert into audit.privacy_requests (user_id, kind, requested_by, not_before)
  values (me, 'export', me, now())
  on conflict (user_id, kind) where status in ('pending', 'running') do nothing
  returning * into request;

  if not found then
    perform core.fail('privacy.already_requested');
  end if;

  perform audit.record('privacy.request_export', 'audit.privacy_requests', request.id);
  return request;
end
$$;

comment on function audit.request_export() is
  'Asks for a copy of everything that is stored about the caller; a job makes it soon. Refuses a second request while one is open (privacy.already_requested). Audited.';

revoke all on function audit.request_export() from public;
grant execute on function audit.request_export() to stoa_member;

-- Object: audit/functions/track.sql
create or replace function audit.track(
  p_name text,
  p_properties jsonb default '{}',
  p_user_key bytea default null,
  p_session_key bytea default null
)
returns void
language plpgsql
volatile
-- Nobody has grants on the events.
security definer
set search_path = ''
as $$
begin
  if jsonb_typeof(p_properties) is distinct from 'object' then
    perform core.fail('input.malformed');
  end if;

  insert into audit.analytics_events (name, properties, user_key, session_key)
  values (core.clean_text(p_name, 100), p_properties, p_user_key, p_session_key);
end
$$;

comment on function audit.track(text, jsonb, bytea, bytea) is
  'Writes one event of product analytics. The keys are keyed hashes that the caller makes: no id of a person may get here, and none in the properties. Refuses properties that are not an object (input.malformed).';

revoke all on function audit.track(text, jsonb, bytea, bytea) from public;
grant execute on function audit.track(text, jsonb, bytea, bytea) to stoa_worker;

-- Object: audit/triggers/achievements.log_row_change.sql
create or replace trigger log_row_change
after insert or update or delete on core.achievements
for each row execute function audit.log_row_change();

comment on trigger log_row_change on core.achievements is 'Administrators write this table directly; every change is audited.';

-- Object: audit/triggers/privacy_requests.touch_updated_at.sql
create or replace trigger touch_updated_at
before update on audit.privacy_requests
for each row execute function core.touch_updated_at();

comment on trigger touch_updated_at on audit.privacy_requests is 'Keeps updated_at.';

-- Object: audit/triggers/user_classes.log_row_change.sql
create or replace trigger log_row_change
after insert or update or delete on core.user_classes
for each row execute function audit.log_row_change();

comment on trigger log_row_change on core.user_classes is 'Administrators write this table directly; every change is audited.';

-- Object: audit/policies/analytics_events.sql
-- No API role reads or writes this table; procedures do. Administrators get figures from audit.event_counts.
revoke all on audit.analytics_events from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;

-- Object: audit/policies/logs.sql
revoke all on audit.logs from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on audit.logs to stoa_moderator, stoa_worker;

drop policy if exists read_own on audit.logs;
create policy read_own on audit.logs
for select to stoa_moderator
using (actor_id = (select core.current_user_id()));
comment on policy read_own on audit.logs is
  'Moderators see what they did themselves.';

drop policy if exists read_as_admin on audit.logs;
create policy read_as_admin on audit.logs
for select to stoa_admin
using (true);
comment on policy read_as_admin on audit.logs is
  'Administrators see everything.';

-- Object: audit/policies/privacy_requests.sql
revoke all on audit.privacy_requests from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on audit.privacy_requests to stoa_member;
grant select, update on audit.privacy_requests to stoa_worker;

drop policy if exists read_own on audit.privacy_requests;
create policy read_own on audit.privacy_requests
for select to stoa_member
using (user_id = (select core.current_user_id()));
comment on policy read_own on audit.privacy_requests is
  'One''s own requests.';

drop policy if exists read_as_admin on audit.privacy_requests;
create policy read_as_admin on audit.privacy_requests
for select to stoa_admin
using (true);
comment on policy read_as_admin on audit.privacy_requests is
  'Administrators see every request.';

-- End of objects

-- Down Migration

drop policy read_as_admin on audit.privacy_requests;
drop policy read_own on audit.privacy_requests;
drop policy read_as_admin on audit.logs;
drop policy read_own on audit.logs;
drop trigger log_row_change on core.user_classes;
drop trigger touch_updated_at on audit.privacy_requests;
drop trigger log_row_change on core.achievements;
drop function audit.track(text, jsonb, bytea, bytea);
drop function audit.request_export();
drop function audit.request_erasure(uuid, text);
drop function audit.record(text, text, uuid, jsonb, jsonb, text, uuid, jsonb);
drop function audit.redact(jsonb);
drop function audit.log_row_change();
drop function audit.event_counts(timestamptz, timestamptz);
drop function audit.cancel_request(uuid);
revoke all on table audit.logs from stoa_moderator, stoa_worker;
revoke all on table audit.privacy_requests from stoa_member, stoa_worker;
