create or replace function audit.privacy_list(p_user_id uuid default null, p_limit integer default 100)
returns table (
  id uuid, user_id uuid, kind text, status text, not_before timestamptz, completed_at timestamptz, error text,
  findings jsonb, certificate jsonb
)
language sql
stable
-- Progress is granted to nobody.
security definer
set search_path = ''
begin atomic
  select
    request.id, request.user_id, request.kind, request.status, request.not_before, request.completed_at, request.error,
    progress.findings, progress.certificate
  from audit.privacy_requests as request
  left join audit.erasures as progress on progress.request_id = request.id
  where p_user_id is null or request.user_id = p_user_id
  order by request.id desc
  limit p_limit;
end;

comment on function audit.privacy_list(uuid, integer) is
  'Worker, for an operator: requests about personal data, newest first, with what was found and the certificates.';

revoke all on function audit.privacy_list(uuid, integer) from public;
grant execute on function audit.privacy_list(uuid, integer) to stoa_worker;
