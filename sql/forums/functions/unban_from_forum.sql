create or replace function forums.unban_from_forum(p_forum_id uuid, p_user_id uuid, p_reason text default null)
returns forums.bans
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  why constant text := core.clean_text(p_reason, 500, false);
  ban forums.bans;
begin
  perform forums.readable_forum(p_forum_id);
  perform forums.require_permission(p_forum_id, 4);
  perform from forums.forums as target where target.id = p_forum_id for no key update;
  update forums.bans as target
  set lifted_at = greatest(clock_timestamp(), target.starts_at),
      lifted_by = me,
      lift_reason = why
  where target.forum_id = p_forum_id
    and target.user_id = p_user_id
    and target.lifted_at is null
    and (target.banned_until is null or target.banned_until > clock_timestamp())
  returning * into ban;
  if not found then
    perform core.fail('ban.unknown');
  end if;

  perform audit.record(
    'unban_from_forum', 'forums.bans', ban.id, null,
    jsonb_build_object('forum_id', p_forum_id, 'user_id', p_user_id), why
  );
  return ban;
end
$$;

comment on function forums.unban_from_forum(uuid, uuid, text) is
  'Ends a ban early. Needs BAN (forum.not_allowed). Refuses when no ban is in force (ban.unknown). Audited.';

revoke all on function forums.unban_from_forum(uuid, uuid, text) from public;
grant execute on function forums.unban_from_forum(uuid, uuid, text) to stoa_member;
