create or replace function tracker.cancel_request(p_request_id uuid, p_reason text default null)
returns tracker.requests
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  is_staff constant boolean := core.current_role_rank() >= 2;
  why constant text := core.clean_text(p_reason, 1000, false);
  request tracker.requests;
begin
  request := tracker.locked_request(p_request_id);
  if request.requester_id is distinct from me and not is_staff then
    perform core.fail('request.not_requester');
  end if;
  if request.status not in ('pending', 'fill_proposed') then
    perform core.fail('request.closed');
  end if;
  -- Whoever filled in good faith is answered first.
  if request.status = 'fill_proposed' and not is_staff then
    perform core.fail('request.fill_proposed');
  end if;

  perform tracker.refund_bounties(request);
  update tracker.requests as target
  set status = 'cancelled'
  where target.id = p_request_id
  returning * into request;
  if request.requester_id is distinct from me then
    perform audit.record('cancel_request', 'tracker.requests', p_request_id, p_reason => why);
  end if;
  perform tracker.tell_contributors(request, 'The request was cancelled, your points are back: ', why, me);
  return request;
end
$$;

comment on function tracker.cancel_request(uuid, text) is
  E'@name cancel_torrent_request\nEnds a request without a fill and gives every contribution back. The requester, while no fill waits for an answer (request.fill_proposed), or a moderator at any time before it is filled. Refuses request.unknown, request.not_requester and request.closed. What staff does is audited; the contributors are told. Costs a few rows a contribution.';

revoke all on function tracker.cancel_request(uuid, text) from public;
grant execute on function tracker.cancel_request(uuid, text) to stoa_member;
