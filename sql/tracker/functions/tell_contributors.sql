create or replace function tracker.tell_contributors(p_request tracker.requests, p_text text, p_body text, p_actor_id uuid)
returns void
language plpgsql
volatile
set search_path = ''
as $$
begin
  -- In the order of their ids, in which everybody notifies several people.
  perform notifications.notify(
    told.user_id, 'request_refund', p_text || p_request.title, p_body,
    jsonb_build_object('request_id', p_request.id), p_actor_id
  )
  from (
    select distinct bounty.user_id
    from tracker.request_bounties as bounty
    where bounty.request_id = p_request.id
    order by bounty.user_id
  ) as told;
end
$$;

comment on function tracker.tell_contributors(tracker.requests, text, text, uuid) is
  'Internal. Tells everybody who gave points for a request what became of it.';

revoke all on function tracker.tell_contributors(tracker.requests, text, text, uuid) from public;
