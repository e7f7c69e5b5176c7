create or replace function groups.create_invite(
  p_group_id uuid,
  p_channel_id uuid default null,
  p_max_uses integer default null,
  p_ttl interval default null
)
returns groups.invites
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  channel groups.channels;
  invite groups.invites;
begin
  perform groups.locked_group(p_group_id);
  if p_channel_id is null then
    perform groups.require_permission(p_group_id, 'CREATE_INVITE');
  else
    channel := groups.permitted_channel(p_channel_id, 'CREATE_INVITE');
    if channel.group_id <> p_group_id or channel.type = 'thread' then
      perform core.fail('channel.unknown');
    end if;
  end if;
  if p_max_uses not between 0 and 1000 or p_ttl <= interval '0' or p_ttl > interval '30 days' then
    perform core.fail('invite.limits_invalid');
  end if;
  insert into groups.invites (group_id, channel_id, code, created_by, max_uses, expires_at)
  values (p_group_id, p_channel_id, groups.invite_code(), me, nullif(p_max_uses, 0), now() + p_ttl)
  returning * into invite;
  return invite;
end
$$;

comment on function groups.create_invite(uuid, uuid, integer, interval) is
  E'@name create_group_invite\n@argument ttl How long it can be used; left out: for ever.\nMakes an invitation code, for at most max_uses joins (1 to 1,000; none or 0 = without limit) and for a time of at most 30 days (none = for ever), landing in a channel that the caller may view. Needs CREATE_INVITE (group.not_allowed; with a channel, there: channel.not_allowed). Refuses other limits (invite.limits_invalid) and a channel of another group (channel.unknown).';

revoke all on function groups.create_invite(uuid, uuid, integer, interval) from public;
grant execute on function groups.create_invite(uuid, uuid, integer, interval) to stoa_member;
