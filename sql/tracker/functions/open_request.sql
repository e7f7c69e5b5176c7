create or replace function tracker.open_request(p_request_id uuid)
returns tracker.requests
language plpgsql
volatile
set search_path = ''
as $$
declare
  request tracker.requests;
begin
  request := tracker.locked_request(p_request_id);
  if request.status = 'fill_proposed' then
    perform core.fail('request.fill_proposed');
  end if;
  if request.status <> 'pending' or request.expires_at <= now() then
    perform core.fail('request.closed');
  end if;
  return request;
end
$$;

comment on function tracker.open_request(uuid) is
  'Internal. A request that waits to be filled, locked. Refuses request.unknown, request.fill_proposed and request.closed.';

revoke all on function tracker.open_request(uuid) from public;
