create or replace function moderation.lift_ban(p_ban_id uuid, p_reason text)
returns moderation.bans
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_role('moderator');
  why constant text := core.clean_text(p_reason, 500);
  ban moderation.bans;
begin
  select * into ban from moderation.bans as candidate where candidate.id = p_ban_id;
  if not found then
    perform core.fail('user_ban.unknown');
  end if;
  if ban.user_id = me then
    perform core.fail('sanction.protected');
  end if;
  if core.current_role_rank() < 3 and (ban.ban_type = 'account' or ban.banned_by is distinct from me) then
    perform core.fail('user_ban.admin_only');
  end if;

  -- Lock order: the person first.
  perform from core.users as person where person.id = ban.user_id for no key update;
  update moderation.bans as target
  set lifted_at = greatest(clock_timestamp(), target.starts_at),
      lifted_by = me,
      lift_reason = why
  where target.id = p_ban_id
    and target.lifted_at is null
    and (target.expires_at is null or target.expires_at > clock_timestamp())
  returning * into ban;
  if not found then
    perform core.fail('user_ban.not_running');
  end if;

  perform moderation.close_item('appeal', 'ban', p_ban_id, 'approved', why);
  perform audit.record(
    'lift_ban', 'moderation.bans', p_ban_id, null,
    jsonb_build_object('user_id', ban.user_id, 'ban_type', ban.ban_type), why
  );
  perform notifications.notify(
    ban.user_id, 'moderation', 'A ban was lifted', why, jsonb_build_object('ban_id', p_ban_id)
  );
  return ban;
end
$$;

comment on function moderation.lift_ban(uuid, text) is
  'Ends a ban early, and with it an open appeal. Administrators: every ban but their own; moderators: the scoped ones that they issued themselves (user_ban.admin_only). Refuses user_ban.unknown, user_ban.not_running, sanction.protected and an empty reason. Audited; the person is told.';

revoke all on function moderation.lift_ban(uuid, text) from public;
grant execute on function moderation.lift_ban(uuid, text) to stoa_moderator;
