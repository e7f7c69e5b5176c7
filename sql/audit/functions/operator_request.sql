create or replace function audit.operator_request(
  p_user_id uuid,
  p_kind text,
  p_reason text default null,
  p_is_early boolean default true
)
returns uuid
language plpgsql
volatile
-- Requests are proof, so nobody has an insert grant.
security definer
set search_path = ''
as $$
declare
  request uuid;
begin
  perform from core.users where id = p_user_id for no key update;
  if not found then
    perform core.fail('user.unknown');
  end if;
  select open.id into request
  from audit.privacy_requests as open
  where open.user_id = p_user_id and open.kind = p_kind and open.status in ('pending', 'running');
  if request is null then
    insert into audit.privacy_requests (user_id, kind, not_before)
    values (
      p_user_id,
      p_kind,
      now() + make_interval(
        days => case when p_is_early then 0 else core.setting_integer('privacy.erasure_cooling_days')::integer end
      )
    )
    returning id into request;
    perform audit.record(
      p_action => 'privacy.request_' || case p_kind when 'erase' then 'erasure' else p_kind end,
      p_resource_type => 'audit.privacy_requests',
      p_resource_id => request,
      p_reason => core.clean_text(p_reason, 500, false)
    );
  end if;
  return request;
end
$$;

comment on function audit.operator_request(uuid, text, text, boolean) is
  'Worker, for an operator on the command line: the open request of that kind for a person, made where there is none; due now, or, unless p_is_early, after the days in which it can be taken back. Refuses user.unknown. Audited.';

revoke all on function audit.operator_request(uuid, text, text, boolean) from public;
grant execute on function audit.operator_request(uuid, text, text, boolean) to stoa_worker;
