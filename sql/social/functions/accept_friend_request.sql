create or replace function social.accept_friend_request(p_id uuid)
returns social.friendships
language plpgsql
volatile
-- Members may not write the table.
security definer
set search_path = ''
as $$
declare
  me uuid := core.require_member();
  request social.friendships := social.lock_request(p_id);
begin
  if request.friend_id <> me then
    perform core.fail('friend.unknown_request');
  end if;

  return social.befriend(p_id);
end
$$;

comment on function social.accept_friend_request(uuid) is
  'Accepts a friend request that the caller received. Refuses friend.unknown_request.';

revoke all on function social.accept_friend_request(uuid) from public;
grant execute on function social.accept_friend_request(uuid) to stoa_member;
