create or replace function groups.managed_category(p_category_id uuid)
returns groups.channel_categories
language plpgsql
volatile
set search_path = ''
as $$
declare
  category groups.channel_categories;
begin
  select * into category from groups.channel_categories as target where target.id = p_category_id;
  if not found then
    perform core.fail('channel_category.unknown');
  end if;
  perform groups.locked_group(category.group_id);
  perform groups.require_permission(category.group_id, 'MANAGE_CHANNELS');
  return category;
end
$$;

comment on function groups.managed_category(uuid) is
  'Internal. A heading of a group in which the caller holds MANAGE_CHANNELS; the group is locked. Refuses channel_category.unknown and group.not_allowed.';

revoke all on function groups.managed_category(uuid) from public;
