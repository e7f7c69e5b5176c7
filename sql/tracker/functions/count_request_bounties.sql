create or replace function tracker.count_request_bounties()
returns trigger
language plpgsql
-- Fires inside procedures; the sum is nobody's to write.
security definer
set search_path = ''
as $$
begin
  perform
  from tracker.requests as request
  where request.id in (select changed.request_id from changed)
  order by request.id
  for no key update;

  if tg_op = 'INSERT' then
    update tracker.requests as request
    set total_bounty = request.total_bounty + summed.amount
    from (
      select changed.request_id, sum(changed.amount) as amount
      from changed
      where changed.refund_transaction_id is null
      group by changed.request_id
    ) as summed
    where request.id = summed.request_id;
  else
    update tracker.requests as request
    set total_bounty = request.total_bounty - summed.amount
    from (
      select changed.request_id, sum(changed.amount) as amount
      from changed
      join earlier on earlier.id = changed.id
      where changed.refund_transaction_id is not null
        and earlier.refund_transaction_id is null
      group by changed.request_id
    ) as summed
    where request.id = summed.request_id;
  end if;
  return null;
end
$$;

comment on function tracker.count_request_bounties() is
  'Trigger. Keeps total_bounty of requests: what was given less what went back, under the lock of the request.';

revoke all on function tracker.count_request_bounties() from public;
