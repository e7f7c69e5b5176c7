create or replace function groups.can(p_channel_id uuid, p_permission text)
returns boolean
language plpgsql
stable
-- Works out permissions from rows that the caller may not see.
security definer
set search_path = ''
as $$
declare
  home uuid;
begin
  select channel.group_id into home from groups.channels as channel where channel.id = p_channel_id;
  return home is not null and groups.my_permissions(home, p_channel_id) & groups.permission(p_permission) <> 0;
end
$$;

comment on function groups.can(uuid, text) is
  E'@internal\nWhether the caller holds a permission, named as in permission_bits, in a channel. Reading procedures ask once and then read as the owner of the tables; policies use groups.my_readable_channel_ids instead.';

revoke all on function groups.can(uuid, text) from public;
grant execute on function groups.can(uuid, text) to stoa_anonymous;
