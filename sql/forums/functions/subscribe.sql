create or replace function forums.subscribe(p_forum_id uuid, p_notification_level text default null)
returns forums.subscriptions
language plpgsql
volatile
-- Clients have no right to insert; the counter must follow.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  subscription forums.subscriptions;
begin
  if p_notification_level not in ('none', 'posts', 'all') then
    perform core.fail('input.malformed');
  end if;
  perform forums.readable_forum(p_forum_id);

  insert into forums.subscriptions as existing (user_id, forum_id, notification_level)
  values (me, p_forum_id, coalesce(p_notification_level, 'none'))
  on conflict (user_id, forum_id) do update
  set notification_level = coalesce(p_notification_level, existing.notification_level)
  returning * into subscription;
  return subscription;
end
$$;

comment on function forums.subscribe(uuid, text) is
  E'@name subscribe_to_forum\nFollows a forum, or changes how loudly: none, posts or all; left out, the level stays (none at first). Doing it again changes nothing. Refuses a forum that the caller may not read (forum.unknown, forum.banned) and other levels (input.malformed).';

revoke all on function forums.subscribe(uuid, text) from public;
grant execute on function forums.subscribe(uuid, text) to stoa_member;
