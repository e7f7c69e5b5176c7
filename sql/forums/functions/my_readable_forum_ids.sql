create or replace function forums.my_readable_forum_ids()
returns setof uuid
language plpgsql
stable
rows 100
-- Asked by the policies of several tables: under row-level security each would ask the policy of forums.forums again.
security definer
set search_path = ''
as $$
begin
  if core.current_role_rank() >= 2 then
    return query select forum.id from forums.forums as forum;
    return;
  end if;

  -- The rule stands a second time in the policy of forums.forums, and a third in forums.readable_forum for one forum.
  return query
    select forum.id
    from forums.forums as forum
    where forum.deleted_at is null
      and (forum.is_public or forum.id = any (array(select forums.my_member_forum_ids())))
      and (forum.min_read_class_id is null or forum.min_read_class_id = any (array(select forums.my_class_ids())))
      and forum.id <> all (array(select forums.my_banned_forum_ids()));
end
$$;

comment on function forums.my_readable_forum_ids() is
  E'@behavior -*\nThe forums that the caller may read. Visitors: public ones without a lowest class. Members: those that are public or that they follow, moderate or own, if their class is high enough and no ban from the forum is in force. Staff of the platform: all. Written into a policy as forum_id = any (array(select forums.my_readable_forum_ids())), it runs once a statement; cost grows with the number of forums.';

revoke all on function forums.my_readable_forum_ids() from public;
grant execute on function forums.my_readable_forum_ids() to stoa_anonymous;
