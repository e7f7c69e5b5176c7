create or replace function tracker.locked_request(p_request_id uuid)
returns tracker.requests
language plpgsql
volatile
set search_path = ''
as $$
declare
  request tracker.requests;
begin
  select * into request from tracker.requests as candidate where candidate.id = p_request_id for no key update;
  if not found then
    perform core.fail('request.unknown');
  end if;
  return request;
end
$$;

comment on function tracker.locked_request(uuid) is
  'Internal. A request, locked: whatever moves its points queues up here, and then reads the state that the one before left. Refuses request.unknown.';

revoke all on function tracker.locked_request(uuid) from public;
