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
