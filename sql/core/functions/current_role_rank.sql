create or replace function core.current_role_rank()
returns smallint
language sql
stable
parallel safe
begin atomic
  select (
    case current_setting('role', true)
      when 'stoa_admin' then 3
      when 'stoa_moderator' then 2
      when 'stoa_member' then 1
      else 0
    end
  )::smallint;
end;

comment on function core.current_role_rank() is
  E'@internal\nHow much the role of this request may do: 0 anonymous, 1 member, 2 moderator, 3 admin. Reads the role that the gateway set, which stays visible inside security definer functions.';

revoke all on function core.current_role_rank() from public;
grant execute on function core.current_role_rank() to stoa_anonymous, stoa_worker;
