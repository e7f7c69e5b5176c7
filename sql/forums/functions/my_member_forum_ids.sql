create or replace function forums.my_member_forum_ids()
returns setof uuid
language plpgsql
stable
rows 20
-- Asked by the policy of forums.forums, which it reads itself.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.current_user_id();
begin
  if me is null or core.current_role_rank() = 0 then
    return;
  end if;

  return query
    select forum.id from forums.forums as forum where forum.owner_id = me
    union
    select subscription.forum_id from forums.subscriptions as subscription where subscription.user_id = me
    union
    select moderator.forum_id from forums.moderators as moderator where moderator.user_id = me;
end
$$;

comment on function forums.my_member_forum_ids() is
  E'@behavior -*\nThe forums that the caller owns, follows or moderates, deleted ones too: those that they may read even if the forum is not public. For policies; three index look-ups.';

revoke all on function forums.my_member_forum_ids() from public;
grant execute on function forums.my_member_forum_ids() to stoa_anonymous;
