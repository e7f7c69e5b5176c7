create or replace function forums.writable_forum(p_forum_id uuid)
returns forums.forums
language plpgsql
stable
set search_path = ''
as $$
declare
  forum forums.forums;
begin
  perform core.require_unrestricted('posting');
  forum := forums.readable_forum(p_forum_id);
  if not forums.class_reaches(core.current_user_id(), forum.min_post_class_id)
    and forums.my_permissions(p_forum_id) = 0
  then
    perform core.fail('forum.class_too_low');
  end if;
  return forum;
end
$$;

comment on function forums.writable_forum(uuid) is
  'Internal. A forum, if the caller may post and comment there: readable (forum.unknown, forum.banned) and open to their class (forum.class_too_low; moderators of the forum are exempt), by somebody who is not barred from posting (account.activity_barred).';

revoke all on function forums.writable_forum(uuid) from public;
