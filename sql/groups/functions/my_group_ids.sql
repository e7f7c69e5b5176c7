create or replace function groups.my_group_ids()
returns setof uuid
language sql
stable
rows 20
-- The policy of the members asks this: as the caller it would ask itself for ever.
security definer
set search_path = ''
as $$
select member.group_id
from groups.group_members as member
join groups.groups as target on target.id = member.group_id
where member.user_id = groups.caller_id()
  and target.deleted_at is null
$$;

comment on function groups.my_group_ids() is
  E'@internal\nThe live groups that the caller belongs to, for policies: write group_id = any (array(select groups.my_group_ids())), which is computed once a statement. One index range.';

revoke all on function groups.my_group_ids() from public;
grant execute on function groups.my_group_ids() to stoa_anonymous;
