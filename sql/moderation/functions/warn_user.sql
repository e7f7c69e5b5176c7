create or replace function moderation.warn_user(
  p_user_id uuid,
  p_points integer,
  p_reason text,
  p_report_id uuid default null,
  p_expires_at timestamptz default null,
  p_never_expires boolean default false,
  p_staff_note text default null
)
returns moderation.warnings
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_role('moderator');
  why constant text := core.clean_text(p_reason, 1000);
  remark constant text := core.clean_text(p_staff_note, 4000, false);
  warning moderation.warnings;
begin
  if p_points is null or p_points not between 1 and 10 then
    perform core.fail('warning.points_invalid');
  end if;
  if p_expires_at <= clock_timestamp() then
    perform core.fail('warning.expiry_past');
  end if;
  perform moderation.locked_offender(p_user_id);
  if p_report_id is not null and not exists (
    select from moderation.reports as report where report.id = p_report_id and report.subject_user_id = p_user_id
  ) then
    perform core.fail('warning.report_mismatch');
  end if;

  insert into moderation.warnings (user_id, issued_by, points, reason, staff_note, report_id, expires_at)
  values (
    p_user_id, me, p_points, why, remark, p_report_id,
    case
      when p_never_expires or p_expires_at = 'infinity' then null
      else coalesce(
        p_expires_at,
        clock_timestamp() + make_interval(days => core.setting_integer('moderation.warning_days')::integer)
      )
    end
  )
  returning * into warning;
  perform audit.record(
    'warn_user', 'moderation.warnings', warning.id, null,
    jsonb_build_object('user_id', p_user_id, 'points', p_points, 'expires_at', warning.expires_at), why
  );
  perform notifications.notify(
    p_user_id, 'moderation', 'You were warned', why,
    jsonb_build_object('warning_id', warning.id, 'points', p_points)
  );
  perform moderation.apply_thresholds(p_user_id);
  return warning;
end
$$;

comment on function moderation.warn_user(uuid, integer, text, uuid, timestamptz, boolean, text) is
  E'@argument never_expires Whether it counts for ever.\nModerators only: warns somebody, with 1 to 10 points that count for 90 days (setting moderation.warning_days), until a time, or for ever. Reaching a threshold bans in the same transaction; warnings of one person are given one after another, so that none is missed. Refuses user.unknown, the caller and people of the caller''s role or a higher one (sanction.protected), warning.points_invalid, warning.expiry_past, warning.report_mismatch and an empty reason (at most 1,000 characters, shown to the person). Audited; the person is told.';

revoke all on function moderation.warn_user(uuid, integer, text, uuid, timestamptz, boolean, text) from public;
grant execute on function moderation.warn_user(uuid, integer, text, uuid, timestamptz, boolean, text) to stoa_moderator;
