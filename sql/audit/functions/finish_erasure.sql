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
