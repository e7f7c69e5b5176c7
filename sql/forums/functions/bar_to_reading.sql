create or replace function forums.bar_to_reading(p_forum forums.forums)
returns text
language plpgsql
stable
set search_path = ''
as $$
declare
  me constant uuid := core.current_user_id();
  rank constant integer := core.current_role_rank();
begin
  if rank >= 2 then
    return null;
  end if;
  if p_forum.deleted_at is not null then
    return 'unknown';
  end if;

  if rank = 0 or me is null then
    return case when not p_forum.is_public or p_forum.min_read_class_id is not null then 'unknown' end;
  end if;

  if not (
    p_forum.is_public
    or p_forum.owner_id = me
    or exists (
      select from forums.subscriptions as subscription
      where subscription.user_id = me and subscription.forum_id = p_forum.id
    )
    or exists (
      select from forums.moderators as moderator
      where moderator.user_id = me and moderator.forum_id = p_forum.id
    )
  ) then
    return 'unknown';
  end if;
  -- Asked here, because most forums are open to every class.
  if p_forum.min_read_class_id is not null and not forums.class_reaches(me, p_forum.min_read_class_id) then
    return 'unknown';
  end if;
  return case when forums.is_banned(p_forum.id, me) then 'banned' end;
end
$$;

comment on function forums.bar_to_reading(forums.forums) is
  'Internal. What keeps the caller from reading a forum, by the rule of forums.my_readable_forum_ids for one forum: banned where only a ban is in the way, unknown where anything else is, null where nothing is. A few look-ups by primary key.';

revoke all on function forums.bar_to_reading(forums.forums) from public;
