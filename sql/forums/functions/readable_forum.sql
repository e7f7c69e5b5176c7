create or replace function forums.readable_forum(p_forum_id uuid, p_unknown text default 'forum.unknown')
returns forums.forums
language plpgsql
stable
set search_path = ''
as $$
declare
  me constant uuid := core.current_user_id();
  rank constant integer := core.current_role_rank();
  forum forums.forums;
begin
  select * into forum
  from forums.forums as candidate
  where candidate.id = p_forum_id
    and (candidate.deleted_at is null or rank >= 2);
  if not found then
    perform core.fail(p_unknown);
  end if;
  if rank >= 2 then
    return forum;
  end if;

  if rank = 0 or me is null then
    if not forum.is_public or forum.min_read_class_id is not null then
      perform core.fail(p_unknown);
    end if;
    return forum;
  end if;

  if not (
    forum.is_public
    or forum.owner_id = me
    or exists (
      select from forums.subscriptions as subscription
      where subscription.user_id = me and subscription.forum_id = forum.id
    )
    or exists (
      select from forums.moderators as moderator
      where moderator.user_id = me and moderator.forum_id = forum.id
    )
  ) then
    perform core.fail(p_unknown);
  end if;
  if not forums.class_reaches(me, forum.min_read_class_id) then
    perform core.fail(p_unknown);
  end if;
  if forums.is_banned(forum.id, me) then
    perform core.fail('forum.banned');
  end if;
  return forum;
end
$$;

comment on function forums.readable_forum(uuid, text) is
  'Internal. A forum, if the caller may read it: the rule of forums.my_readable_forum_ids for one forum. Refuses with p_unknown (forum.unknown, or the like of the thing asked for), or forum.banned where only a ban is in the way.';

revoke all on function forums.readable_forum(uuid, text) from public;
