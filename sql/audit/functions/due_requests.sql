create or replace function audit.due_requests(p_kind text, p_limit integer default 100)
returns setof audit.privacy_requests
language sql
stable
-- Requests are proof; who may run them is decided by the grant of this function.
security definer
set search_path = ''
rows 10
begin atomic
  select request.*
  from audit.privacy_requests as request
  where request.kind = p_kind
    and (
      request.status = 'pending' and request.not_before <= now()
      -- One that was cut off goes on at once; one that found something is looked at again each hour.
      or request.status = 'running' and (request.error is null or request.updated_at < now() - interval '1 hour')
    )
  order by request.not_before, request.id
  limit p_limit;
end;

comment on function audit.due_requests(text, integer) is
  'Worker: requests for export or erasure whose time has come, and those that were cut off.';

revoke all on function audit.due_requests(text, integer) from public;
grant execute on function audit.due_requests(text, integer) to stoa_worker;
