create or replace function groups.caller_id()
returns uuid
language sql
stable
begin atomic
  select case when core.current_role_rank() > 0 then core.current_user_id() end;
end;

comment on function groups.caller_id() is
  'Internal. The account of the caller, null for a visitor. An account that is banned or disabled comes as a visitor and reads what visitors read.';

revoke all on function groups.caller_id() from public;
