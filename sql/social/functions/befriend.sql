create or replace function social.befriend(p_id uuid)
returns social.friendships
language plpgsql
volatile
-- Part of the procedures that accept a request; members may not write the table.
security definer
set search_path = ''
as $$
declare
  accepted social.friendships;
begin
  update social.friendships
  set status = 'accepted',
      accepted_at = now(),
      declined_at = null
  where id = p_id
  returning * into accepted;

  perform notifications.notify(
    p_user_id => accepted.user_id,
    p_type => 'friend_accepted',
    p_title => 'Friend request accepted',
    p_data => jsonb_build_object('friendship_id', accepted.id, 'user_id', accepted.friend_id),
    p_actor_id => accepted.friend_id,
    p_group_key => 'friend_accepted:' || accepted.friend_id
  );

  return accepted;
end
$$;

comment on function social.befriend(uuid) is
  'Turns a request into a friendship and tells who asked. The caller has checked that it may and holds the lock on the pair.';

revoke all on function social.befriend(uuid) from public;
grant execute on function social.befriend(uuid) to stoa_worker;
