create or replace function groups.discover(p_query text default null, p_after uuid default null, p_first integer default 25)
returns setof groups.groups
language plpgsql
stable
rows 25
-- The match operators are not leak-proof: under a policy they would scan the table. The rule of the policy is repeated here.
security definer
set search_path = ''
as $$
declare
  wanted constant text := nullif(btrim(p_query), '');
  page constant integer := groups.page_size(p_first);
  last_count integer;
begin
  if char_length(wanted) not between 3 and 100 then
    perform core.fail('group.query_invalid');
  end if;
  if p_after is not null then
    select target.member_count into last_count from groups.groups as target where target.id = p_after;
  end if;
  if wanted is null then
    return query
      select target.*
      from groups.groups as target
      where target.is_public
        and target.deleted_at is null
        and (target.member_count, target.id) < (
          coalesce(last_count, 2147483647), coalesce(p_after, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
        )
        and target.id not in (select groups.my_banned_group_ids())
      order by target.member_count desc, target.id desc
      limit page;
  else
    return query
      select target.*
      from groups.groups as target
      where target.is_public
        and target.deleted_at is null
        and target.name ilike '%' || regexp_replace(wanted, '([\\%_])', '\\\1', 'g') || '%'
        and (target.member_count, target.id) < (
          coalesce(last_count, 2147483647), coalesce(p_after, 'ffffffff-ffff-ffff-ffff-ffffffffffff')
        )
        and target.id not in (select groups.my_banned_group_ids())
      order by target.member_count desc, target.id desc
      limit page;
  end if;
end
$$;

comment on function groups.discover(text, uuid, integer) is
  E'@name discover_groups\n@simpleCollections only\nPublic groups, the largest first, all or those whose name holds a text of at least three characters. first: 1 to 100 groups. after: the id of the last group of the page before. Leaves out groups that the caller is banned from. Refuses a shorter or longer text (group.query_invalid). One index range, or the matches of a trigram index sorted.';

revoke all on function groups.discover(text, uuid, integer) from public;
grant execute on function groups.discover(text, uuid, integer) to stoa_anonymous;
