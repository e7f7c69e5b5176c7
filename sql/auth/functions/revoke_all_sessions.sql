create or replace function auth.revoke_all_sessions(p_except_current boolean default true)
returns integer
language plpgsql
volatile
-- The tables of this schema are granted to nobody.
security definer
set search_path = ''
as $$
begin
  return auth.end_sessions(
    core.require_member(),
    case when coalesce(p_except_current, true) then auth.current_session_id() end
  );
end
$$;

comment on function auth.revoke_all_sessions(boolean) is
  E'@argument except_current Whether this session goes on.\nSigns the caller out on all devices, or on all but this one (the default). Returns how many sessions ended.';

revoke all on function auth.revoke_all_sessions(boolean) from public;
grant execute on function auth.revoke_all_sessions(boolean) to stoa_member;
