create or replace function forums.is_banned(p_forum_id uuid, p_user_id uuid)
returns boolean
language plpgsql
stable
set search_path = ''
as $$
begin
  return exists (
    select
    from forums.bans as ban
    where ban.forum_id = p_forum_id
      and ban.user_id = p_user_id
      and ban.lifted_at is null
      and ban.starts_at <= clock_timestamp()
      and (ban.banned_until is null or ban.banned_until > clock_timestamp())
  );
end
$$;

comment on function forums.is_banned(uuid, uuid) is
  'Internal. Whether a ban of this person from this forum is in force now.';

revoke all on function forums.is_banned(uuid, uuid) from public;
