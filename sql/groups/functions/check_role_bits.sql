create or replace function groups.check_role_bits(p_before bigint, p_after bigint, p_held bigint)
returns void
language plpgsql
stable
set search_path = ''
as $$
begin
  if p_after is null or p_after < 0 or p_after & ~groups.every_permission() <> 0 then
    perform core.fail('group_role.bits_invalid');
  end if;
  if (p_before # p_after) & ~p_held <> 0 then
    perform core.fail('group_role.bits_not_held');
  end if;
end
$$;

comment on function groups.check_role_bits(bigint, bigint, bigint) is
  'Internal. Lets a change of a bitfield pass when it changes only bits that exist and that the caller holds. Refuses group_role.bits_invalid and group_role.bits_not_held.';

revoke all on function groups.check_role_bits(bigint, bigint, bigint) from public;
