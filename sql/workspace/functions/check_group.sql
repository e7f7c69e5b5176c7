create or replace function workspace.check_group(p_group_id uuid)
returns void
language plpgsql
stable
set search_path = ''
as $$
begin
  if p_group_id is null then
    return;
  end if;
  perform groups.known_group(p_group_id);
  if not groups.can_in_group(p_group_id, 'SEND_MESSAGES') then
    perform core.fail('group.not_allowed');
  end if;
end
$$;

comment on function workspace.check_group(uuid) is
  'Internal. Lets a project into a group in which the caller may write (SEND_MESSAGES). Refuses group.unknown and group.not_allowed.';

revoke all on function workspace.check_group(uuid) from public;
