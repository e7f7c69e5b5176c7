create or replace function tracker.add_bounty(p_request_id uuid, p_amount numeric, p_key text default null)
returns tracker.requests
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  arguments constant jsonb := jsonb_build_array(p_request_id, p_amount);
  request tracker.requests;
begin
  perform core.require_unrestricted('tracker');
  if core.recall('tracker.add_bounty', p_key, arguments) is null then
    perform tracker.check_amount(p_amount, core.setting_integer('tracker.minimum_contribution'));
    request := tracker.open_request(p_request_id);
    perform tracker.contribute(request, p_amount, false);
    perform notifications.notify(
      request.requester_id, 'request_bounty', 'Somebody added to the bounty of ' || request.title, null,
      jsonb_build_object('request_id', p_request_id), me, 'request:' || p_request_id || ':bounties'
    );
    perform core.remember('tracker.add_bounty', p_key, arguments, jsonb_build_object('id', p_request_id));
  end if;
  select * into request from tracker.requests as candidate where candidate.id = p_request_id;
  return request;
end
$$;

comment on function tracker.add_bounty(uuid, numeric, text) is
  E'@name add_request_bounty\nAdds points of the caller, at least tracker.minimum_contribution, to the bounty of a request that waits to be filled; they are held until it is, and given back if it never is. key: send the same again after a lost answer and add once. Refuses request.unknown, request.fill_proposed, request.closed, request.amount_invalid and tracker.insufficient_points. Contributions to one request queue up.';

revoke all on function tracker.add_bounty(uuid, numeric, text) from public;
grant execute on function tracker.add_bounty(uuid, numeric, text) to stoa_member;
