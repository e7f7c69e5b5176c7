create or replace function core.my_blocked_ids()
returns setof uuid
language sql
stable
rows 20
-- The blocked side must not see the row, yet policies have to know.
security definer
set search_path = ''
as $$
  select blocked_id
  from social.blocks
  where blocker_id = core.current_user_id()
  union all
  select blocker_id
  from social.blocks
  where blocked_id = core.current_user_id()
$$;

comment on function core.my_blocked_ids() is
  E'@internal\n@behavior -*\nEverybody between whom and the caller there is a block in either direction, for policies: write x <> all (array(select core.my_blocked_ids())), which is computed once a statement. Two index ranges.';

revoke all on function core.my_blocked_ids() from public;
grant execute on function core.my_blocked_ids() to stoa_anonymous, stoa_worker;
