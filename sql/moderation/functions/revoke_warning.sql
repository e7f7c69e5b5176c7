create or replace function moderation.revoke_warning(p_warning_id uuid, p_reason text)
returns moderation.warnings
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_role('moderator');
  why constant text := core.clean_text(p_reason, 500);
  offender_id uuid;
  warning moderation.warnings;
  ban moderation.bans;
  lesser moderation.point_thresholds;
begin
  select candidate.user_id into offender_id from moderation.warnings as candidate where candidate.id = p_warning_id;
  if not found then
    perform core.fail('warning.unknown');
  end if;
  perform moderation.locked_offender(offender_id);

  update moderation.warnings as target
  set revoked_at = clock_timestamp(),
      revoked_by = me
  where target.id = p_warning_id
    and target.revoked_at is null
  returning * into warning;
  if not found then
    perform core.fail('warning.revoked');
  end if;
  perform audit.record(
    'revoke_warning', 'moderation.warnings', p_warning_id, null,
    jsonb_build_object('user_id', offender_id, 'points', warning.points), why
  );

  -- What has expired since the ban began still justifies it; what is withdrawn does not.
  for ban in
    update moderation.bans as unjustified
    set lifted_at = greatest(clock_timestamp(), unjustified.starts_at),
        lifted_by = me,
        lift_reason = 'A warning behind it was withdrawn.'
    where unjustified.user_id = offender_id
      and unjustified.source = 'points'
      and unjustified.lifted_at is null
      and (unjustified.expires_at is null or unjustified.expires_at > clock_timestamp())
      and unjustified.points > (
        select coalesce(sum(valid.points), 0)
        from moderation.warnings as valid
        where valid.user_id = offender_id
          and valid.revoked_at is null
          and (valid.expires_at is null or valid.expires_at > unjustified.starts_at)
      )
    returning *
  loop
    perform moderation.close_item('appeal', 'ban', ban.id, 'approved', 'A warning behind the ban was withdrawn.');
    perform audit.record(
      'lift_ban', 'moderation.bans', ban.id, null, jsonb_build_object('user_id', offender_id), ban.lift_reason
    );

    -- What is left may still be enough for less: as if that had been the ban from the beginning.
    select threshold.* into lesser
    from moderation.point_thresholds as threshold
    where threshold.is_active
      and threshold.points < ban.points
      and threshold.points <= (
        select coalesce(sum(valid.points), 0)
        from moderation.warnings as valid
        where valid.user_id = offender_id
          and valid.revoked_at is null
          and (valid.expires_at is null or valid.expires_at > ban.starts_at)
      )
    order by threshold.points desc
    limit 1;
    if found
      and (moderation.running_ban(offender_id, lesser.ban_type)).id is null
      and (lesser.duration is null or ban.starts_at + lesser.duration > clock_timestamp())
    then
      perform moderation.impose_ban(
        offender_id, lesser.ban_type, ban.reason, ban.starts_at + lesser.duration, null, null, lesser.points
      );
    end if;
  end loop;
  perform notifications.notify(
    offender_id, 'moderation', 'A warning was withdrawn', why, jsonb_build_object('warning_id', p_warning_id)
  );
  return warning;
end
$$;

comment on function moderation.revoke_warning(uuid, text) is
  'Moderators only: withdraws a warning; its points count no more, and a running ban for points that they no longer add up to is lifted, or gives way to the one that they still add up to. Refuses warning.unknown, warning.revoked, people whom the caller may not punish (sanction.protected) and an empty reason. Audited; the person is told.';

revoke all on function moderation.revoke_warning(uuid, text) from public;
grant execute on function moderation.revoke_warning(uuid, text) to stoa_moderator;
