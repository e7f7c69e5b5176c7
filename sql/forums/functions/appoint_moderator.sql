create or replace function forums.appoint_moderator(p_forum_id uuid, p_user_id uuid, p_permissions bigint)
returns forums.moderators
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  mine bigint;
  forum forums.forums;
  before bigint;
  moderator forums.moderators;
begin
  perform forums.readable_forum(p_forum_id);
  -- Under the lock of the forum: nobody passes on what is being taken from them, or appoints whom another is banning.
  select * into forum from forums.forums as target where target.id = p_forum_id for no key update;
  perform forums.require_permission(p_forum_id, 8);
  if p_permissions is null or p_permissions < 0 or p_permissions > 511 then
    perform core.fail('input.malformed');
  end if;
  if p_user_id = forum.owner_id or not exists (
    select
    from core.users as person
    where person.id = p_user_id
      and person.is_active
      and person.deleted_at is null
      and person.erased_at is null
  ) then
    perform core.fail('user.unknown');
  end if;
  if forums.is_banned(p_forum_id, p_user_id) then
    perform core.fail('forum.banned');
  end if;

  mine := forums.my_permissions(p_forum_id);
  select existing.permissions into before
  from forums.moderators as existing
  where existing.forum_id = p_forum_id and existing.user_id = p_user_id;
  if (p_permissions | coalesce(before, 0)) & ~mine <> 0 then
    perform core.fail('moderator.permission_not_held');
  end if;

  insert into forums.moderators as existing (forum_id, user_id, permissions, appointed_by)
  values (p_forum_id, p_user_id, p_permissions, me)
  on conflict (forum_id, user_id) do update
  set permissions = excluded.permissions,
      appointed_by = excluded.appointed_by
  returning * into moderator;

  perform audit.record(
    'appoint_moderator', 'forums.moderators', null,
    jsonb_build_object('permissions', before),
    jsonb_build_object('permissions', p_permissions),
    null, null,
    jsonb_build_object('forum_id', p_forum_id, 'user_id', p_user_id)
  );
  if before is null then
    perform notifications.notify(
      p_user_id, 'forum', 'You now moderate the forum ' || forum.name, null,
      jsonb_build_object('forum_id', p_forum_id), me
    );
  end if;
  return moderator;
end
$$;

comment on function forums.appoint_moderator(uuid, uuid, bigint) is
  'Makes a member a moderator of a forum, or changes what a moderator may do; the bits are those of forums.my_permissions. Needs APPOINT (forum.not_allowed), and every permission that is given or changed (moderator.permission_not_held). Refuses the owner and closed or disabled accounts (user.unknown), people banned from the forum (forum.banned), and bits that do not exist (input.malformed). Audited; a new moderator is told.';

revoke all on function forums.appoint_moderator(uuid, uuid, bigint) from public;
grant execute on function forums.appoint_moderator(uuid, uuid, bigint) to stoa_member;
