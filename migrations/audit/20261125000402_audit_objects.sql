-- Why: an erasure asked only for a hold on the person. A hold on a conversation, a forum or a group, or on somebody the
-- person shares a row with, did not keep what an erasure takes, which is what a hold is for.
-- New: audit.erasure_condition, audit.erasure_held_in.
-- Changed: audit.begin_erasure, audit.finish_erasure, audit.run_erasure_step.
-- Locks: none on tables.
-- Back: the text that each object had before; what is new is dropped. No data is touched.

-- Up Migration

-- Bodies that are strings bind when they are called.
set local check_function_bodies = off;

-- Object: audit/functions/begin_erasure.sql
create or replace function audit.begin_erasure(p_request_id uuid, p_is_early boolean default false, p_is_replay boolean default false)
returns audit.erasures
language plpgsql
volatile
-- Requests and progress belong to the owner; what runs this does not.
security definer
set search_path = ''
as $$
declare
  request audit.privacy_requests;
  person core.users;
  progress audit.erasures;
begin
  select * into request from audit.privacy_requests where id = p_request_id for no key update;
  if not found or request.kind <> 'erase' then
    perform core.fail('privacy.unknown');
  end if;

  select * into progress from audit.erasures where request_id = p_request_id;
  -- A database that was put back to a moment in the middle of it begins again: others may have come back with it.
  if found and request.status = 'running' then
    return progress;
  end if;
  if request.status <> 'pending' or (request.not_before > now() and not p_is_early) then
    perform core.fail('privacy.not_due');
  end if;

  -- Nothing is transferred to the person while this is decided, and two administrators do not both find the other.
  perform from core.users where role = 'admin' order by id for no key update;
  select * into person from core.users where id = request.user_id for no key update;
  if person.is_system then
    perform core.fail('privacy.system_account');
  end if;

  -- What was erased once is erased again, whatever came back with it.
  if not p_is_replay then
    if core.owns_things(person.id) then
      perform core.fail('account.owns_things');
    end if;
    if person.role = 'admin' and not exists (
      select
      from core.users as other
      where other.role = 'admin'
        and other.id <> person.id
        and not other.is_system
        and other.is_active
        and other.deleted_at is null
        and other.erased_at is null
    ) then
      perform core.fail('privacy.last_administrator');
    end if;
    if ops.held_reason('user', person.id) is not null or audit.erasure_held_in(person.id) <> '{}' then
      perform core.fail('privacy.held');
    end if;
  end if;

  update audit.privacy_requests
  set status = 'running',
      started_at = coalesce(started_at, clock_timestamp()),
      error = null
  where id = p_request_id;
  insert into audit.erasures (request_id, user_id, identifiers, is_replay)
  values (p_request_id, person.id, audit.identifiers_of(person.id), p_is_replay)
  returning * into progress;
  return progress;
end
$$;

comment on function audit.begin_erasure(uuid, boolean, boolean) is
  'Worker: begins the erasure of a request that is due, or goes on with one that has begun, and returns how far it is. Collects what the person is recognised by before anything is taken out. Refuses privacy.unknown, privacy.not_due, privacy.system_account, account.owns_things, privacy.last_administrator, and privacy.held while a legal hold keeps anything that would go (see audit.erasure_held_in); a replay after a restore asks for none of the last three.';

revoke all on function audit.begin_erasure(uuid, boolean, boolean) from public;
grant execute on function audit.begin_erasure(uuid, boolean, boolean) to stoa_worker;

-- Object: audit/functions/erasure_condition.sql
create or replace function audit.erasure_condition(p_step text, p_user_id uuid)
returns text
language plpgsql
stable
set search_path = ''
as $$
declare
  work record;
  condition text;
begin
  select * into work from audit.erasure_steps(p_step) as known where known.step = p_step;
  if not found then
    raise exception 'there is no step "%"', p_step using errcode = 'XX000';
  end if;

  condition := replace(work.subject, ':user', quote_literal(p_user_id) || '::uuid');
  if work.action = 'scrub' then
    condition := condition || ' and (' || (
      select string_agg(format('target.%I::text is distinct from (%s)::text', part.name, part.replacement), ' or ')
      from unnest(work.columns, work.replacements) as part (name, replacement)
    ) || ')';
  end if;
  return condition;
end
$$;

comment on function audit.erasure_condition(text, uuid) is
  'The condition, as SQL over a row called target, under which a step of an erasure still has something to do for this person. Reads the registry.';

revoke all on function audit.erasure_condition(text, uuid) from public;

-- Object: audit/functions/erasure_held_in.sql
create or replace function audit.erasure_held_in(p_user_id uuid)
returns text[]
language plpgsql
stable
-- Reads tables of every module.
security definer
set search_path = ''
as $$
declare
  work record;
  condition text;
  is_held boolean;
  found_in text[] := '{}';
begin
  -- Following the foreign keys of every table costs more than all the rest, and on most days for nothing.
  if not exists (select from ops.legal_holds as hold where hold.released_at is null) then
    return found_in;
  end if;

  for work in
    select known.step, known.table_name from audit.erasure_steps() as known order by known.table_name, known.step
  loop
    continue when work.table_name = any (found_in);
    condition := ops.held_condition(work.table_name);
    continue when condition is null;
    execute format(
      'select exists (select from %s as target where (%s) and %s)',
      work.table_name::regclass,
      audit.erasure_condition(work.step, p_user_id),
      condition
    ) into is_held;
    if is_held then
      found_in := found_in || work.table_name;
    end if;
  end loop;
  return found_in;
end
$$;

comment on function audit.erasure_held_in(uuid) is
  'Tables in which an erasure of this person would still delete or change a row that a legal hold keeps: a hold on the person, on somebody they share a row with, or on a container in which they wrote. Empty on a day without holds, for one look-up; otherwise one look into each table that a rule of personal data names.';

revoke all on function audit.erasure_held_in(uuid) from public;
grant execute on function audit.erasure_held_in(uuid) to stoa_worker;

-- Object: audit/functions/finish_erasure.sql
create or replace function audit.finish_erasure(p_request_id uuid, p_scan jsonb)
returns jsonb
language plpgsql
volatile
-- Requests and progress belong to the owner; what runs this does not.
security definer
set search_path = ''
as $$
declare
  progress audit.erasures;
  request audit.privacy_requests;
  proof jsonb;
  held_in text[] := '{}';
begin
  select * into request from audit.privacy_requests where id = p_request_id for no key update;
  select * into progress from audit.erasures where request_id = p_request_id for no key update;
  if progress.request_id is null then
    perform core.fail('privacy.unknown');
  end if;
  if progress.finished_at is not null then
    return progress.certificate;
  end if;

  if not progress.is_replay then
    held_in := audit.erasure_held_in(progress.user_id);
  end if;
  if progress.ledger_digest is null
    or jsonb_array_length(p_scan -> 'found') > 0
    or held_in <> '{}'
    or not exists (select from core.users where id = progress.user_id and erased_at is not null) then
    update audit.erasures set findings = p_scan -> 'found' where request_id = p_request_id;
    update audit.privacy_requests
    set error = case
          when held_in <> '{}' then format('a legal hold keeps rows in %s', array_to_string(held_in, ', '))
          else format('found in %s places', jsonb_array_length(p_scan -> 'found'))
        end,
        result = jsonb_build_object('found', p_scan -> 'found', 'held_in', held_in)
    where id = p_request_id;
    return null;
  end if;

  proof := jsonb_build_object(
    'request', p_request_id,
    'user', progress.user_id,
    'requested_at', request.inserted_at,
    'started_at', progress.started_at,
    'finished_at', clock_timestamp(),
    'is_replay', progress.is_replay,
    'rows', progress.counts,
    'scan', p_scan,
    'scan_sha256', encode(sha256(convert_to(p_scan::text, 'UTF8')), 'hex'),
    'rules_sha256', (
      select encode(sha256(convert_to(string_agg(to_jsonb(rule)::text, ',' order by rule.table_name, rule.column_name), 'UTF8')), 'hex')
      from ops.personal_data_rules as rule
    ),
    'ledger', jsonb_build_object('key', progress.ledger_key, 'sha256', encode(progress.ledger_digest, 'hex'))
  );
  update audit.erasures
  set certificate = proof,
      identifiers = null,
      findings = null,
      step = 'done',
      finished_at = clock_timestamp()
  where request_id = p_request_id;
  update audit.privacy_requests
  set status = 'done',
      completed_at = clock_timestamp(),
      error = null,
      result = jsonb_build_object('rows', progress.counts, 'scan_sha256', proof -> 'scan_sha256')
  where id = p_request_id;
  perform audit.record(
    p_action => 'privacy.erased',
    p_resource_type => 'audit.privacy_requests',
    p_resource_id => p_request_id,
    p_new_values => proof
  );
  return proof;
end
$$;

comment on function audit.finish_erasure(uuid, jsonb) is
  'Worker: ends an erasure whose last look found nothing: writes the certificate, into the audit log too, forgets what the person was recognised by, and returns it. Returns nothing, writes down where, and leaves the request open when something was found, when a legal hold that was placed meanwhile keeps something, when no ledger outside the database knows of it, or when the account is no tombstone. Refuses privacy.unknown.';

revoke all on function audit.finish_erasure(uuid, jsonb) from public;
grant execute on function audit.finish_erasure(uuid, jsonb) to stoa_worker;

-- Object: audit/functions/run_erasure_step.sql
create or replace function audit.run_erasure_step(p_request_id uuid, p_step text, p_limit integer default 1000)
returns integer
language plpgsql
volatile
-- Deletes and changes rows of every module.
security definer
set search_path = ''
set lock_timeout = '5s'
as $$
declare
  progress audit.erasures;
  work record;
  condition text;
  affected integer;
begin
  select * into progress from audit.erasures where request_id = p_request_id and finished_at is null for no key update;
  if not found then
    perform core.fail('privacy.unknown');
  end if;

  if p_step = 'audit.logs' then
    affected := audit.scrub_log(progress, least(p_limit, 500));
  elsif p_step = 'jobs' then
    affected := audit.drop_jobs(progress);
  else
    select * into work from audit.erasure_steps(p_step) as known where known.step = p_step;
    if not found then
      raise exception 'there is no step "%"', p_step using errcode = 'XX000';
    end if;

    condition := audit.erasure_condition(p_step, progress.user_id);
    -- A hold that was placed since it began: what it keeps is found by the proof, and the request stays open.
    if not progress.is_replay then
      condition := format('(%s) and not %s', condition, coalesce(ops.held_condition(work.table_name), 'false'));
    end if;

    execute format(
      'with doomed as materialized (select target.tableoid as place, target.ctid as spot from %1$s as target where %2$s order by 1, 2 limit %3$s for update) %4$s where target.tableoid = doomed.place and target.ctid = doomed.spot',
      work.table_name::regclass,
      condition,
      p_limit,
      case work.action
        when 'delete' then format('delete from %s as target using doomed', work.table_name::regclass)
        else format(
          'update %s as target set %s from doomed',
          work.table_name::regclass,
          (
            select string_agg(format('%I = %s', part.name, part.replacement), ', ')
            from unnest(work.columns, work.replacements) as part (name, replacement)
          )
        )
      end
    );
    get diagnostics affected = row_count;
  end if;

  update audit.erasures
  set step = p_step,
      counts = case
        when affected = 0 then counts
        else jsonb_set(counts, array[p_step], to_jsonb(coalesce((counts ->> p_step)::bigint, 0) + affected))
      end
  where request_id = p_request_id;
  return affected;
end
$$;

comment on function audit.run_erasure_step(uuid, text, integer) is
  'Worker: works on at most p_limit rows of one step of an erasure that has begun, writes down how many and returns it; less than p_limit means that the step is done for now. Passes over what a legal hold keeps. A step of audit.erasure_steps, or audit.logs, or jobs. Waits at most 5 s for a lock. Refuses privacy.unknown.';

revoke all on function audit.run_erasure_step(uuid, text, integer) from public;
grant execute on function audit.run_erasure_step(uuid, text, integer) to stoa_worker;

-- End of objects

-- Down Migration

-- Bodies that are strings bind when they are called.
set local check_function_bodies = off;

drop function audit.erasure_held_in(uuid);
drop function audit.erasure_condition(text, uuid);

-- Object: audit/functions/begin_erasure.sql
create or replace function audit.begin_erasure(p_request_id uuid, p_is_early boolean default false, p_is_replay boolean default false)
returns audit.erasures
language plpgsql
volatile
-- Requests and progress belong to the owner; what runs this does not.
security definer
set search_path = ''
as $$
declare
  request audit.privacy_requests;
  person core.users;
  progress audit.erasures;
begin
  select * into request from audit.privacy_requests where id = p_request_id for no key update;
  if not found or request.kind <> 'erase' then
    perform core.fail('privacy.unknown');
  end if;

  select * into progress from audit.erasures where request_id = p_request_id;
  -- A database that was put back to a moment in the middle of it begins again: others may have come back with it.
  if found and request.status = 'running' then
    return progress;
  end if;
  if request.status <> 'pending' or (request.not_before > now() and not p_is_early) then
    perform core.fail('privacy.not_due');
  end if;

  -- Nothing is transferred to the person while this is decided, and two administrators do not both find the other.
  perform from core.users where role = 'admin' order by id for no key update;
  select * into person from core.users where id = request.user_id for no key update;
  if person.is_system then
    perform core.fail('privacy.system_account');
  end if;

  -- What was erased once is erased again, whatever came back with it.
  if not p_is_replay then
    if core.owns_things(person.id) then
      perform core.fail('account.owns_things');
    end if;
    if person.role = 'admin' and not exists (
      select
      from core.users as other
      where other.role = 'admin'
        and other.id <> person.id
        and not other.is_system
        and other.is_active
        and other.deleted_at is null
        and other.erased_at is null
    ) then
      perform core.fail('privacy.last_administrator');
    end if;
    if ops.held_reason('user', person.id) is not null then
      perform core.fail('privacy.held');
    end if;
  end if;

  update audit.privacy_requests
  set status = 'running',
      started_at = coalesce(started_at, clock_timestamp()),
      error = null
  where id = p_request_id;
  insert into audit.erasures (request_id, user_id, identifiers, is_replay)
  values (p_request_id, person.id, audit.identifiers_of(person.id), p_is_replay)
  returning * into progress;
  return progress;
end
$$;

comment on function audit.begin_erasure(uuid, boolean, boolean) is
  'Worker: begins the erasure of a request that is due, or goes on with one that has begun, and returns how far it is. Collects what the person is recognised by before anything is taken out. Refuses privacy.unknown, privacy.not_due, privacy.system_account, account.owns_things, privacy.last_administrator, and privacy.held while a legal hold names the person; a replay after a restore asks for none of the last three.';

revoke all on function audit.begin_erasure(uuid, boolean, boolean) from public;
grant execute on function audit.begin_erasure(uuid, boolean, boolean) to stoa_worker;

-- Object: audit/functions/finish_erasure.sql
create or replace function audit.finish_erasure(p_request_id uuid, p_scan jsonb)
returns jsonb
language plpgsql
volatile
-- Requests and progress belong to the owner; what runs this does not.
security definer
set search_path = ''
as $$
declare
  progress audit.erasures;
  request audit.privacy_requests;
  proof jsonb;
begin
  select * into request from audit.privacy_requests where id = p_request_id for no key update;
  select * into progress from audit.erasures where request_id = p_request_id for no key update;
  if progress.request_id is null then
    perform core.fail('privacy.unknown');
  end if;
  if progress.finished_at is not null then
    return progress.certificate;
  end if;

  if progress.ledger_digest is null
    or jsonb_array_length(p_scan -> 'found') > 0
    or not exists (select from core.users where id = progress.user_id and erased_at is not null) then
    update audit.erasures set findings = p_scan -> 'found' where request_id = p_request_id;
    update audit.privacy_requests
    set error = format('found in %s places', jsonb_array_length(p_scan -> 'found')),
        result = jsonb_build_object('found', p_scan -> 'found')
    where id = p_request_id;
    return null;
  end if;

  proof := jsonb_build_object(
    'request', p_request_id,
    'user', progress.user_id,
    'requested_at', request.inserted_at,
    'started_at', progress.started_at,
    'finished_at', clock_timestamp(),
    'is_replay', progress.is_replay,
    'rows', progress.counts,
    'scan', p_scan,
    'scan_sha256', encode(sha256(convert_to(p_scan::text, 'UTF8')), 'hex'),
    'rules_sha256', (
      select encode(sha256(convert_to(string_agg(to_jsonb(rule)::text, ',' order by rule.table_name, rule.column_name), 'UTF8')), 'hex')
      from ops.personal_data_rules as rule
    ),
    'ledger', jsonb_build_object('key', progress.ledger_key, 'sha256', encode(progress.ledger_digest, 'hex'))
  );
  update audit.erasures
  set certificate = proof,
      identifiers = null,
      findings = null,
      step = 'done',
      finished_at = clock_timestamp()
  where request_id = p_request_id;
  update audit.privacy_requests
  set status = 'done',
      completed_at = clock_timestamp(),
      error = null,
      result = jsonb_build_object('rows', progress.counts, 'scan_sha256', proof -> 'scan_sha256')
  where id = p_request_id;
  perform audit.record(
    p_action => 'privacy.erased',
    p_resource_type => 'audit.privacy_requests',
    p_resource_id => p_request_id,
    p_new_values => proof
  );
  return proof;
end
$$;

comment on function audit.finish_erasure(uuid, jsonb) is
  'Worker: ends an erasure whose last look found nothing: writes the certificate, into the audit log too, forgets what the person was recognised by, and returns it. Returns nothing, writes down where, and leaves the request open when something was found, when no ledger outside the database knows of it, or when the account is no tombstone. Refuses privacy.unknown.';

revoke all on function audit.finish_erasure(uuid, jsonb) from public;
grant execute on function audit.finish_erasure(uuid, jsonb) to stoa_worker;

-- Object: audit/functions/run_erasure_step.sql
create or replace function audit.run_erasure_step(p_request_id uuid, p_step text, p_limit integer default 1000)
returns integer
language plpgsql
volatile
-- Deletes and changes rows of every module.
security definer
set search_path = ''
set lock_timeout = '5s'
as $$
declare
  progress audit.erasures;
  work record;
  condition text;
  affected integer;
begin
  select * into progress from audit.erasures where request_id = p_request_id and finished_at is null for no key update;
  if not found then
    perform core.fail('privacy.unknown');
  end if;

  if p_step = 'audit.logs' then
    affected := audit.scrub_log(progress, least(p_limit, 500));
  elsif p_step = 'jobs' then
    affected := audit.drop_jobs(progress);
  else
    select * into work from audit.erasure_steps(p_step) as known where known.step = p_step;
    if not found then
      raise exception 'there is no step "%"', p_step using errcode = 'XX000';
    end if;

    condition := replace(work.subject, ':user', quote_literal(progress.user_id) || '::uuid');
    if work.action = 'scrub' then
      condition := condition || ' and (' || (
        select string_agg(format('target.%I::text is distinct from (%s)::text', part.name, part.replacement), ' or ')
        from unnest(work.columns, work.replacements) as part (name, replacement)
      ) || ')';
    end if;

    execute format(
      'with doomed as materialized (select target.tableoid as place, target.ctid as spot from %1$s as target where %2$s order by 1, 2 limit %3$s for update) %4$s where target.tableoid = doomed.place and target.ctid = doomed.spot',
      work.table_name::regclass,
      condition,
      p_limit,
      case work.action
        when 'delete' then format('delete from %s as target using doomed', work.table_name::regclass)
        else format(
          'update %s as target set %s from doomed',
          work.table_name::regclass,
          (
            select string_agg(format('%I = %s', part.name, part.replacement), ', ')
            from unnest(work.columns, work.replacements) as part (name, replacement)
          )
        )
      end
    );
    get diagnostics affected = row_count;
  end if;

  update audit.erasures
  set step = p_step,
      counts = case
        when affected = 0 then counts
        else jsonb_set(counts, array[p_step], to_jsonb(coalesce((counts ->> p_step)::bigint, 0) + affected))
      end
  where request_id = p_request_id;
  return affected;
end
$$;

comment on function audit.run_erasure_step(uuid, text, integer) is
  'Worker: works on at most p_limit rows of one step of an erasure that has begun, writes down how many and returns it; less than p_limit means that the step is done for now. A step of audit.erasure_steps, or audit.logs, or jobs. Waits at most 5 s for a lock. Refuses privacy.unknown.';

revoke all on function audit.run_erasure_step(uuid, text, integer) from public;
grant execute on function audit.run_erasure_step(uuid, text, integer) to stoa_worker;

-- End of objects
