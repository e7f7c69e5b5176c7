create or replace function tracker.can_see_statistics(p_user_id uuid)
returns boolean
language plpgsql
stable
-- Settings are private.
security definer
set search_path = ''
as $$
begin
  return p_user_id = core.current_user_id()
    or core.current_role_rank() >= 2
    or (
      core.current_role_rank() >= 1
      and not exists (
        select
        from core.user_settings as settings
        where settings.user_id = p_user_id
          and settings.paranoia_level >= 2
      )
    );
end
$$;

comment on function tracker.can_see_statistics(uuid) is
  E'@internal\nWhether the caller may see what somebody moved: their own, everybody''s as a moderator, and that of people below paranoia level 2. For procedures; policies use tracker.private_user_ids.';

revoke all on function tracker.can_see_statistics(uuid) from public;
