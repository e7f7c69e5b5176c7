create or replace function social.lock_request(p_id uuid)
returns social.friendships
language plpgsql
volatile
-- Part of the procedures that answer a request; members may not lock rows.
security definer
set search_path = ''
as $$
declare
  me uuid := core.current_user_id();
  request social.friendships;
begin
  select * into request from social.friendships where id = p_id;
  if not found or me not in (request.user_id, request.friend_id) then
    perform core.fail('friend.unknown_request');
  end if;

  -- The pair before the row, as everywhere.
  perform social.lock_pair(request.user_id, request.friend_id);

  select * into request from social.friendships where id = p_id and status = 'pending' for no key update;
  if not found then
    perform core.fail('friend.unknown_request');
  end if;

  return request;
end
$$;

comment on function social.lock_request(uuid) is
  'A pending friend request of or to the caller, locked until the transaction ends. Refuses friend.unknown_request.';

revoke all on function social.lock_request(uuid) from public;
grant execute on function social.lock_request(uuid) to stoa_worker;
