create or replace function forums.admit_subscriber(p_forum_id uuid, p_user_id uuid)
returns forums.subscriptions
language plpgsql
volatile
-- Writes a row of somebody else.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  forum forums.forums;
  subscription forums.subscriptions;
begin
  forum := forums.readable_forum(p_forum_id);
  perform forums.require_permission(p_forum_id, 8);
  if forum.is_public then
    perform core.fail('forum.not_allowed');
  end if;
  if not exists (
    select from core.users as person
    where person.id = p_user_id and person.deleted_at is null and person.erased_at is null
  ) or social.is_blocked(me, p_user_id) then
    perform core.fail('user.unknown');
  end if;
  if forums.is_banned(p_forum_id, p_user_id) then
    perform core.fail('forum.banned');
  end if;

  insert into forums.subscriptions (user_id, forum_id)
  values (p_user_id, p_forum_id)
  on conflict (user_id, forum_id) do nothing
  returning * into subscription;
  if found then
    perform notifications.notify(
      p_user_id, 'forum', 'You were let into the forum ' || forum.name, null,
      jsonb_build_object('forum_id', p_forum_id), me
    );
  else
    select * into subscription
    from forums.subscriptions as existing
    where existing.user_id = p_user_id and existing.forum_id = p_forum_id;
  end if;
  return subscription;
end
$$;

comment on function forums.admit_subscriber(uuid, uuid) is
  E'@name admit_to_forum\nLets a member into a private forum, whose subscribers are its readers; they can leave with unsubscribe. Needs APPOINT (forum.not_allowed), and a forum that is not public. Refuses closed accounts and people who block the caller (user.unknown), and people banned from the forum (forum.banned). They are told.';

revoke all on function forums.admit_subscriber(uuid, uuid) from public;
grant execute on function forums.admit_subscriber(uuid, uuid) to stoa_member;
