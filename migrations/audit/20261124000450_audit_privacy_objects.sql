-- Why: erasure and export by the registry, the look through the whole database that proves an erasure, and the
-- digests and seals of the audit log.
-- Locks: SHARE ROW EXCLUSIVE on audit.logs and its partitions for an instant, for the trigger.
-- Back: puts the objects back as they were.

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

-- Object: audit/functions/commit_digest.sql
create or replace function audit.commit_digest()
returns trigger
language plpgsql
-- Whoever writes the log has no right to its digests.
security definer
set search_path = ''
as $$
declare
  salt constant bytea := uuid_send(gen_random_uuid());
  personal constant bytea := audit.personal_digest(new, salt);
begin
  insert into audit.digests (log_id, digest, personal_digest, salt)
  values (new.id, audit.entry_digest(new, personal), personal, salt);
  return null;
end
$$;

comment on function audit.commit_digest() is
  'Trigger of the audit log: writes down with each entry what it must be. A row of its own, so writers do not wait for each other; the sealing job orders them later.';

revoke all on function audit.commit_digest() from public;

-- Object: audit/functions/count_uploads.sql
create or replace function audit.count_uploads(p_request_id uuid, p_amount integer)
returns void
language sql
volatile
-- Progress belongs to the owner.
security definer
set search_path = ''
begin atomic
  update audit.erasures
  set step = 'uploads',
      counts = jsonb_set(counts, '{uploads}', to_jsonb(coalesce((counts ->> 'uploads')::bigint, 0) + p_amount))
  where request_id = p_request_id
    and finished_at is null;
end;

comment on function audit.count_uploads(uuid, integer) is
  'Worker: writes down how many uploads of an erasure went with their bytes.';

revoke all on function audit.count_uploads(uuid, integer) from public;
grant execute on function audit.count_uploads(uuid, integer) to stoa_worker;

-- Object: audit/functions/deliver_export.sql
create or replace function audit.deliver_export(
  p_request_id uuid,
  p_storage_path text,
  p_size_bytes bigint,
  p_sha256 bytea
)
returns uuid
language plpgsql
volatile
-- Uploads and requests belong to the owner.
security definer
set search_path = ''
as $$
declare
  request audit.privacy_requests;
  file uuid := core.uuidv7();
begin
  select * into request from audit.privacy_requests where id = p_request_id and kind = 'export' for no key update;
  if not found then
    perform core.fail('privacy.unknown');
  end if;
  if request.status not in ('pending', 'running') then
    perform core.fail('privacy.not_pending');
  end if;

  -- Attached to nothing: the nightly sweep removes it once it is a day old.
  insert into media.uploads (id, user_id, filename, content_type, size_bytes, storage_path, sha256, status, inserted_at)
  values (
    file, request.user_id, 'stoa-export.zip', 'application/zip', p_size_bytes, p_storage_path, p_sha256, 'ready',
    now() + make_interval(hours => core.setting_integer('privacy.export_hours')::integer - 24)
  );
  update audit.privacy_requests
  set status = 'done',
      started_at = coalesce(started_at, now()),
      completed_at = clock_timestamp(),
      error = null,
      result = jsonb_build_object('upload_id', file, 'size_bytes', p_size_bytes)
  where id = p_request_id;
  perform audit.record('privacy.exported', 'audit.privacy_requests', p_request_id);
  perform notifications.notify(
    request.user_id, 'privacy', 'The copy of your data is ready', 'It can be fetched for a day.',
    jsonb_build_object('request_id', p_request_id, 'upload_id', file)
  );
  return file;
end
$$;

comment on function audit.deliver_export(uuid, text, bigint, bytea) is
  'Worker: an archive is in the storage: makes it an upload of the person, which only they can fetch and which the nightly sweep removes (setting privacy.export_hours), tells them, and ends the request. Refuses privacy.unknown and privacy.not_pending. Audited.';

revoke all on function audit.deliver_export(uuid, text, bigint, bytea) from public;
grant execute on function audit.deliver_export(uuid, text, bigint, bytea) to stoa_worker;

-- Object: audit/functions/drop_jobs.sql
create or replace function audit.drop_jobs(p_progress audit.erasures)
returns integer
language plpgsql
volatile
set search_path = ''
as $$
declare
  affected integer := 0;
begin
  if to_regclass('graphile_worker._private_jobs') is not null then
    -- What runs at this moment is left: it ends, and the next pass finds what is left of it.
    execute $query$
      delete from graphile_worker._private_jobs as job
      where job.locked_at is null
        and (
          position($1 in concat_ws(' ', job.payload::text, job.key)) > 0
          or exists (
            select
            from jsonb_array_elements($2) as word (item)
            where not (item ->> 'is_common')::boolean
              and position(item ->> 'value' in lower(concat_ws(' ', job.payload::text, job.key, job.last_error))) > 0
          )
        )
    $query$
    using p_progress.user_id::text, p_progress.identifiers;
    get diagnostics affected = row_count;
  end if;
  return affected;
end
$$;

comment on function audit.drop_jobs(audit.erasures) is
  'Takes jobs out of the queue that name the person of an erasure: there is nobody left to do them for. Reads the queue.';

revoke all on function audit.drop_jobs(audit.erasures) from public;

-- Object: audit/functions/due_requests.sql
create or replace function audit.due_requests(p_kind text, p_limit integer default 100)
returns setof audit.privacy_requests
language sql
stable
-- Requests are proof; who may run them is decided by the grant of this function.
security definer
set search_path = ''
rows 10
begin atomic
  select request.*
  from audit.privacy_requests as request
  where request.kind = p_kind
    and (
      request.status = 'pending' and request.not_before <= now()
      -- One that was cut off goes on at once; one that found something is looked at again each hour.
      or request.status = 'running' and (request.error is null or request.updated_at < now() - interval '1 hour')
    )
  order by request.not_before, request.id
  limit p_limit;
end;

comment on function audit.due_requests(text, integer) is
  'Worker: requests for export or erasure whose time has come, and those that were cut off.';

revoke all on function audit.due_requests(text, integer) from public;
grant execute on function audit.due_requests(text, integer) to stoa_worker;

-- Object: audit/functions/entry_digest.sql
create or replace function audit.entry_digest(p_entry audit.logs, p_personal_digest bytea)
returns bytea
language sql
immutable
parallel safe
begin atomic
  select sha256(p_personal_digest || convert_to(
    jsonb_build_array(
      p_entry.id, p_entry.actor_id, p_entry.actor_role, p_entry.action, p_entry.resource_type, p_entry.resource_id,
      p_entry.resource_key, p_entry.group_id, p_entry.request_id,
      -- Without the time zone of whoever asks.
      (extract(epoch from p_entry.inserted_at) * 1000000)::bigint
    )::text,
    'UTF8'
  ));
end;

comment on function audit.entry_digest(audit.logs, bytea) is
  'Digest of an entry of the log: of what never changes in it, and of the digest of what an erasure may take out.';

revoke all on function audit.entry_digest(audit.logs, bytea) from public;

-- Object: audit/functions/erasure_steps.sql
create or replace function audit.erasure_steps(p_step text default null)
returns table (step text, turn smallint, table_name text, action text, subject text, columns text[], replacements text[])
language sql
stable
set search_path = ''
as $$
  select
    format('%s %s where %s', rule.action, rule.table_name, rule.subject),
    min(rule.turn),
    rule.table_name,
    rule.action,
    rule.subject,
    array_agg(rule.column_name order by rule.column_name),
    array_agg(coalesce(rule.replacement, 'null') order by rule.column_name)
  from (
    select
      known.table_name,
      known.column_name,
      known.action,
      known.turn,
      known.replacement,
      coalesce(known.subject, format('target.%I = :user', known.column_name)) as subject
    from ops.personal_data_rules as known
    where known.action in ('delete', 'scrub')
      -- The log refuses changes but those of audit.scrub_log.
      and known.table_name <> 'audit.logs'
      and (p_step is null or starts_with(p_step, format('%s %s where ', known.action, known.table_name)))
      and to_regclass(known.table_name) is not null
  ) as rule
  group by rule.table_name, rule.action, rule.subject
  order by 2, 1
$$;

comment on function audit.erasure_steps(text) is
  'What an erasure does, in its order, from ops.personal_data_rules: rules about the same rows of a table are one step. All of them, or those of the table and action of one. Reads the registry.';

revoke all on function audit.erasure_steps(text) from public;
grant execute on function audit.erasure_steps(text) to stoa_worker;

-- Object: audit/functions/export_columns.sql
create or replace function audit.export_columns(p_table text)
returns jsonb
language sql
stable
set search_path = ''
as $$
  select jsonb_agg(
    jsonb_build_object(
      'name', attribute.attname,
      'description', regexp_replace(coalesce(col_description(attribute.attrelid, attribute.attnum), ''), '^(@[^\n]*\n)+', '')
    )
    order by attribute.attnum
  )
  from pg_catalog.pg_attribute as attribute
  where attribute.attrelid = p_table::regclass
    and attribute.attnum > 0
    and not attribute.attisdropped
    and attribute.atttypid <> 'tsvector'::regtype
    -- Neither secrets nor digests of them, in the words of the audit log.
    and audit.redact(jsonb_build_object(attribute.attname, true)) <> '{}'
    and not exists (
      select
      from ops.personal_data_rules as withheld
      where withheld.table_name = p_table
        and withheld.column_name = attribute.attname
        and not withheld.is_exported
        and attribute.atttypid <> 'uuid'::regtype
    )
$$;

comment on function audit.export_columns(text) is
  'The columns of a table that an export shows, with what the schema says about each. Without secrets, digests, and what is written about others or for moderators.';

revoke all on function audit.export_columns(text) from public;

-- Object: audit/functions/export_tables.sql
create or replace function audit.export_tables()
returns table (table_name text, description text, columns jsonb)
language sql
stable
-- The registry has no grant.
security definer
set search_path = ''
as $$
  select
    rule.table_name,
    regexp_replace(coalesce(obj_description(rule.table_name::regclass, 'pg_class'), ''), '^(@[^\n]*\n)+', ''),
    audit.export_columns(rule.table_name)
  from ops.personal_data_rules as rule
  where to_regclass(rule.table_name) is not null
    and rule.is_exported
  group by rule.table_name
  order by rule.table_name
$$;

comment on function audit.export_tables() is
  'Worker: the tables of an export, with the columns that are shown and what the schema says about each. Without secrets, digests, and what is written about others or for moderators.';

revoke all on function audit.export_tables() from public;
grant execute on function audit.export_tables() to stoa_worker;

-- Object: audit/functions/find_person.sql
create or replace function audit.find_person(p_name text)
returns table (user_id uuid, username text, erased_at timestamptz)
language sql
stable
-- Addresses are granted to nobody.
security definer
set search_path = ''
rows 1
begin atomic
  select person.id, person.username::text, person.erased_at
  from core.users as person
  left join auth.accounts as account on account.user_id = person.id
  where person.id::text = lower(p_name)
    or person.username operator(extensions.=) p_name::extensions.citext
    or account.email operator(extensions.=) p_name::extensions.citext
    or person.id = (select request.user_id from audit.privacy_requests as request where request.id::text = lower(p_name));
end;

comment on function audit.find_person(text) is
  'Worker, for an operator: the account with this id, username, e-mail address, or request.';

revoke all on function audit.find_person(text) from public;
grant execute on function audit.find_person(text) to stoa_worker;

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

-- Object: audit/functions/head_seal.sql
create or replace function audit.head_seal()
returns table (sequence bigint, digest bytea)
language sql
stable
-- The chain is granted to nobody.
security definer
set search_path = ''
rows 1
begin atomic
  select seal.sequence, seal.digest from audit.seals as seal order by seal.sequence desc limit 1;
end;

comment on function audit.head_seal() is
  'Worker: the newest seal of the log, to be anchored outside the database. None before the first.';

revoke all on function audit.head_seal() from public;
grant execute on function audit.head_seal() to stoa_worker;

-- Object: audit/functions/identifiers_of.sql
create or replace function audit.identifiers_of(p_user_id uuid)
returns jsonb
language plpgsql
stable
-- Asks tables of every module.
security definer
set search_path = ''
as $$
declare
  known ops.personal_identifiers;
  found_ones jsonb;
  gathered jsonb := '[]';
begin
  for known in select * from ops.personal_identifiers order by name loop
    execute format(
      'select jsonb_agg(jsonb_build_object(%L, lower(btrim(given.value)), %L, given.is_shared)) from (%s) as given where btrim(given.value) <> %L',
      'value', 'is_shared', replace(known.query, ':user', quote_literal(p_user_id) || '::uuid'), ''
    )
    into found_ones;
    if found_ones is not null then
      select gathered || jsonb_agg(entry.item || jsonb_build_object('kind', known.kind))
      into gathered
      from jsonb_array_elements(found_ones) as entry (item);
    end if;
  end loop;

  return (
    select coalesce(jsonb_agg(
      jsonb_build_object('kind', word.kind, 'value', word.value, 'is_common', word.is_common) order by word.kind, word.value
    ), '[]')
    from (
      select
        item ->> 'kind' as kind,
        item ->> 'value' as value,
        bool_or(
          (item ->> 'is_shared')::boolean
          -- A single plain word may stand anywhere and mean something else.
          or item ->> 'kind' = 'name' and (char_length(item ->> 'value') < 6 or item ->> 'value' !~ '[0-9_[:space:]]')
        ) as is_common
      from jsonb_array_elements(gathered) as entry (item)
      group by 1, 2
    ) as word
  );
end
$$;

comment on function audit.identifiers_of(uuid) is
  'By which words and numbers a person is recognised, from ops.personal_identifiers, in lower case. is_common: others may have the same, or it is a plain word, so that finding it proves nothing.';

revoke all on function audit.identifiers_of(uuid) from public;

-- Object: audit/functions/is_retired.sql
create or replace function audit.is_retired(p_log_id uuid)
returns boolean
language sql
stable
set search_path = ''
begin atomic
  select
    policy.retain is not null
    and core.uuidv7_time(p_log_id) < now() - policy.retain
    and not exists (
      select
      from pg_catalog.pg_inherits as link
      join pg_catalog.pg_class as child on child.oid = link.inhrelid
      cross join lateral (
        select
          substring(pg_get_expr(child.relpartbound, child.oid) from 'FROM \(''([^'']+)''\)') as lower_value,
          substring(pg_get_expr(child.relpartbound, child.oid) from 'TO \(''([^'']+)''\)') as upper_value
      ) as bound
      where link.inhparent = 'audit.logs'::regclass
        and p_log_id < bound.upper_value::uuid
        and (bound.lower_value is null or p_log_id >= bound.lower_value::uuid)
    )
  from ops.partition_policies as policy
  where policy.parent = 'audit.logs';
end;

comment on function audit.is_retired(uuid) is
  'Whether an entry of the log is gone rightly: older than the log is kept, and in no partition that is there.';

revoke all on function audit.is_retired(uuid) from public;

-- Object: audit/functions/note_ledger.sql
create or replace function audit.note_ledger(p_request_id uuid, p_key text, p_digest bytea)
returns void
language plpgsql
volatile
-- Progress belongs to the owner.
security definer
set search_path = ''
as $$
begin
  update audit.erasures
  set ledger_key = p_key,
      ledger_digest = p_digest
  where request_id = p_request_id
    and finished_at is null;
  if not found then
    perform core.fail('privacy.unknown');
  end if;
end
$$;

comment on function audit.note_ledger(uuid, text, bytea) is
  'Worker: writes down which object of the storage brings an erasure back after a restore. Refuses privacy.unknown.';

revoke all on function audit.note_ledger(uuid, text, bytea) from public;
grant execute on function audit.note_ledger(uuid, text, bytea) to stoa_worker;

-- Object: audit/functions/note_request_error.sql
create or replace function audit.note_request_error(p_request_id uuid, p_error text)
returns void
language sql
volatile
-- Requests are proof, so nobody has an update grant.
security definer
set search_path = ''
begin atomic
  update audit.privacy_requests
  set error = left(p_error, 1000),
      -- Looked at again in an hour instead of at every run.
      not_before = case when status = 'pending' then greatest(not_before, now() + interval '1 hour') else not_before end
  where id = p_request_id
    and status in ('pending', 'running');
end;

comment on function audit.note_request_error(uuid, text) is
  'Worker: why a request could not be fulfilled now. It stays open and is tried again in an hour.';

revoke all on function audit.note_request_error(uuid, text) from public;
grant execute on function audit.note_request_error(uuid, text) to stoa_worker;

-- Object: audit/functions/open_export.sql
create or replace function audit.open_export(p_user_id uuid, p_table text)
returns refcursor
language plpgsql
volatile
-- Reads the person's rows in every module.
security definer
set search_path = ''
as $$
declare
  rows_of_person refcursor := 'stoa_export';
  shown text;
  condition text;
begin
  select string_agg(format('%L, target.%I', column_entry ->> 'name', column_entry ->> 'name'), ', ')
  into shown
  from jsonb_array_elements(audit.export_columns(p_table)) as entry (column_entry);
  select string_agg(distinct format('(%s)', coalesce(rule.subject, format('target.%I = :user', rule.column_name))), ' or ')
  into condition
  from ops.personal_data_rules as rule
  join pg_catalog.pg_attribute as attribute
    on attribute.attrelid = p_table::regclass and attribute.attname = rule.column_name
  where rule.table_name = p_table
    and rule.is_exported
    and (rule.subject is not null or attribute.atttypid = 'uuid'::regtype);
  if shown is null or condition is null then
    raise exception 'table "%" is in no export', p_table using errcode = 'XX000';
  end if;

  open rows_of_person no scroll for execute format(
    'select jsonb_build_object(%s) as row from %s as target where %s',
    shown, p_table::regclass, replace(condition, ':user', quote_literal(p_user_id) || '::uuid')
  );
  return rows_of_person;
end
$$;

comment on function audit.open_export(uuid, text) is
  'Worker: opens the cursor "stoa_export" over the rows of a table that belong into a person''s export, to be fetched in this transaction and closed.';

revoke all on function audit.open_export(uuid, text) from public;
grant execute on function audit.open_export(uuid, text) to stoa_worker;

-- Object: audit/functions/operator_request.sql
create or replace function audit.operator_request(
  p_user_id uuid,
  p_kind text,
  p_reason text default null,
  p_is_early boolean default true
)
returns uuid
language plpgsql
volatile
-- Requests are proof, so nobody has an insert grant.
security definer
set search_path = ''
as $$
declare
  request uuid;
begin
  perform from core.users where id = p_user_id for no key update;
  if not found then
    perform core.fail('user.unknown');
  end if;
  select open.id into request
  from audit.privacy_requests as open
  where open.user_id = p_user_id and open.kind = p_kind and open.status in ('pending', 'running');
  if request is null then
    insert into audit.privacy_requests (user_id, kind, not_before)
    values (
      p_user_id,
      p_kind,
      now() + make_interval(
        days => case when p_is_early then 0 else core.setting_integer('privacy.erasure_cooling_days')::integer end
      )
    )
    returning id into request;
    perform audit.record(
      p_action => 'privacy.request_' || case p_kind when 'erase' then 'erasure' else p_kind end,
      p_resource_type => 'audit.privacy_requests',
      p_resource_id => request,
      p_reason => core.clean_text(p_reason, 500, false)
    );
  end if;
  return request;
end
$$;

comment on function audit.operator_request(uuid, text, text, boolean) is
  'Worker, for an operator on the command line: the open request of that kind for a person, made where there is none; due now, or, unless p_is_early, after the days in which it can be taken back. Refuses user.unknown. Audited.';

revoke all on function audit.operator_request(uuid, text, text, boolean) from public;
grant execute on function audit.operator_request(uuid, text, text, boolean) to stoa_worker;

-- Object: audit/functions/personal_digest.sql
create or replace function audit.personal_digest(p_entry audit.logs, p_salt bytea)
returns bytea
language sql
immutable
parallel safe
begin atomic
  select sha256(p_salt || convert_to(
    jsonb_build_array(
      p_entry.old_values, p_entry.new_values, p_entry.reason, host(p_entry.ip_address), p_entry.user_agent
    )::text,
    'UTF8'
  ));
end;

comment on function audit.personal_digest(audit.logs, bytea) is
  'Digest of what an erasure may take out of an entry of the log, behind a salt.';

revoke all on function audit.personal_digest(audit.logs, bytea) from public;

-- Object: audit/functions/privacy_list.sql
create or replace function audit.privacy_list(p_user_id uuid default null, p_limit integer default 100)
returns table (
  id uuid, user_id uuid, kind text, status text, not_before timestamptz, completed_at timestamptz, error text,
  findings jsonb, certificate jsonb
)
language sql
stable
-- Progress is granted to nobody.
security definer
set search_path = ''
begin atomic
  select
    request.id, request.user_id, request.kind, request.status, request.not_before, request.completed_at, request.error,
    progress.findings, progress.certificate
  from audit.privacy_requests as request
  left join audit.erasures as progress on progress.request_id = request.id
  where p_user_id is null or request.user_id = p_user_id
  order by request.id desc
  limit p_limit;
end;

comment on function audit.privacy_list(uuid, integer) is
  'Worker, for an operator: requests about personal data, newest first, with what was found and the certificates.';

revoke all on function audit.privacy_list(uuid, integer) from public;
grant execute on function audit.privacy_list(uuid, integer) to stoa_worker;

-- Object: audit/functions/refuse_change.sql
create or replace function audit.refuse_change()
returns trigger
language plpgsql
-- The digests are granted to nobody.
security definer
set search_path = ''
as $$
declare
  personal constant text[] := array['old_values', 'new_values', 'reason', 'ip_address', 'user_agent'];
begin
  if tg_level = 'ROW' and tg_op = 'UPDATE' then
    if to_jsonb(new) - personal = to_jsonb(old) - personal and exists (
      select
      from audit.digests as committed
      where committed.log_id = old.id
        and committed.scrubbed_digest = audit.personal_digest(new, '')
    ) then
      return new;
    end if;
  end if;
  raise exception 'the audit log only grows: % on %.% is refused', tg_op, tg_table_schema, tg_table_name
    using errcode = 'restrict_violation';
end
$$;

comment on function audit.refuse_change() is
  'Trigger of the audit log: refuses every UPDATE, DELETE and TRUNCATE, of the owner too, but what audit.scrub_log has announced in audit.digests: an erasure takes out what identifies a person. Old entries leave by dropping a whole partition after it was exported.';

revoke all on function audit.refuse_change() from public;

-- Object: audit/functions/reopen_erasure.sql
create or replace function audit.reopen_erasure(p_request_id uuid, p_user_id uuid, p_requested_at timestamptz)
returns text
language plpgsql
volatile
-- Requests and progress belong to the owner; what runs this does not.
security definer
set search_path = ''
as $$
declare
  request audit.privacy_requests;
begin
  perform from core.users where id = p_user_id for no key update;
  if not found then
    return 'absent';
  end if;

  select * into request from audit.privacy_requests where id = p_request_id for no key update;
  if found and request.user_id <> p_user_id then
    return 'another';
  end if;
  if request.status = 'done' then
    return 'done';
  end if;

  if request.id is null then
    -- One that is open under another id would stand in the way.
    update audit.privacy_requests
    set status = 'cancelled'
    where user_id = p_user_id and kind = 'erase' and status in ('pending', 'running');
    insert into audit.privacy_requests (id, user_id, kind, not_before)
    values (p_request_id, p_user_id, 'erase', p_requested_at);
  elsif request.status <> 'running' then
    update audit.privacy_requests
    set status = 'pending',
        not_before = least(not_before, now())
    where id = p_request_id;
  end if;
  return 'open';
end
$$;

comment on function audit.reopen_erasure(uuid, uuid, timestamptz) is
  'Worker, after a restore: makes the request of an entry of the erasure ledger due again. Answers absent when the account is not there, done when the erasure is, another when the request is somebody else''s, else open.';

revoke all on function audit.reopen_erasure(uuid, uuid, timestamptz) from public;
grant execute on function audit.reopen_erasure(uuid, uuid, timestamptz) to stoa_worker;

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

-- Object: audit/functions/scan_large_objects.sql
create or replace function audit.scan_large_objects(p_request_ids uuid[])
returns table (objects bigint, named uuid[])
language plpgsql
volatile
-- Large objects belong to whoever made them; only the owner and superusers may read them.
security definer
set search_path = ''
as $$
declare
  object record;
begin
  objects := 0;
  named := '{}';
  for object in select known.oid from pg_catalog.pg_largeobject_metadata as known order by known.oid loop
    objects := objects + 1;
    named := named || coalesce(
      (
        select array_agg(distinct progress.request_id)
        from audit.erasures as progress
        cross join lateral jsonb_array_elements(
          progress.identifiers || jsonb_build_array(jsonb_build_object('value', progress.user_id, 'is_common', false))
        ) as entry (item)
        where progress.request_id = any (p_request_ids)
          and not (item ->> 'is_common')::boolean
          and position(convert_to(item ->> 'value', 'UTF8') in lo_get(object.oid)) > 0
      ),
      '{}'
    );
  end loop;
  return next;
end
$$;

comment on function audit.scan_large_objects(uuid[]) is
  'Worker: how many large objects there are (Stoa makes none) and which people of erasures under way are named in one. Fails when one cannot be read.';

revoke all on function audit.scan_large_objects(uuid[]) from public;
grant execute on function audit.scan_large_objects(uuid[]) to stoa_worker;

-- Object: audit/functions/scan_table.sql
create or replace function audit.scan_table(p_table text, p_request_ids uuid[])
returns table (request_id uuid, column_name text, row_key jsonb, kind text, verdict text)
language plpgsql
volatile
-- Reads every table.
security definer
set search_path = ''
as $$
declare
  place constant regclass := p_table::regclass;
  family constant text := coalesce(
    (
      select ancestor.relid::regclass::text
      from pg_catalog.pg_partition_ancestors(place) with ordinality as ancestor (relid, step)
      order by ancestor.step desc
      limit 1
    ),
    p_table
  );
  is_impersonal constant boolean := exists (select from ops.impersonal_tables as known where known.table_name = family);
  is_registered constant boolean := exists (select from ops.personal_data_rules as rule where rule.table_name = family);
  words jsonb;
  pattern text;
  people uuid[];
  names text[];
  forms text[];
  searched text;
  same_id text;
  has_rows boolean;
  id_columns text[];
  owners text;
  keys text;
  candidate record;
  word record;
  position integer;
begin
  -- Its own notes are what is compared with.
  if family = 'audit.erasures' then
    return;
  end if;
  execute format('select exists (select from %s)', place) into has_rows;
  if not has_rows then
    return;
  end if;

  select
    jsonb_agg(
      jsonb_build_object('request', progress.request_id, 'user', progress.user_id) || item
      || jsonb_build_object(
        'pattern',
        case
          when item ->> 'kind' = 'secret' then regexp_replace(item ->> 'value', '([^[:alnum:]_[:space:]])', '\\\1', 'g')
          else audit.word_pattern(jsonb_build_array(item || '{"is_common": false}'), false)
        end,
        'hex', encode(convert_to(item ->> 'value', 'UTF8'), 'hex')
      )
    ),
    array_agg(distinct progress.user_id)
  into words, people
  from audit.erasures as progress
  cross join lateral jsonb_array_elements(
    progress.identifiers || jsonb_build_array(
      jsonb_build_object('kind', 'id', 'value', progress.user_id, 'is_common', false),
      jsonb_build_object('kind', 'id', 'value', replace(progress.user_id::text, '-', ''), 'is_common', false)
    )
  ) as entry (item)
  where progress.request_id = any (p_request_ids)
    and progress.finished_at is null;
  if words is null then
    return;
  end if;

  select
    array_agg(attribute.attname::text order by attribute.attnum),
    array_agg(
      case
        when type.oid = 'bytea'::regtype then format('encode(target.%I, ''hex'')', attribute.attname)
        when type.oid in ('inet'::regtype, 'cidr'::regtype) then format('host(target.%I)', attribute.attname)
        else format('lower(target.%I::text)', attribute.attname)
      end
      order by attribute.attnum
    ),
    array_agg(format('target.%I', attribute.attname)) filter (where type.oid = 'uuid'::regtype),
    -- Identifiers are compared as such: most rows of a community are votes and memberships, and hold nothing else.
    'concat_ws(E''\x1f'', ' || coalesce(
      string_agg(
        case
          when type.oid = 'bytea'::regtype then format('encode(target.%I, ''hex'')', attribute.attname)
          when type.oid in ('inet'::regtype, 'cidr'::regtype) then format('host(target.%I)', attribute.attname)
          when type.oid <> 'uuid'::regtype then format('lower(target.%I::text)', attribute.attname)
        end,
        ', '
      ),
      'null'
    ) || ')',
    coalesce(
      string_agg(format('target.%I = any ($1)', attribute.attname), ' or ') filter (where type.oid = 'uuid'::regtype), 'false'
    )
  into names, forms, id_columns, searched, same_id
  from pg_catalog.pg_attribute as attribute
  join pg_catalog.pg_type as type on type.oid = attribute.atttypid
  where attribute.attrelid = place
    and attribute.attnum > 0
    and not attribute.attisdropped
    -- Numbers, points in time and switches cannot hold a word.
    and (
      type.typcategory in ('S', 'U', 'A', 'I', 'E', 'C', 'X', 'Z')
      or type.oid in ('bytea'::regtype, 'json'::regtype, 'jsonb'::regtype)
    )
    and type.oid not in ('pg_lsn'::regtype, 'txid_snapshot'::regtype);
  if names is null then
    return;
  end if;

  select string_agg(distinct format('target.%I', attribute.attname), ', ')
  into owners
  from pg_catalog.pg_attribute as attribute
  join ops.personal_data_rules as rule on rule.table_name = family and rule.column_name = attribute.attname
  where attribute.attrelid = place
    and attribute.atttypid = 'uuid'::regtype
    and not attribute.attisdropped;

  select string_agg(format('%L, target.%I', attribute.attname, attribute.attname), ', ')
  into keys
  from pg_catalog.pg_index as index_entry
  join pg_catalog.pg_attribute as attribute
    on attribute.attrelid = index_entry.indrelid and attribute.attnum = any (index_entry.indkey::smallint[])
  where index_entry.indrelid = place
    and index_entry.indisprimary;

  -- A rough look at each row as a whole, then a close one at those that it lets through: a search for fixed words costs a
  -- tenth of what an expression with as many alternatives does.
  select string_agg(format('strpos(hay.content, %L) > 0', part.word), ' or ') into pattern
  from (
    select item ->> 'value' as word from jsonb_array_elements(words) as entry (item)
    union
    select item ->> 'hex' from jsonb_array_elements(words) as entry (item)
    where exists (
      select from pg_catalog.pg_attribute as attribute where attribute.attrelid = place and attribute.atttypid = 'bytea'::regtype
    )
  ) as part;

  for candidate in execute format(
    'select array[%s]::text[] as contents, %s as owners, %s as row_key from %s as target cross join lateral (select %s as content offset 0) as hay where %s or %s',
    array_to_string(forms, ', '),
    coalesce(format('array_remove(array[%s]::uuid[], null)', owners), '''{}''::uuid[]'),
    coalesce(format('jsonb_build_object(%s)', keys), 'jsonb_build_object(''ctid'', target.ctid::text)'),
    place,
    searched,
    pattern,
    same_id
  )
  using people
  loop
    for position in 1 .. cardinality(names) loop
      continue when candidate.contents[position] is null;
      for word in
        select distinct on (given.request, given.kind)
          given.request, given."user", given.kind, given.is_common
        from jsonb_to_recordset(words)
          as given (request uuid, "user" uuid, kind text, value text, is_common boolean, pattern text, hex text)
        where (strpos(candidate.contents[position], given.value) > 0 and candidate.contents[position] ~ given.pattern)
          or (candidate.contents[position] ~ '^[0-9a-f]+$' and position(given.hex in candidate.contents[position]) > 0)
        order by given.request, given.kind, given.is_common
      loop
        request_id := word.request;
        column_name := names[position];
        row_key := candidate.row_key;
        kind := word.kind;
        verdict := case
          when exists (
            select
            from ops.personal_data_rules as rule
            where rule.table_name = family and rule.column_name = names[position] and rule.action = 'keep'
          ) then 'kept'
          -- The id of a tombstone tells nobody who it was; as a reference it needs a rule all the same.
          when word.kind = 'id' and format('target.%I', names[position]) = any (coalesce(id_columns, '{}')) then 'found'
          when word.kind = 'id' and is_registered then 'reference'
          when word.is_common or (is_impersonal and word.kind in ('name', 'id', 'link')) then 'inconclusive'
          when word.kind in ('name', 'link', 'id')
            and cardinality(candidate.owners) > 0
            and not word."user" = any (candidate.owners) then 'mentioned'
          else 'found'
        end;
        return next;
      end loop;
    end loop;
  end loop;
end
$$;

comment on function audit.scan_table(text, uuid[]) is
  'Worker: looks for the people of erasures that are under way in every column of a table or partition that can hold a word: texts, JSON, arrays, bytes, addresses, identifiers. Tells where, never what: kept (a rule keeps the column), reference (the id of the tombstone), mentioned (a name in what somebody else wrote), inconclusive (a word that many share), or found, which nothing excuses. Reads the whole table once, however many are looked for.';

revoke all on function audit.scan_table(text, uuid[]) from public;
grant execute on function audit.scan_table(text, uuid[]) to stoa_worker;

-- Object: audit/functions/scan_tables.sql
create or replace function audit.scan_tables()
returns table (table_name text, is_readable boolean, estimated_rows bigint)
language sql
stable
-- What can be read is asked of the owner, who scans.
security definer
set search_path = ''
begin atomic
  select
    c.oid::regclass::text,
    has_schema_privilege(current_user, c.relnamespace, 'usage') and has_table_privilege(current_user, c.oid, 'select'),
    greatest(c.reltuples, 0)::bigint
  from pg_catalog.pg_class as c
  join pg_catalog.pg_namespace as n on n.oid = c.relnamespace
  where c.relkind in ('r', 'm')
    and c.relpersistence <> 't'
    and n.nspname !~ '^pg_'
    and n.nspname <> 'information_schema'
  order by 1;
end;

comment on function audit.scan_tables() is
  'Every table that holds rows, each partition by itself, those of extensions and of the queue included.';

revoke all on function audit.scan_tables() from public;
grant execute on function audit.scan_tables() to stoa_worker;

-- Object: audit/functions/scrub_log.sql
create or replace function audit.scrub_log(p_progress audit.erasures, p_limit integer)
returns integer
language plpgsql
volatile
set search_path = ''
as $$
declare
  conclusive constant text := audit.word_pattern(p_progress.identifiers, false);
  every_word constant text := audit.word_pattern(p_progress.identifiers, true);
  entry audit.logs;
  scrubbed audit.logs;
  pattern text;
  left_there jsonb := '{}';
  affected integer := 0;
begin
  for entry in
    select *
    from audit.logs as target
    where target.actor_id = p_progress.user_id
        and num_nonnulls(target.ip_address, target.user_agent, target.reason) > 0
      or concat_ws(' ', target.old_values, target.new_values, target.reason, target.user_agent, host(target.ip_address))
        ~* case
          when p_progress.user_id in (target.actor_id, target.resource_id) then every_word
          else conclusive
        end
    order by target.id
    limit p_limit
  loop
    scrubbed := entry;
    pattern := case
      when coalesce(p_progress.user_id in (entry.actor_id, entry.resource_id), false) then every_word
      else conclusive
    end;
    if entry.actor_id = p_progress.user_id then
      scrubbed.ip_address := null;
      scrubbed.user_agent := null;
      scrubbed.reason := null;
    end if;
    if host(scrubbed.ip_address) ~* pattern then
      scrubbed.ip_address := null;
    end if;
    scrubbed.user_agent := regexp_replace(scrubbed.user_agent, pattern, '[erased]', 'gi');
    scrubbed.reason := regexp_replace(scrubbed.reason, pattern, '[erased]', 'gi');
    scrubbed.old_values := audit.without_words(scrubbed.old_values, pattern);
    scrubbed.new_values := audit.without_words(scrubbed.new_values, pattern);

    -- Announced first: the guard of the log lets through exactly this.
    update audit.digests
    set salt = null,
        scrubbed_for = p_progress.request_id,
        scrubbed_digest = audit.personal_digest(scrubbed, '')
    where log_id = entry.id;
    update audit.logs
    set old_values = scrubbed.old_values,
        new_values = scrubbed.new_values,
        reason = scrubbed.reason,
        ip_address = scrubbed.ip_address,
        user_agent = scrubbed.user_agent
    where id = entry.id;
    left_there := left_there || jsonb_build_object(entry.id, encode(audit.personal_digest(scrubbed, ''), 'hex'));
    affected := affected + 1;
  end loop;

  if affected > 0 then
    perform audit.record(
      p_action => 'privacy.scrub_log',
      p_resource_type => 'audit.privacy_requests',
      p_resource_id => p_progress.request_id,
      p_new_values => jsonb_build_object('entries', left_there)
    );
  end if;
  return affected;
end
$$;

comment on function audit.scrub_log(audit.erasures, integer) is
  'Takes out of at most p_limit entries of the log what identifies the person of an erasure: address, user agent and reason where they acted, the words that they are recognised by everywhere. Writes an entry that says which ones and what was left, which is sealed like any other. Reads the whole log.';

revoke all on function audit.scrub_log(audit.erasures, integer) from public;

-- Object: audit/functions/seal_digest.sql
create or replace function audit.seal_digest(
  p_sequence bigint,
  p_first_id uuid,
  p_last_id uuid,
  p_entries integer,
  p_previous bytea,
  p_content bytea
)
returns bytea
language sql
immutable
parallel safe
begin atomic
  select sha256(
    p_previous || convert_to(concat_ws(' ', p_sequence, p_first_id, p_last_id, p_entries), 'UTF8') || sha256(p_content)
  );
end;

comment on function audit.seal_digest(bigint, uuid, uuid, integer, bytea, bytea) is
  'Digest of a seal: over the seal before it, its place and range, and the digests of its entries in the order of their ids.';

revoke all on function audit.seal_digest(bigint, uuid, uuid, integer, bytea, bytea) from public;

-- Object: audit/functions/seal_log.sql
create or replace function audit.seal_log(p_limit integer default 10000)
returns integer
language plpgsql
volatile
-- The digests are granted to nobody.
security definer
set search_path = ''
as $$
declare
  before audit.seals;
  ids uuid[];
  content bytea;
begin
  -- One sealer at a time; writers of the log never wait for it.
  perform pg_advisory_xact_lock(hashtextextended('audit.seal_log', 0));
  select * into before from audit.seals order by sequence desc limit 1;

  -- What is not committed is not seen and falls under a later seal: an id may be lower than one that is sealed.
  select array_agg(waiting.log_id order by waiting.log_id), string_agg(waiting.digest, '' order by waiting.log_id)
  into ids, content
  from (
    select entry.log_id, entry.digest from audit.digests as entry where entry.seal is null order by entry.log_id limit p_limit
  ) as waiting;
  if ids is null then
    return 0;
  end if;

  insert into audit.seals (sequence, first_id, last_id, entries, digest, previous)
  select
    next.sequence, ids[1], ids[cardinality(ids)], cardinality(ids),
    audit.seal_digest(next.sequence, ids[1], ids[cardinality(ids)], cardinality(ids), next.previous, content),
    next.previous
  from (
    select coalesce(before.sequence, 0) + 1 as sequence, coalesce(before.digest, decode(repeat('00', 32), 'hex')) as previous
  ) as next;
  update audit.digests
  set seal = coalesce(before.sequence, 0) + 1
  where log_id = any (ids);
  return cardinality(ids);
end
$$;

comment on function audit.seal_log(integer) is
  'Worker: puts the entries of the log that are committed and not sealed under the next seal of the chain, at most p_limit, and returns how many. Takes no lock that a writer of the log waits for.';

revoke all on function audit.seal_log(integer) from public;
grant execute on function audit.seal_log(integer) to stoa_worker;

-- Object: audit/functions/seals_at.sql
create or replace function audit.seals_at(p_sequences bigint[])
returns table (sequence bigint, digest bytea)
language sql
stable
-- The chain is granted to nobody.
security definer
set search_path = ''
begin atomic
  select seal.sequence, seal.digest from audit.seals as seal where seal.sequence = any (p_sequences);
end;

comment on function audit.seals_at(bigint[]) is
  'Worker: digests of seals, to be compared with those that were anchored outside the database.';

revoke all on function audit.seals_at(bigint[]) from public;
grant execute on function audit.seals_at(bigint[]) to stoa_worker;

-- Object: audit/functions/verify_seals.sql
create or replace function audit.verify_seals(p_after bigint, p_limit integer default 100)
returns table (last_sequence bigint, seals integer, entries bigint, faults jsonb)
language sql
stable
-- The digests are granted to nobody.
security definer
set search_path = ''
rows 1
as $$
  with chain as (
    select seal.*
    from audit.seals as seal
    where seal.sequence > p_after
    order by seal.sequence
    limit p_limit
  ),
  committed as (
    select digests.*
    from audit.digests as digests
    where digests.seal in (select chain.sequence from chain)
  ),
  looked_at as (
    select
      committed.*,
      entry.id as entry_id,
      case
        when entry.id is null then null
        when committed.scrubbed_for is null then
          committed.personal_digest = audit.personal_digest(entry, committed.salt)
        else committed.scrubbed_digest = audit.personal_digest(entry, '')
          -- The scrub itself is an entry of the log, so a scrub that nobody recorded is a change like any other.
          and exists (
            select
            from audit.logs as scrub
            where scrub.resource_type = 'audit.privacy_requests'
              and scrub.resource_id = committed.scrubbed_for
              and scrub.action = 'privacy.scrub_log'
              and scrub.new_values -> 'entries' ->> committed.log_id::text = encode(committed.scrubbed_digest, 'hex')
          )
      end as is_personal_right,
      committed.digest = audit.entry_digest(entry, committed.personal_digest) as is_right
    from committed
    left join audit.logs as entry on entry.id = committed.log_id
  ),
  fault as (
    select seal.sequence, null::uuid as log_id, 'seal' as what
    from chain as seal
    left join lateral (
      select count(*) as amount, string_agg(committed.digest, '' order by committed.log_id) as content
      from committed
      where committed.seal = seal.sequence
    ) as held on true
    left join audit.seals as before on before.sequence = seal.sequence - 1
    where held.amount <> seal.entries
      or seal.previous <> coalesce(before.digest, case when seal.sequence = 1 then decode(repeat('00', 32), 'hex') else ''::bytea end)
      or seal.digest <> audit.seal_digest(
        seal.sequence, seal.first_id, seal.last_id, seal.entries, seal.previous, coalesce(held.content, '')
      )
    union all
    select seen.seal, seen.log_id, case when seen.entry_id is null then 'deleted' else 'changed' end
    from looked_at as seen
    where seen.entry_id is null and not audit.is_retired(seen.log_id)
      or seen.entry_id is not null and not (seen.is_right and seen.is_personal_right)
  )
  select
    (select max(chain.sequence) from chain),
    (select count(*)::integer from chain),
    (select count(*) from committed),
    coalesce(
      (
        select jsonb_agg(
          jsonb_strip_nulls(jsonb_build_object('what', fault.what, 'seal', fault.sequence, 'entry', fault.log_id))
          order by fault.sequence, fault.log_id nulls first
        )
        from fault
      ),
      '[]'
    )
$$;

comment on function audit.verify_seals(bigint, integer) is
  'Worker: compares the next p_limit seals after p_after, their place in the chain and every entry under them with what was written down. Faults are seal, changed or deleted, with the seal and the entry. Entries whose partition was dropped after its time are not asked for.';

revoke all on function audit.verify_seals(bigint, integer) from public;
grant execute on function audit.verify_seals(bigint, integer) to stoa_worker;

-- Object: audit/functions/verify_unsealed.sql
create or replace function audit.verify_unsealed()
returns table (unsealed bigint, oldest timestamptz, head_sequence bigint, head_digest bytea, faults jsonb)
language sql
stable
-- The digests are granted to nobody.
security definer
set search_path = ''
rows 1
as $$
  with waiting as (
    select committed.log_id, entry.id as entry_id,
      committed.digest = audit.entry_digest(entry, committed.personal_digest)
      and case
        when committed.scrubbed_for is null then committed.personal_digest = audit.personal_digest(entry, committed.salt)
        else committed.scrubbed_digest = audit.personal_digest(entry, '')
      end as is_right
    from audit.digests as committed
    left join audit.logs as entry on entry.id = committed.log_id
    where committed.seal is null
  ),
  fault as (
    select waiting.log_id, case when waiting.entry_id is null then 'deleted' else 'changed' end as what
    from waiting
    where waiting.entry_id is null or not waiting.is_right
    union all
    select entry.id, 'inserted'
    from audit.logs as entry
    where not exists (select from audit.digests as committed where committed.log_id = entry.id)
  )
  select
    (select count(*) from waiting),
    (select min(core.uuidv7_time(waiting.log_id)) from waiting),
    head.sequence,
    head.digest,
    coalesce(
      (select jsonb_agg(jsonb_build_object('what', fault.what, 'entry', fault.log_id) order by fault.log_id) from fault),
      '[]'
    )
  from (values (1)) as one
  left join lateral (
    select seal.sequence, seal.digest from audit.seals as seal order by seal.sequence desc limit 1
  ) as head on true
$$;

comment on function audit.verify_unsealed() is
  'Worker: the entries of the log that no seal covers yet, the head of the chain, and what is wrong: an entry that was not written by Stoa has no digest (inserted), one that is not sealed may be changed or deleted.';

revoke all on function audit.verify_unsealed() from public;
grant execute on function audit.verify_unsealed() to stoa_worker;

-- Object: audit/functions/without_words.sql
create or replace function audit.without_words(p_values jsonb, p_pattern text)
returns jsonb
language plpgsql
immutable
parallel safe
set search_path = ''
as $$
begin
  if p_values::text !~* p_pattern then
    return p_values;
  end if;
  case jsonb_typeof(p_values)
    when 'object' then
      return (
        select jsonb_object_agg(regexp_replace(entry.key, p_pattern, '[erased]', 'gi'), audit.without_words(entry.value, p_pattern))
        from jsonb_each(p_values) as entry
      );
    when 'array' then
      return (
        select jsonb_agg(audit.without_words(entry.item, p_pattern) order by entry.place)
        from jsonb_array_elements(p_values) with ordinality as entry (item, place)
      );
    when 'string' then
      return to_jsonb(regexp_replace(p_values #>> '{}', p_pattern, '[erased]', 'gi'));
    else
      return to_jsonb('[erased]'::text);
  end case;
end
$$;

comment on function audit.without_words(jsonb, text) is
  'The image of a row in which the words of a pattern are replaced by [erased], in keys and in values.';

revoke all on function audit.without_words(jsonb, text) from public;

-- Object: audit/functions/word_pattern.sql
create or replace function audit.word_pattern(p_identifiers jsonb, p_with_common boolean)
returns text
language sql
immutable
parallel safe
begin atomic
  -- Matches nothing where there is no word.
  select coalesce(
    '(?<![[:alnum:]_])(?:' || string_agg(
      regexp_replace(item ->> 'value', '([^[:alnum:]_[:space:]])', '\\\1', 'g'), '|' order by length(item ->> 'value') desc, item ->> 'value'
    ) || ')(?![[:alnum:]_])',
    '(?!)'
  )
  from jsonb_array_elements(p_identifiers) as word (item)
  where p_with_common or not (item ->> 'is_common')::boolean;
end;

comment on function audit.word_pattern(jsonb, boolean) is
  'A regular expression for what a person is recognised by, as whole words; without those that are common unless they are asked for. To be matched without regard to case.';

revoke all on function audit.word_pattern(jsonb, boolean) from public;

-- Object: audit/triggers/logs.commit_digest.sql
create or replace trigger commit_digest
after insert on audit.logs
for each row execute function audit.commit_digest();

comment on trigger commit_digest on audit.logs is 'An entry that has no digest was not written by Stoa.';

-- Object: audit/policies/digests.sql
-- Nobody reads or writes it but the functions of this module.
revoke all on audit.digests from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;

-- Object: audit/policies/erasures.sql
-- Nobody reads or writes it but the functions of this module.
revoke all on audit.erasures from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;

-- Object: audit/policies/seals.sql
-- Nobody reads or writes it but the functions of this module.
revoke all on audit.seals from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;

-- End of objects

-- Down Migration

-- Bodies that are strings bind when they are called.
set local check_function_bodies = off;

drop trigger commit_digest on audit.logs;
drop function audit.word_pattern(jsonb, boolean);
drop function audit.without_words(jsonb, text);
drop function audit.verify_unsealed();
drop function audit.verify_seals(bigint, integer);
drop function audit.seals_at(bigint[]);
drop function audit.seal_log(integer);
drop function audit.seal_digest(bigint, uuid, uuid, integer, bytea, bytea);
drop function audit.scrub_log(audit.erasures, integer);
drop function audit.scan_tables();
drop function audit.scan_table(text, uuid[]);
drop function audit.scan_large_objects(uuid[]);
drop function audit.run_erasure_step(uuid, text, integer);
drop function audit.reopen_erasure(uuid, uuid, timestamptz);
drop function audit.privacy_list(uuid, integer);
drop function audit.personal_digest(audit.logs, bytea);
drop function audit.operator_request(uuid, text, text, boolean);
drop function audit.open_export(uuid, text);
drop function audit.note_request_error(uuid, text);
drop function audit.note_ledger(uuid, text, bytea);
drop function audit.is_retired(uuid);
drop function audit.identifiers_of(uuid);
drop function audit.head_seal();
drop function audit.finish_erasure(uuid, jsonb);
drop function audit.find_person(text);
drop function audit.export_tables();
drop function audit.export_columns(text);
drop function audit.erasure_steps(text);
drop function audit.entry_digest(audit.logs, bytea);
drop function audit.due_requests(text, integer);
drop function audit.drop_jobs(audit.erasures);
drop function audit.deliver_export(uuid, text, bigint, bytea);
drop function audit.count_uploads(uuid, integer);
drop function audit.commit_digest();
drop function audit.begin_erasure(uuid, boolean, boolean);

-- Object: audit/functions/refuse_change.sql
create or replace function audit.refuse_change()
returns trigger
language plpgsql
set search_path = ''
as $$
begin
  raise exception 'the audit log only grows: % on %.% is refused', tg_op, tg_table_schema, tg_table_name
    using errcode = 'restrict_violation';
end
$$;

comment on function audit.refuse_change() is
  'Trigger of the audit log: refuses every UPDATE, DELETE and TRUNCATE, of the owner too. Old entries leave by dropping a whole partition after it was exported.';

revoke all on function audit.refuse_change() from public;

-- End of objects
