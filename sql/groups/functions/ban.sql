create or replace function groups.ban(
  p_group_id uuid,
  p_user_id uuid,
  p_reason text default null,
  p_until timestamptz default null,
  p_delete_days integer default 0
)
returns groups.bans
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  why constant text := core.clean_text(p_reason, 512, false);
  target_group groups.groups;
  made groups.bans;
  doomed uuid[];
begin
  -- The lock lets no join pass between the ban and the end of the membership.
  target_group := groups.locked_group(p_group_id);
  perform groups.require_permission(p_group_id, 'BAN_MEMBERS');
  if p_until <= clock_timestamp() then
    perform core.fail('group_ban.until_past');
  end if;
  if p_delete_days is null or p_delete_days not between 0 and 7 then
    perform core.fail('input.malformed');
  end if;
  if not exists (select from core.users as person where person.id = p_user_id and person.erased_at is null) then
    perform core.fail('user.unknown');
  end if;
  if p_user_id in (me, target_group.owner_id) then
    perform core.fail('group_ban.protected');
  end if;
  perform groups.require_above(p_group_id, p_user_id);

  insert into groups.bans as barred (group_id, user_id, banned_by, reason, expires_at)
  values (p_group_id, p_user_id, me, why, p_until)
  on conflict (group_id, user_id) do update
  set banned_by = excluded.banned_by,
      reason = excluded.reason,
      expires_at = excluded.expires_at,
      inserted_at = excluded.inserted_at
  returning * into made;
  delete from groups.group_members as gone where gone.group_id = p_group_id and gone.user_id = p_user_id;
  update groups.invites as invite
  set revoked_at = now()
  where invite.group_id = p_group_id
    and invite.created_by = p_user_id
    and invite.revoked_at is null;
  if p_delete_days > 0 then
    -- Locked in the order of their keys, as every deletion of several messages does.
    doomed := array(
      select locked.id
      from (
        select message.channel_id, message.id
        from groups.channel_messages as message
        join groups.channels as channel on channel.id = message.channel_id
        where message.sender_id = p_user_id
          and message.id >= core.uuidv7_floor(now() - make_interval(days => p_delete_days))
          and message.deleted_at is null
          and channel.group_id = p_group_id
        order by message.channel_id, message.id
        for no key update of message
      ) as locked
    );
    update groups.channel_messages as message
    set deleted_at = now(),
        deleted_by = me
    where message.sender_id = p_user_id
      and message.id = any (doomed);
    perform core.announce('channel', array(
      select message.channel_id || '/' || message.id
      from groups.channel_messages as message
      where message.sender_id = p_user_id
        and message.id = any (doomed)
    ));
    delete from groups.pinned_messages as pin where pin.message_id = any (doomed) and pin.channel_id in (
      select channel.id from groups.channels as channel where channel.group_id = p_group_id
    );
  end if;

  perform audit.record(
    'ban_from_group', 'groups.bans', p_user_id, null,
    jsonb_build_object('expires_at', p_until, 'delete_days', p_delete_days), why, p_group_id,
    jsonb_build_object('group_id', p_group_id, 'user_id', p_user_id)
  );
  perform notifications.notify(
    p_user_id, 'moderation', 'You were banned from the group ' || target_group.name, why,
    jsonb_build_object('group_id', p_group_id, 'expires_at', p_until)
  );
  return made;
end
$$;

comment on function groups.ban(uuid, uuid, text, timestamptz, integer) is
  E'@name ban_from_group\n@argument delete_days Of how many days back the messages go too.\nBars a person, member or not, from a group until a time, or for good. They stop belonging, lose roles and overrides, leave voice, and the invitations that they made are withdrawn; with delete_days 1 to 7 their messages of that many days are deleted. A ban there already is replaced. Needs BAN_MEMBERS (group.not_allowed) and a higher rank (group.hierarchy). Refuses the caller and the owner (group_ban.protected), an end in the past (group_ban.until_past), other numbers of days (input.malformed), an unknown account (user.unknown). Limit: reason 512 characters. Audited; the person is told.';

revoke all on function groups.ban(uuid, uuid, text, timestamptz, integer) from public;
grant execute on function groups.ban(uuid, uuid, text, timestamptz, integer) to stoa_member;
