create or replace function moderation.set_threshold(
  p_points integer,
  p_ban_type text,
  p_duration interval default null,
  p_is_active boolean default true
)
returns moderation.point_thresholds
language plpgsql
volatile
-- Clients have no right to write; every change is audited.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_role('admin');
  earlier moderation.point_thresholds;
  threshold moderation.point_thresholds;
begin
  if p_points is null or p_points not between 1 and 1000
    or p_ban_type is null or p_ban_type not in ('account', 'posting', 'chat', 'tracker')
    or p_duration <= interval '0'
    or p_is_active is null
  then
    perform core.fail('threshold.invalid');
  end if;

  select * into earlier from moderation.point_thresholds as known where known.points = p_points;
  insert into moderation.point_thresholds as known (points, ban_type, duration, is_active)
  values (p_points, p_ban_type, p_duration, p_is_active)
  on conflict (points) do update
  set ban_type = excluded.ban_type,
      duration = excluded.duration,
      is_active = excluded.is_active
  returning * into threshold;
  perform audit.record(
    'set_threshold', 'moderation.point_thresholds',
    p_resource_key => jsonb_build_object('points', p_points),
    p_old_values => case when earlier.points is not null then to_jsonb(earlier) end,
    p_new_values => to_jsonb(threshold)
  );
  return threshold;
end
$$;

comment on function moderation.set_threshold(integer, text, interval, boolean) is
  E'@name set_point_threshold\nAdministrators only: which ban follows by itself at how many points of warnings, and for how long (for good, when the duration is left out). Holds from the next warning on; bans that run stay. Refuses threshold.invalid. Audited.';

revoke all on function moderation.set_threshold(integer, text, interval, boolean) from public;
grant execute on function moderation.set_threshold(integer, text, interval, boolean) to stoa_admin;
