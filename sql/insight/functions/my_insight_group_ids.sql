create or replace function insight.my_insight_group_ids()
returns setof uuid
language sql
stable
rows 5
-- Works out permissions from rows that the caller may not see.
security definer
set search_path = ''
as $$
select known.id
from groups.my_group_ids_with('VIEW_INSIGHTS') as known (id)
$$;

comment on function insight.my_insight_group_ids() is
  E'@internal\nThe groups whose figures the caller may see (VIEW_INSIGHTS), for policies. A few index look-ups for each of the caller''s groups.';

revoke all on function insight.my_insight_group_ids() from public;
grant execute on function insight.my_insight_group_ids() to stoa_member;
