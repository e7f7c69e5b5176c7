create or replace function groups.require_permission(p_group_id uuid, p_permission text)
returns void
language plpgsql
stable
set search_path = ''
as $$
begin
  if not groups.can_in_group(p_group_id, p_permission) then
    perform core.fail('group.not_allowed');
  end if;
  if p_permission not in ('CREATE_INVITE', 'CHANGE_NICKNAME', 'VIEW_AUDIT_LOG') then
    perform groups.check_second_factor(p_group_id);
  end if;
end
$$;

comment on function groups.require_permission(uuid, text) is
  'Internal. Refuses a caller who does not hold the permission in the group (group.not_allowed), and, for everything that moderates or manages, one without the second factor that the group demands (group.second_factor_required).';

revoke all on function groups.require_permission(uuid, text) from public;
