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
