create or replace function groups.my_banning_group_ids()
returns setof uuid
language sql
stable
rows 5
-- Works out permissions from rows that the caller may not see.
security definer
set search_path = ''
as $$
select known.id
from groups.my_group_ids_with('BAN_MEMBERS') as known (id)
$$;

comment on function groups.my_banning_group_ids() is
  E'@internal\nThe groups in which the caller may ban (BAN_MEMBERS), for policies. A few index look-ups for each of the caller''s groups.';

revoke all on function groups.my_banning_group_ids() from public;
grant execute on function groups.my_banning_group_ids() to stoa_anonymous;
