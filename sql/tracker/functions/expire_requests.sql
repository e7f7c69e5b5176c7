create or replace function tracker.expire_requests(p_now timestamptz default now())
returns integer
language plpgsql
volatile
-- The worker has no right to update.
security definer
set search_path = ''
as $$
declare
  request tracker.requests;
begin
  -- One at a time: its contributors' totals stay locked until the commit, and several requests would lock people out of
  -- their order. What somebody else is at is left for the next call.
  select * into request
  from tracker.requests as due
  where due.status = 'pending'
    and due.expires_at <= p_now
  order by due.expires_at
  limit 1
  for no key update skip locked;
  if not found then
    return 0;
  end if;

  perform tracker.refund_bounties(request);
  update tracker.requests as target
  set status = 'expired'
  where target.id = request.id
  returning * into request;
  perform tracker.tell_contributors(request, 'A request lapsed, your points are back: ', null, null);
  return 1;
end
$$;

comment on function tracker.expire_requests(timestamptz) is
  'For the worker: ends one request whose time is over, the longest overdue, and gives every contribution back. Returns 1, or 0 when there is none left; call it until then, each time in a transaction of its own. Can run twice at once: each request is ended once.';

revoke all on function tracker.expire_requests(timestamptz) from public;
grant execute on function tracker.expire_requests(timestamptz) to stoa_worker;
