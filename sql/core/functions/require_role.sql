create or replace function core.require_role(p_role text)
returns uuid
language plpgsql
stable
set search_path = ''
as $$
declare
  me uuid := core.require_member();
  wanted smallint := case p_role
    when 'member' then 1
    when 'moderator' then 2
    when 'admin' then 3
  end;
begin
  if wanted is null then
    raise exception 'there is no role "%"', p_role using errcode = 'XX000';
  end if;

  if core.current_role_rank() < wanted then
    perform core.fail('role.insufficient');
  end if;

  return me;
end
$$;

comment on function core.require_role(text) is
  E'@internal\n@behavior -*\nThe account that the caller acts for, when the request has at least this role (member, moderator or admin). Refuses what core.require_member refuses, and a lower role (role.insufficient).';

revoke all on function core.require_role(text) from public;
grant execute on function core.require_role(text) to stoa_anonymous, stoa_worker;
