create or replace function groups.my_visible_channel_ids()
returns setof uuid
language sql
stable
rows 100
-- The policy of the channels asks this: as the caller it would ask itself for ever.
security definer
set search_path = ''
as $$
select known.channel_id
from groups.channel_permissions_of_caller(false) as known
where known.permissions & 1024 <> 0
$$;

comment on function groups.my_visible_channel_ids() is
  E'@internal\nThe channels of the caller''s groups that the caller may view, for policies; a thread is viewed by whoever views its parent and is not among them. Cost grows with the channels of the caller''s groups.';

revoke all on function groups.my_visible_channel_ids() from public;
grant execute on function groups.my_visible_channel_ids() to stoa_anonymous;
