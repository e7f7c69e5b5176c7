create or replace function forums.follow_post(p_post_id uuid, p_notify boolean default true)
returns forums.post_subscriptions
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  subscription forums.post_subscriptions;
begin
  perform forums.live_post(p_post_id);
  insert into forums.post_subscriptions as existing (user_id, post_id, notify)
  values (me, p_post_id, coalesce(p_notify, true))
  on conflict (user_id, post_id) do update
  set notify = excluded.notify
  returning * into subscription;
  return subscription;
end
$$;

comment on function forums.follow_post(uuid, boolean) is
  'Follows a post, or changes whether its replies ring the bell. Doing it again changes nothing else. Refuses post.unknown and forum.banned.';

revoke all on function forums.follow_post(uuid, boolean) from public;
grant execute on function forums.follow_post(uuid, boolean) to stoa_member;
