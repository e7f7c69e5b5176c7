create or replace function moderation.ban_user(
  p_user_id uuid,
  p_ban_type text,
  p_reason text,
  p_until timestamptz default null,
  p_staff_note text default null
)
returns moderation.bans
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
  ends_at constant timestamptz := nullif(p_until, 'infinity');
  running moderation.bans;
begin
  if p_ban_type is null or p_ban_type not in ('account', 'posting', 'chat', 'tracker') then
    perform core.fail('user_ban.type_unknown');
  end if;
  if ends_at <= clock_timestamp() then
    perform core.fail('user_ban.until_past');
  end if;
  if core.current_role_rank() < 3 then
    if p_ban_type = 'account' then
      perform core.fail('user_ban.admin_only');
    end if;
    if ends_at is null
      or ends_at
        > clock_timestamp() + make_interval(days => core.setting_integer('moderation.moderator_ban_days')::integer)
    then
      perform core.fail('user_ban.too_long');
    end if;
  end if;

  perform moderation.locked_offender(p_user_id);
  running := moderation.running_ban(p_user_id, p_ban_type);
  if running.id is not null
    and coalesce(running.expires_at, 'infinity') >= coalesce(ends_at, 'infinity')
  then
    perform core.fail('user_ban.overlapping');
  end if;
  return moderation.impose_ban(p_user_id, p_ban_type, why, ends_at, me, remark);
end
$$;

comment on function moderation.ban_user(uuid, text, text, timestamptz, text) is
  'Bans somebody until a time, or for good: from everything (account, which also ends their sessions), or from posting, chat or tracker. Moderators: not whole accounts (user_ban.admin_only), and for seven days at most (user_ban.too_long, setting moderation.moderator_ban_days). A weaker ban of the same kind is replaced. Refuses user.unknown, the caller and people of the caller''s role or a higher one (sanction.protected), user_ban.type_unknown, user_ban.until_past, user_ban.overlapping and an empty reason (at most 1,000 characters, shown to the person). Audited; the person is told.';

revoke all on function moderation.ban_user(uuid, text, text, timestamptz, text) from public;
grant execute on function moderation.ban_user(uuid, text, text, timestamptz, text) to stoa_moderator;
