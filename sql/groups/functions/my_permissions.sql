create or replace function groups.my_permissions(p_group_id uuid, p_channel_id uuid default null)
returns bigint
language plpgsql
stable
-- Works out permissions from rows that the caller may not see, and tells only the caller's own.
security definer
set search_path = ''
as $$
declare
  rank constant integer := core.current_role_rank();
  bits bigint;
  is_public boolean;
begin
  if rank = 0 and not groups.is_open_to_visitors() then
    return 0;
  end if;
  bits := groups.permissions_of(p_group_id, groups.caller_id(), p_channel_id);
  if rank >= 2 and bits & groups.permission('READ_HISTORY') = 0 then
    select target.is_public into is_public from groups.groups as target where target.id = p_group_id;
    if (is_public or (is_public is not null and rank >= 3)) and (
      p_channel_id is null
      or exists (
        select from groups.channels as channel where channel.id = p_channel_id and channel.group_id = p_group_id
      )
    ) then
      bits := bits | groups.permission('VIEW_CHANNEL') | groups.permission('READ_HISTORY');
    end if;
  end if;
  return bits;
end
$$;

comment on function groups.my_permissions(uuid, uuid) is
  E'@name my_group_permissions\nWhat the caller may do in a group, or in one of its channels, as a bitfield: the bits are those of permission_bits, the rules those of groups.permissions_of. 0 where the caller may not look. Visitors look into public groups only while the setting groups.public_reading is on; moderators of the platform may look into every public group, administrators into every group. About five index look-ups.';

revoke all on function groups.my_permissions(uuid, uuid) from public;
grant execute on function groups.my_permissions(uuid, uuid) to stoa_anonymous;
