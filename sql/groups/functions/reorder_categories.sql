create or replace function groups.reorder_categories(p_group_id uuid, p_category_ids uuid[])
returns setof groups.channel_categories
language plpgsql
volatile
rows 10
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
begin
  perform groups.locked_group(p_group_id);
  perform groups.require_permission(p_group_id, 'MANAGE_CHANNELS');
  perform groups.check_order(
    p_category_ids, array(select category.id from groups.channel_categories as category where category.group_id = p_group_id)
  );
  update groups.channel_categories as category
  set position = place.number - 1
  from unnest(p_category_ids) with ordinality as place (id, number)
  where category.id = place.id;
  return query
    select category.* from groups.channel_categories as category where category.group_id = p_group_id order by category.position;
end
$$;

comment on function groups.reorder_categories(uuid, uuid[]) is
  E'@name reorder_channel_categories\n@argument category_ids All categories of the group, in their new order.\nPuts the headings of a group into the given order: the whole list. Needs MANAGE_CHANNELS (group.not_allowed). Refuses group.order_incomplete.';

revoke all on function groups.reorder_categories(uuid, uuid[]) from public;
grant execute on function groups.reorder_categories(uuid, uuid[]) to stoa_member;
