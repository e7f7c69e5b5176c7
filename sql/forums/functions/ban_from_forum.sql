create or replace function forums.ban_from_forum(
  p_forum_id uuid,
  p_user_id uuid,
  p_reason text,
  p_until timestamptz default null
)
returns forums.bans
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  why constant text := core.clean_text(p_reason, 1000);
  forum forums.forums;
  ban forums.bans;
  moment timestamptz;
begin
  perform forums.readable_forum(p_forum_id);
  -- Two moderators at once: the second waits here, then replaces the ban of the first. Nobody becomes owner or
  -- moderator meanwhile.
  select * into forum from forums.forums as target where target.id = p_forum_id for no key update;
  perform forums.require_permission(p_forum_id, 4);
  if p_until <= clock_timestamp() then
    perform core.fail('ban.until_past');
  end if;
  if not exists (select from core.users as person where person.id = p_user_id and person.erased_at is null) then
    perform core.fail('user.unknown');
  end if;
  if p_user_id = me
    or p_user_id = forum.owner_id
    or exists (
      select from forums.moderators as moderator
      where moderator.forum_id = p_forum_id and moderator.user_id = p_user_id
    )
    or exists (select from core.users as person where person.id = p_user_id and person.role in ('moderator', 'admin'))
  then
    perform core.fail('ban.protected');
  end if;

  -- Not now(): it is the time before the wait, and the bans would overlap.
  moment := clock_timestamp();
  update forums.bans as earlier
  set lifted_at = greatest(moment, earlier.starts_at),
      lifted_by = me,
      lift_reason = 'Replaced by a new ban.'
  where earlier.forum_id = p_forum_id
    and earlier.user_id = p_user_id
    and earlier.lifted_at is null
    and (earlier.banned_until is null or earlier.banned_until > moment);
  insert into forums.bans (forum_id, user_id, reason, banned_by, starts_at, banned_until)
  values (p_forum_id, p_user_id, why, me, moment, p_until)
  returning * into ban;

  perform audit.record(
    'ban_from_forum', 'forums.bans', ban.id, null,
    jsonb_build_object('forum_id', p_forum_id, 'user_id', p_user_id, 'banned_until', p_until), why
  );
  perform notifications.notify(
    p_user_id, 'moderation', 'You were banned from the forum ' || forum.name, why,
    jsonb_build_object('forum_id', p_forum_id, 'banned_until', p_until)
  );
  return ban;
end
$$;

comment on function forums.ban_from_forum(uuid, uuid, text, timestamptz) is
  'Bans a person from a forum until a time, or for good: they can neither read nor write there. A ban in force is replaced. Needs BAN (forum.not_allowed). Refuses the caller, the owner, moderators and staff (ban.protected), an end in the past (ban.until_past), and an unknown account (user.unknown). Audited; the banned person is told the reason (at most 1,000 characters).';

revoke all on function forums.ban_from_forum(uuid, uuid, text, timestamptz) from public;
grant execute on function forums.ban_from_forum(uuid, uuid, text, timestamptz) to stoa_member;
