create or replace function forums.remove_subscriber(p_forum_id uuid, p_user_id uuid)
returns boolean
language plpgsql
volatile
-- Deletes a row of somebody else.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  forum forums.forums;
begin
  forum := forums.readable_forum(p_forum_id);
  perform forums.require_permission(p_forum_id, 8);
  if forum.is_public then
    perform core.fail('forum.not_allowed');
  end if;
  delete from forums.subscriptions as subscription
  where subscription.user_id = p_user_id
    and subscription.forum_id = p_forum_id;
  return found;
end
$$;

comment on function forums.remove_subscriber(uuid, uuid) is
  E'@name remove_from_forum\nPuts a member out of a private forum; false when they were not in it. Needs APPOINT (forum.not_allowed), and a forum that is not public.';

revoke all on function forums.remove_subscriber(uuid, uuid) from public;
grant execute on function forums.remove_subscriber(uuid, uuid) to stoa_member;
