create or replace function social.may_see_friends(p_user_id uuid)
returns boolean
language sql
stable
-- Answers for rows that the caller may not read.
security definer
set search_path = ''
begin atomic
  select p_user_id = core.current_user_id()
    or core.current_role_rank() >= 2
    or (
      not social.is_blocked(p_user_id, core.current_user_id())
      and exists (
        select
        from core.profiles as profile
        join core.users as account on account.id = profile.user_id
        where profile.user_id = p_user_id
          and account.deleted_at is null
          and account.erased_at is null
          and (
            profile.visibility = 'public'
            or (profile.visibility = 'members' and core.current_role_rank() >= 1)
            or (profile.visibility = 'friends' and social.are_friends(p_user_id, core.current_user_id()))
          )
      )
    );
end;

comment on function social.may_see_friends(uuid) is
  'Whether the caller may see whose friend somebody is: as their profile, themselves and moderators always, never across a block.';

revoke all on function social.may_see_friends(uuid) from public;
grant execute on function social.may_see_friends(uuid) to stoa_worker;
