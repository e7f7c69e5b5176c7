create or replace function tracker.reject_fill(p_request_id uuid, p_reason text)
returns tracker.requests
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  why constant text := core.clean_text(p_reason, 1000);
  before tracker.requests;
  request tracker.requests;
begin
  before := tracker.proposed_request(p_request_id);
  update tracker.requests as target
  set status = 'pending',
      filled_torrent_id = null,
      filled_by = null,
      filled_at = null
  where target.id = p_request_id
  returning * into request;
  perform audit.record(
    'reject_fill', 'tracker.requests', p_request_id,
    jsonb_build_object('filled_by', before.filled_by, 'filled_torrent_id', before.filled_torrent_id), null, why
  );
  perform notifications.notify(
    before.filled_by, 'request_fill_rejected', 'Your fill was rejected: ' || before.title, why,
    jsonb_build_object('request_id', p_request_id, 'torrent_id', before.filled_torrent_id)
  );
  return request;
end
$$;

comment on function tracker.reject_fill(uuid, text) is
  E'@name reject_request_fill\nTurns the proposed fill down, for a reason that its proposer is told; the request waits again. The requester or a moderator (request.not_requester). Refuses request.unknown, request.closed, request.nothing_proposed and no reason (input.empty). Audited.';

revoke all on function tracker.reject_fill(uuid, text) from public;
grant execute on function tracker.reject_fill(uuid, text) to stoa_member;
