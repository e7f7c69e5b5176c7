create or replace function groups.my_readable_channel_ids()
returns setof uuid
language sql
stable
rows 100
-- Policies ask this, and must know roles and overrides whatever the caller may read of them.
security definer
set search_path = ''
as $$
select known.channel_id
from groups.channel_permissions_of_caller(false) as known
where known.permissions & 66560 = 66560
$$;

comment on function groups.my_readable_channel_ids() is
  E'@internal\nThe channels of the caller''s groups whose messages the caller may read (VIEW_CHANNEL and READ_HISTORY), for policies; threads follow their parents and are not among them. Cost grows with the channels of the caller''s groups.';

revoke all on function groups.my_readable_channel_ids() from public;
grant execute on function groups.my_readable_channel_ids() to stoa_anonymous;
