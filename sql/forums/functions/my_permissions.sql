create or replace function forums.my_permissions(p_forum_id uuid)
returns bigint
language plpgsql
stable
-- Reads forums and moderators that their policies hide from the caller, and tells only what concerns the caller.
security definer
set search_path = ''
as $$
declare
  everything constant bigint := 511;
  me constant uuid := core.current_user_id();
  granted bigint;
begin
  if core.current_role_rank() >= 2 then
    return everything;
  end if;
  if me is null or core.current_role_rank() = 0 then
    return 0;
  end if;

  select case when forum.owner_id = me then everything else coalesce(moderator.permissions, 0) end
  into granted
  from forums.forums as forum
  left join forums.moderators as moderator
    on moderator.forum_id = forum.id and moderator.user_id = me
  where forum.id = p_forum_id
    and forum.deleted_at is null;
  return coalesce(granted, 0);
end
$$;

comment on function forums.my_permissions(uuid) is
  E'@name my_forum_permissions\nWhat the caller may do in a forum, as the bits of a moderator: 0 DELETE, 1 LOCK, 2 PIN, 3 FLAIR, 4 BAN, 5 EDIT_FORUM, 6 MANAGE_CATEGORIES, 7 MANAGE_FLAIRS, 8 APPOINT. The owner and the staff of the platform hold all of them; whoever may do nothing gets 0. Two index look-ups.';

revoke all on function forums.my_permissions(uuid) from public;
grant execute on function forums.my_permissions(uuid) to stoa_anonymous;
