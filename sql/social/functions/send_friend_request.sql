create or replace function social.send_friend_request(p_user_id uuid)
returns social.friendships
language plpgsql
volatile
-- Reads the other side's settings and blocks; members may not write the table.
security definer
set search_path = ''
as $$
declare
  me uuid := core.require_member();
  between_us social.friendships;
  policy text;
  free_at timestamptz;
begin
  if p_user_id = me then
    perform core.fail('friend.self');
  end if;

  select coalesce(settings.friend_request_policy, 'everyone')
  into policy
  from core.users as account
  left join core.user_settings as settings on settings.user_id = account.id
  where account.id = p_user_id
    and account.is_active
    and account.deleted_at is null
    and account.erased_at is null;

  if not found then
    perform core.fail('user.unknown');
  end if;

  perform social.lock_pair(me, p_user_id);

  -- The same answer for a block and for the privacy setting: who blocks whom is nobody's business.
  if social.is_blocked(me, p_user_id) then
    perform core.fail('friend.refused');
  end if;

  select *
  into between_us
  from social.friendships
  where least(user_id, friend_id) = least(me, p_user_id)
    and greatest(user_id, friend_id) = greatest(me, p_user_id)
  for no key update;

  if between_us.status = 'accepted' then
    perform core.fail('friend.already');
  end if;

  if between_us.status = 'pending' and between_us.user_id = me then
    perform core.fail('friend.already_requested');
  end if;

  -- Both want it: no need for either to answer.
  if between_us.status = 'pending' then
    return social.befriend(between_us.id);
  end if;

  if policy = 'nobody'
    or (
      policy = 'friends_of_friends'
      and not exists (
        select
        from social.friend_edges as mine
        join social.friend_edges as theirs on theirs.friend_id = mine.friend_id
        where mine.user_id = me
          and theirs.user_id = p_user_id
      )
    )
  then
    perform core.fail('friend.refused');
  end if;

  -- Only who was declined waits; who declined may change their mind at once.
  if between_us.status = 'declined' and between_us.user_id = me then
    free_at := between_us.declined_at + make_interval(days => core.setting_integer('friends.decline_wait_days')::integer);
    if free_at > now() then
      perform core.fail('friend.too_soon', ceil(extract(epoch from free_at - now()))::integer);
    end if;
  end if;

  if core.setting_integer('friends.max_pending') <= (
    select count(*) from social.friendships where user_id = me and status = 'pending'
  ) then
    perform core.fail('friend.too_many_pending');
  end if;

  if between_us.id is null then
    insert into social.friendships (user_id, friend_id)
    values (me, p_user_id)
    returning * into between_us;
  else
    update social.friendships
    set user_id = me,
        friend_id = p_user_id,
        status = 'pending',
        requested_at = now(),
        declined_at = null
    where id = between_us.id
    returning * into between_us;
  end if;

  perform notifications.notify(
    p_user_id => p_user_id,
    p_type => 'friend_request',
    p_title => 'New friend request',
    p_data => jsonb_build_object('friendship_id', between_us.id, 'user_id', me),
    p_actor_id => me,
    p_group_key => 'friend_request:' || me
  );

  return between_us;
end
$$;

comment on function social.send_friend_request(uuid) is
  'Asks somebody to be friends. When they have asked too, both are friends at once. Refuses friend.self, user.unknown, friend.already, friend.already_requested, friend.refused (they want no requests, or one blocks the other), friend.too_soon for 7 days after being declined (setting friends.decline_wait_days), friend.too_many_pending.';

revoke all on function social.send_friend_request(uuid) from public;
grant execute on function social.send_friend_request(uuid) to stoa_member;
