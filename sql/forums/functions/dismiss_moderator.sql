create or replace function forums.dismiss_moderator(p_forum_id uuid, p_user_id uuid)
returns forums.moderators
language plpgsql
volatile
-- Clients have no right to delete; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  moderator forums.moderators;
begin
  perform forums.readable_forum(p_forum_id);
  perform from forums.forums as forum where forum.id = p_forum_id for no key update;
  select * into moderator
  from forums.moderators as candidate
  where candidate.forum_id = p_forum_id and candidate.user_id = p_user_id;
  if not found then
    perform core.fail('moderator.unknown');
  end if;
  if p_user_id <> me then
    perform forums.require_permission(p_forum_id, 8);
    if moderator.permissions & ~forums.my_permissions(p_forum_id) <> 0 then
      perform core.fail('moderator.permission_not_held');
    end if;
  end if;

  delete from forums.moderators as target
  where target.forum_id = p_forum_id and target.user_id = p_user_id;
  perform audit.record(
    'dismiss_moderator', 'forums.moderators', null,
    jsonb_build_object('permissions', moderator.permissions), null,
    null, null,
    jsonb_build_object('forum_id', p_forum_id, 'user_id', p_user_id)
  );
  return moderator;
end
$$;

comment on function forums.dismiss_moderator(uuid, uuid) is
  'Ends a moderator''s work; anybody may resign. Otherwise needs APPOINT (forum.not_allowed) and every permission that the moderator holds (moderator.permission_not_held). Refuses somebody who does not moderate the forum (moderator.unknown). Audited.';

revoke all on function forums.dismiss_moderator(uuid, uuid) from public;
grant execute on function forums.dismiss_moderator(uuid, uuid) to stoa_member;
