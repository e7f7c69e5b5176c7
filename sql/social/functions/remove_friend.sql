create or replace function social.remove_friend(p_user_id uuid)
returns boolean
language plpgsql
volatile
-- Members may not write the table.
security definer
set search_path = ''
as $$
declare
  me uuid := core.require_member();
begin
  perform social.lock_pair(me, p_user_id);

  delete from social.friendships
  where least(user_id, friend_id) = least(me, p_user_id)
    and greatest(user_id, friend_id) = greatest(me, p_user_id)
    and status = 'accepted';

  if not found then
    perform core.fail('friend.unknown');
  end if;

  return true;
end
$$;

comment on function social.remove_friend(uuid) is
  'Ends a friendship of the caller; the other side is not told. Refuses friend.unknown.';

revoke all on function social.remove_friend(uuid) from public;
grant execute on function social.remove_friend(uuid) to stoa_member;
