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
