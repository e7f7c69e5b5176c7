create or replace function tracker.proposed_request(p_request_id uuid)
returns tracker.requests
language plpgsql
volatile
set search_path = ''
as $$
declare
  request tracker.requests;
begin
  request := tracker.locked_request(p_request_id);
  if request.status not in ('pending', 'fill_proposed') then
    perform core.fail('request.closed');
  end if;
  if request.requester_id is distinct from core.current_user_id() and core.current_role_rank() < 2 then
    perform core.fail('request.not_requester');
  end if;
  if request.status = 'pending' then
    perform core.fail('request.nothing_proposed');
  end if;
  return request;
end
$$;

comment on function tracker.proposed_request(uuid) is
  'Internal. A request with a fill that waits for an answer, locked, for its requester or a moderator. Refuses request.unknown, request.closed, request.not_requester and request.nothing_proposed.';

revoke all on function tracker.proposed_request(uuid) from public;
