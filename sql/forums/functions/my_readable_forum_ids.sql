create or replace function forums.my_readable_forum_ids()
returns setof uuid
language plpgsql
stable
rows 100
-- Policies of several tables ask this, also that of forums.forums itself: as the caller it would ask itself for ever.
security definer
set search_path = ''
as $$
declare
  rank constant integer := core.current_role_rank();
  me constant uuid := core.current_user_id();
begin
  if rank >= 2 then
    return query select forum.id from forums.forums as forum;
    return;
  end if;

  if rank = 0 or me is null then
    return query
      select forum.id
      from forums.forums as forum
      where forum.is_public
        and forum.deleted_at is null
        and forum.min_read_class_id is null;
    return;
  end if;

  return query
    select forum.id
    from forums.forums as forum
    where forum.deleted_at is null
      and (
        forum.is_public
        or forum.owner_id = me
        or forum.id in (select subscription.forum_id from forums.subscriptions as subscription where subscription.user_id = me)
        or forum.id in (select moderator.forum_id from forums.moderators as moderator where moderator.user_id = me)
      )
      and (
        forum.min_read_class_id is null
        or forum.min_read_class_id in (
          select wanted.id
          from core.users as person
          join core.user_classes as held on held.id = person.class_id
          join core.user_classes as wanted on wanted.sort_order <= held.sort_order
          where person.id = me
        )
      )
      and forum.id not in (
        select ban.forum_id
        from forums.bans as ban
        where ban.user_id = me
          and ban.lifted_at is null
          and ban.starts_at <= clock_timestamp()
          and (ban.banned_until is null or ban.banned_until > clock_timestamp())
      );
end
$$;

comment on function forums.my_readable_forum_ids() is
  E'@internal\n@behavior -*\nThe forums that the caller may read. Visitors: public ones without a lowest class. Members: those that are public or that they follow, moderate or own, if their class is high enough and no ban from the forum is in force. Staff of the platform: all. Written into a policy as forum_id = any (array(select forums.my_readable_forum_ids())), it runs once a statement; cost grows with the number of forums.';

revoke all on function forums.my_readable_forum_ids() from public;
grant execute on function forums.my_readable_forum_ids() to stoa_anonymous;
