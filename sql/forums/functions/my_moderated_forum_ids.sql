create or replace function forums.my_moderated_forum_ids()
returns setof uuid
language plpgsql
stable
rows 5
-- Asked by policies, also by that of the table it reads.
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
    select forum.id
    from forums.forums as forum
    where forum.owner_id = me
      and forum.deleted_at is null
    union
    select moderator.forum_id
    from forums.moderators as moderator
    join forums.forums as forum on forum.id = moderator.forum_id
    where moderator.user_id = me
      and forum.deleted_at is null;
end
$$;

comment on function forums.my_moderated_forum_ids() is
  E'@internal\n@behavior -*\nThe live forums that the caller owns or moderates, whatever the permissions. For policies; two index look-ups.';

revoke all on function forums.my_moderated_forum_ids() from public;
grant execute on function forums.my_moderated_forum_ids() to stoa_member;
