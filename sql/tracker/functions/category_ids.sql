create or replace function tracker.category_ids(p_category_id integer)
returns setof integer
language plpgsql
stable
rows 20
set search_path = ''
as $$
begin
  if not exists (select from tracker.categories as category where category.id = p_category_id) then
    perform core.fail('torrent_category.unknown');
  end if;

  return query
    with recursive branch (id) as (
      select p_category_id
      union all
      select category.id
      from branch
      join tracker.categories as category on category.parent_id = branch.id
    )
    select branch.id from branch;
end
$$;

comment on function tracker.category_ids(integer) is
  'Internal. A category and all that stand under it. Refuses torrent_category.unknown.';

revoke all on function tracker.category_ids(integer) from public;
