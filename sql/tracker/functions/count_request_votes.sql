create or replace function tracker.count_request_votes()
returns trigger
language plpgsql
-- Fires for whoever votes; the counter is nobody's to write.
security definer
set search_path = ''
as $$
declare
  step constant integer := case tg_op when 'INSERT' then 1 else -1 end;
begin
  perform
  from tracker.requests as request
  where request.id in (select changed.request_id from changed)
  order by request.id
  for no key update;

  update tracker.requests as request
  set vote_count = request.vote_count + step * counted.amount
  from (select changed.request_id, count(*)::integer as amount from changed group by changed.request_id) as counted
  where request.id = counted.request_id;
  return null;
end
$$;

comment on function tracker.count_request_votes() is
  'Trigger. Keeps vote_count of requests: one update a request and statement, in the order of their keys.';

revoke all on function tracker.count_request_votes() from public;
