create or replace function forums.transfer_forum(p_forum_id uuid, p_user_id uuid)
returns forums.forums
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  forum forums.forums;
  former uuid;
begin
  forum := forums.require_owner(p_forum_id);
  former := forum.owner_id;
  if not exists (
    select
    from core.users as person
    where person.id = p_user_id
      and person.is_active
      and person.deleted_at is null
      and person.erased_at is null
      and (person.banned_until is null or person.banned_until <= now())
  ) then
    perform core.fail('user.unknown');
  end if;
  if forums.is_banned(p_forum_id, p_user_id) then
    perform core.fail('ban.protected');
  end if;
  if p_user_id = former then
    return forum;
  end if;
  perform forums.check_owned_limit(p_user_id);

  update forums.forums as target
  set owner_id = p_user_id
  where target.id = p_forum_id
  returning * into forum;
  delete from forums.moderators as moderator
  where moderator.forum_id = p_forum_id
    and moderator.user_id = p_user_id;
  perform audit.record(
    'transfer_forum', 'forums.forums', p_forum_id,
    jsonb_build_object('owner_id', former), jsonb_build_object('owner_id', p_user_id)
  );
  perform notifications.notify(
    p_user_id, 'forum', 'You now own the forum ' || forum.name, null,
    jsonb_build_object('forum_id', p_forum_id), core.current_user_id()
  );
  return forum;
end
$$;

comment on function forums.transfer_forum(uuid, uuid) is
  'Hands a forum to another member. Only its owner or an administrator (forum.not_allowed). Refuses an account that is closed, disabled or banned (user.unknown), one banned from the forum (ban.protected), and one that owns as many forums as it may (forum.limit_reached). Audited; the new owner is told.';

revoke all on function forums.transfer_forum(uuid, uuid) from public;
grant execute on function forums.transfer_forum(uuid, uuid) to stoa_member;
