create or replace function groups.open_readable_channel_ids()
returns setof uuid
language sql
stable
rows 1000
-- Policies ask this, and must know roles and overrides whatever the caller may read of them.
security definer
set search_path = ''
as $$
select known.channel_id
from groups.channel_permissions_of_caller(true) as known
where known.permissions & 66560 = 66560
$$;

comment on function groups.open_readable_channel_ids() is
  E'@internal\nThe channels of public groups whose messages the caller may read without belonging to the group, for policies. Cost grows with all channels of public groups; a policy names it after groups.my_readable_channel_ids, so that members who read their own channels never pay it.';

revoke all on function groups.open_readable_channel_ids() from public;
grant execute on function groups.open_readable_channel_ids() to stoa_anonymous;
