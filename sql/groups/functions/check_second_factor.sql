create or replace function groups.check_second_factor(p_group_id uuid)
returns void
language plpgsql
stable
set search_path = ''
as $$
begin
  if exists (
    select from groups.group_settings as settings where settings.group_id = p_group_id and settings.mfa_level = 1
  ) and not groups.has_second_factor(core.current_user_id()) then
    perform core.fail('group.second_factor_required');
  end if;
end
$$;

comment on function groups.check_second_factor(uuid) is
  'Internal. Where the group demands it (mfa_level 1), refuses a caller whose account has no second factor (group.second_factor_required).';

revoke all on function groups.check_second_factor(uuid) from public;
