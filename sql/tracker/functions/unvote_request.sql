create or replace function tracker.unvote_request(p_request_id uuid)
returns tracker.requests
language plpgsql
volatile
-- Clients have no right to delete; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  request tracker.requests;
begin
  perform tracker.locked_request(p_request_id);
  delete from tracker.request_votes as vote where vote.request_id = p_request_id and vote.user_id = me;
  select * into request from tracker.requests as candidate where candidate.id = p_request_id;
  return request;
end
$$;

comment on function tracker.unvote_request(uuid) is
  E'@name withdraw_request_vote\nTakes the caller''s vote for a request back; without one nothing changes. Refuses request.unknown.';

revoke all on function tracker.unvote_request(uuid) from public;
grant execute on function tracker.unvote_request(uuid) to stoa_member;
