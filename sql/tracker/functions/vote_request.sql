create or replace function tracker.vote_request(p_request_id uuid)
returns tracker.requests
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  request tracker.requests;
begin
  perform core.require_unrestricted('tracker');
  perform tracker.open_request(p_request_id);
  insert into tracker.request_votes (request_id, user_id)
  values (p_request_id, me)
  on conflict (request_id, user_id) do nothing;
  select * into request from tracker.requests as candidate where candidate.id = p_request_id;
  return request;
end
$$;

comment on function tracker.vote_request(uuid) is
  E'@name vote_for_request\nSays that the caller wants this too; again changes nothing. Refuses request.unknown, request.fill_proposed and request.closed.';

revoke all on function tracker.vote_request(uuid) from public;
grant execute on function tracker.vote_request(uuid) to stoa_member;
