create or replace function social.cancel_friend_request(p_id uuid)
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
  if request.user_id <> me then
    perform core.fail('friend.unknown_request');
  end if;

  delete from social.friendships where id = p_id;
  return request;
end
$$;

comment on function social.cancel_friend_request(uuid) is
  'Takes back a friend request that the caller sent, and returns it as it was. Refuses friend.unknown_request.';

revoke all on function social.cancel_friend_request(uuid) from public;
grant execute on function social.cancel_friend_request(uuid) to stoa_member;
