create or replace function social.are_friends(p_user_id uuid, p_other_id uuid)
returns boolean
language sql
stable
-- The edges have no grants.
security definer
set search_path = ''
begin atomic
  select exists (
    select
    from social.friend_edges
    where user_id = p_user_id
      and friend_id = p_other_id
  );
end;

comment on function social.are_friends(uuid, uuid) is
  'Whether the two are friends. For use inside other functions: who is whose friend is not public. One look-up by primary key.';

revoke all on function social.are_friends(uuid, uuid) from public;
grant execute on function social.are_friends(uuid, uuid) to stoa_worker;
