create or replace function groups.require_above(p_group_id uuid, p_user_id uuid)
returns void
language plpgsql
stable
set search_path = ''
as $$
begin
  if groups.highest_position(p_group_id, core.current_user_id()) <= groups.highest_position(p_group_id, p_user_id) then
    perform core.fail('group.hierarchy');
  end if;
end
$$;

comment on function groups.require_above(uuid, uuid) is
  'Internal. Refuses (group.hierarchy) unless the caller''s highest role ranks above that of the other person; the owner ranks above all.';

revoke all on function groups.require_above(uuid, uuid) from public;
