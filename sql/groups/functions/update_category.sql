create or replace function groups.update_category(p_category_id uuid, p_name text)
returns groups.channel_categories
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  category groups.channel_categories;
begin
  perform groups.managed_category(p_category_id);
  update groups.channel_categories as target
  set name = core.clean_text(p_name, 100)
  where target.id = p_category_id
  returning * into category;
  return category;
end
$$;

comment on function groups.update_category(uuid, text) is
  E'@name rename_channel_category\nRenames a heading. Needs MANAGE_CHANNELS (group.not_allowed). Refuses channel_category.unknown and, for a group that the caller may not know of, group.unknown. Limit: 100 characters.';

revoke all on function groups.update_category(uuid, text) from public;
grant execute on function groups.update_category(uuid, text) to stoa_member;
