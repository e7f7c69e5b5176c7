create or replace function forums.unsubscribe(p_forum_id uuid)
returns boolean
language plpgsql
volatile
-- Clients have no right to delete; the counter must follow.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
begin
  delete from forums.subscriptions as subscription
  where subscription.user_id = me
    and subscription.forum_id = p_forum_id;
  if found then
    return true;
  end if;

  if not exists (select from forums.forums as forum where forum.id = p_forum_id and forum.is_public) then
    perform core.fail('forum.unknown');
  end if;
  return false;
end
$$;

comment on function forums.unsubscribe(uuid) is
  E'@name unsubscribe_from_forum\nNo longer follows a forum; false when there was nothing to end. Leaving a private forum means losing sight of it. Refuses an unknown forum (forum.unknown).';

revoke all on function forums.unsubscribe(uuid) from public;
grant execute on function forums.unsubscribe(uuid) to stoa_member;
