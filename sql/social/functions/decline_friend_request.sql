create or replace function social.decline_friend_request(p_id uuid)
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

  update social.friendships
  set status = 'declined',
      declined_at = now()
  where id = p_id
  returning * into request;

  return request;
end
$$;

comment on function social.decline_friend_request(uuid) is
  'Declines a friend request that the caller received; who asked is not told, and may ask again after 7 days (setting friends.decline_wait_days). Refuses friend.unknown_request.';

revoke all on function social.decline_friend_request(uuid) from public;
grant execute on function social.decline_friend_request(uuid) to stoa_member;
