create or replace function tracker.pay_fill(p_request tracker.requests)
returns tracker.requests
language plpgsql
volatile
set search_path = ''
as $$
declare
  request tracker.requests;
begin
  update tracker.requests as target
  set status = 'filled',
      confirmed_at = now()
  where target.id = p_request.id
  returning * into request;
  perform tracker.post_bonus(
    request.filled_by, request.total_bounty, 'bounty_payout',
    p_torrent_id => request.filled_torrent_id, p_request_id => request.id, p_description => left(request.title, 300)
  );
  perform tracker.reward(request.filled_by, 'request_filled', request.filled_torrent_id);
  perform notifications.notify(
    request.filled_by, 'request_filled', 'Your fill was accepted: ' || request.title, null,
    jsonb_build_object('request_id', request.id, 'torrent_id', request.filled_torrent_id)
  );
  return request;
end
$$;

comment on function tracker.pay_fill(tracker.requests) is
  'Internal. Closes a request that is locked as filled, and pays its whole bounty to whoever filled it.';

revoke all on function tracker.pay_fill(tracker.requests) from public;
