create or replace function moderation.impose_ban(
  p_user_id uuid,
  p_ban_type text,
  p_reason text,
  p_expires_at timestamptz,
  p_banned_by uuid,
  p_staff_note text default null,
  p_points smallint default null
)
returns moderation.bans
language plpgsql
volatile
set search_path = ''
as $$
declare
  -- Not now(): it is the time before the wait for the person, and the bans would overlap.
  moment constant timestamptz := clock_timestamp();
  ban moderation.bans;
begin
  update moderation.bans as earlier
  set lifted_at = greatest(moment, earlier.starts_at),
      lifted_by = p_banned_by,
      lift_reason = 'Replaced by a harsher ban.'
  where earlier.user_id = p_user_id
    and earlier.ban_type = p_ban_type
    and earlier.lifted_at is null
    and (earlier.expires_at is null or earlier.expires_at > moment);
  insert into moderation.bans (
    user_id, banned_by, ban_type, reason, staff_note, source, points, starts_at, expires_at
  )
  values (
    p_user_id, p_banned_by, p_ban_type, p_reason, p_staff_note,
    case when p_points is null then 'manual' else 'points' end, p_points, moment, p_expires_at
  )
  returning * into ban;

  perform audit.record(
    'ban_user', 'moderation.bans', ban.id, null,
    jsonb_build_object(
      'user_id', p_user_id, 'ban_type', p_ban_type, 'expires_at', p_expires_at, 'source', ban.source, 'points', p_points
    ),
    p_reason
  );
  perform notifications.notify(
    p_user_id, 'moderation',
    case p_ban_type
      when 'account' then 'Your account was banned'
      when 'posting' then 'You were banned from posting'
      when 'chat' then 'You were banned from chatting'
      else 'You were banned from the tracker'
    end,
    p_reason,
    jsonb_build_object('ban_id', ban.id, 'expires_at', p_expires_at)
  );
  return ban;
end
$$;

comment on function moderation.impose_ban(uuid, text, text, timestamptz, uuid, text, smallint) is
  'Internal. Bans somebody whose row is locked; a weaker ban of the same kind is lifted first. Audited; the banned person is told the reason.';

revoke all on function moderation.impose_ban(uuid, text, text, timestamptz, uuid, text, smallint) from public;
