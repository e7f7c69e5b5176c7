create or replace function groups.create_category(p_group_id uuid, p_name text)
returns groups.channel_categories
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  category groups.channel_categories;
begin
  perform groups.locked_group(p_group_id);
  perform groups.require_permission(p_group_id, 'MANAGE_CHANNELS');
  if (select count(*) from groups.channel_categories as counted where counted.group_id = p_group_id) >= 50 then
    perform core.fail('channel_category.limit_reached');
  end if;
  insert into groups.channel_categories (group_id, name, position)
  values (
    p_group_id, core.clean_text(p_name, 100),
    (
      select coalesce(max(other.position) + 1, 0) from groups.channel_categories as other where other.group_id = p_group_id
    )
  )
  returning * into category;
  return category;
end
$$;

comment on function groups.create_category(uuid, text) is
  E'@name create_channel_category\nAdds a heading to a group, after the others. Needs MANAGE_CHANNELS (group.not_allowed). Refuses more than 50 (channel_category.limit_reached). Limit: 100 characters.';

revoke all on function groups.create_category(uuid, text) from public;
grant execute on function groups.create_category(uuid, text) to stoa_member;
