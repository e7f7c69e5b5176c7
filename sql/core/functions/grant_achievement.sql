create or replace function core.grant_achievement(p_user_id uuid, p_achievement_id uuid)
returns core.user_achievements
language plpgsql
volatile
-- Badges are written by functions only.
security definer
set search_path = ''
as $$
declare
  me uuid := core.require_role('admin');
  held core.user_achievements;
begin
  if not exists (select from core.achievements where id = p_achievement_id) then
    perform core.fail('achievement.unknown');
  end if;
  if not exists (select from core.users where id = p_user_id and erased_at is null) then
    perform core.fail('user.unknown');
  end if;

  insert into core.user_achievements as stored (user_id, achievement_id, earned_at)
  values (p_user_id, p_achievement_id, now())
  on conflict (user_id, achievement_id) do update
  set earned_at = coalesce(stored.earned_at, excluded.earned_at)
  returning * into held;

  perform audit.record(
    p_action => 'achievement.grant',
    p_resource_type => 'core.user_achievements',
    p_resource_key => jsonb_build_object('user_id', p_user_id, 'achievement_id', p_achievement_id)
  );

  return held;
end
$$;

comment on function core.grant_achievement(uuid, uuid) is
  'Administrators only: gives somebody a badge, whatever their progress. Refuses user.unknown and achievement.unknown. Audited.';

revoke all on function core.grant_achievement(uuid, uuid) from public;
grant execute on function core.grant_achievement(uuid, uuid) to stoa_admin;
