create or replace function groups.check_category(p_group_id uuid, p_category_id uuid)
returns void
language plpgsql
stable
set search_path = ''
as $$
begin
  if p_category_id is not null and not exists (
    select
    from groups.channel_categories as category
    where category.group_id = p_group_id and category.id = p_category_id
  ) then
    perform core.fail('channel_category.unknown');
  end if;
end
$$;

comment on function groups.check_category(uuid, uuid) is
  'Internal. Lets null and a heading of this group pass. Refuses channel_category.unknown.';

revoke all on function groups.check_category(uuid, uuid) from public;
