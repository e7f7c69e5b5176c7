create or replace function core.my_friend_ids()
returns setof uuid
language sql
stable
rows 100
-- The edges have no grants. A string body, because policies of this module need it before the friend graph exists.
security definer
set search_path = ''
as $$
  select friend_id
  from social.friend_edges
  where user_id = core.current_user_id()
$$;

comment on function core.my_friend_ids() is
  E'@internal\n@behavior -*\nThe friends of the caller, for policies: write x = any (array(select core.my_friend_ids())), which is computed once a statement. One index range.';

revoke all on function core.my_friend_ids() from public;
grant execute on function core.my_friend_ids() to stoa_anonymous, stoa_worker;
