create or replace function groups.create_group(p_name text, p_is_public boolean default false, p_description text default null)
returns groups.groups
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  group_name constant text := core.clean_text(p_name, 100);
  group_description constant text := core.clean_text(p_description, 5000, false);
  made groups.groups;
  first_channel uuid;
begin
  perform groups.check_owned_limit(me);
  insert into groups.groups (name, description, is_public, owner_id)
  values (group_name, group_description, coalesce(p_is_public, false), me)
  returning * into made;
  insert into groups.roles (group_id, name, position, is_default, permissions)
  select made.id, 'everyone', 0, true, sum(1::bigint << known.bit)::bigint
  from groups.permission_bits as known
  where known.in_default_role;
  insert into groups.channels (group_id, name) values (made.id, 'general') returning id into first_channel;
  insert into groups.group_settings (group_id, system_channel_id) values (made.id, first_channel);
  insert into groups.group_members (group_id, user_id) values (made.id, me);
  select * into made from groups.groups as target where target.id = made.id;
  return made;
end
$$;

comment on function groups.create_group(text, boolean, text) is
  'Creates a group that the caller owns and belongs to, with its default role, its settings and a text channel "general", where joins are announced. Refuses more groups than one may own (group.limit_reached). Limits: name 100 characters, description 5,000.';

revoke all on function groups.create_group(text, boolean, text) from public;
grant execute on function groups.create_group(text, boolean, text) to stoa_member;
