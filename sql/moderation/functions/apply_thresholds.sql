create or replace function moderation.apply_thresholds(p_user_id uuid)
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
  total constant integer := moderation.active_points(p_user_id);
  reached moderation.point_thresholds;
  running moderation.bans;
  ends_at timestamptz;
begin
  if not core.setting_boolean('moderation.auto_ban_enabled') then
    return;
  end if;
  select * into reached
  from moderation.point_thresholds as threshold
  where threshold.is_active
    and threshold.points <= total
  order by threshold.points desc
  limit 1;
  if not found then
    return;
  end if;

  ends_at := clock_timestamp() + reached.duration;
  running := moderation.running_ban(p_user_id, reached.ban_type);
  -- A threshold bans once: more points below the next one do not begin its ban anew.
  if running.id is not null
    and (
      running.points >= reached.points
      or coalesce(running.expires_at, 'infinity') >= coalesce(ends_at, 'infinity')
    )
  then
    return;
  end if;

  perform moderation.impose_ban(
    p_user_id, reached.ban_type, format('Warnings with %s points in all.', total), ends_at, null, null, reached.points
  );
end
$$;

comment on function moderation.apply_thresholds(uuid) is
  'Internal. Bans somebody whose row is locked when the points that count reach a threshold: the highest one that is in force decides. Does nothing while the same threshold''s ban, or one that ends no earlier, is running, or when the setting moderation.auto_ban_enabled is off.';

revoke all on function moderation.apply_thresholds(uuid) from public;
