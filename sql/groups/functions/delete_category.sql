create or replace function groups.delete_category(p_category_id uuid)
returns groups.channel_categories
language plpgsql
volatile
-- Clients have no right to delete; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  category groups.channel_categories;
begin
  category := groups.managed_category(p_category_id);
  perform from groups.channels as channel where channel.category_id = p_category_id order by channel.id for no key update;
  delete from groups.channel_categories as target where target.id = p_category_id;
  perform audit.record(
    'delete_channel_category', 'groups.channel_categories', p_category_id,
    jsonb_build_object('name', category.name), null, p_group_id => category.group_id
  );
  return category;
end
$$;

comment on function groups.delete_category(uuid) is
  E'@name delete_channel_category\nDeletes a heading and its overrides; its channels stay, without a heading. Needs MANAGE_CHANNELS (group.not_allowed). Refuses channel_category.unknown. Audited, because the permissions of its channels may change.';

revoke all on function groups.delete_category(uuid) from public;
grant execute on function groups.delete_category(uuid) to stoa_member;
