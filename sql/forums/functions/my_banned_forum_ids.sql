create or replace function forums.my_banned_forum_ids()
returns setof uuid
language plpgsql
stable
rows 1
-- A visitor has no grant on bans, and the policy of forums.forums asks this for visitors too.
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
    select ban.forum_id
    from forums.bans as ban
    where ban.user_id = me
      and ban.lifted_at is null
      and ban.starts_at <= clock_timestamp()
      and (ban.banned_until is null or ban.banned_until > clock_timestamp());
end
$$;

comment on function forums.my_banned_forum_ids() is
  E'@behavior -*\nThe forums from which the caller is banned now. For policies; one index look-up.';

revoke all on function forums.my_banned_forum_ids() from public;
grant execute on function forums.my_banned_forum_ids() to stoa_anonymous;
