create or replace function groups.my_banned_group_ids()
returns setof uuid
language sql
stable
rows 5
-- The policy of the groups asks this, and must know bans whatever the caller may read of them.
security definer
set search_path = ''
as $$
select ban.group_id
from groups.bans as ban
where ban.user_id = groups.caller_id()
  and (ban.expires_at is null or ban.expires_at > clock_timestamp())
$$;

comment on function groups.my_banned_group_ids() is
  E'@internal\nThe groups that the caller is banned from at present, for policies. One index range.';

revoke all on function groups.my_banned_group_ids() from public;
grant execute on function groups.my_banned_group_ids() to stoa_anonymous;
