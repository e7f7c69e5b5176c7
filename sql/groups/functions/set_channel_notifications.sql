create or replace function groups.set_channel_notifications(p_channel_id uuid, p_level text default null, p_muted_until timestamptz default null)
returns groups.channel_reads
language plpgsql
volatile
-- Clients have no right to update; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  channel groups.channels;
  marker groups.channel_reads;
begin
  channel := groups.visible_channel(p_channel_id);
  if p_level not in ('inherit', 'all', 'mentions', 'none') then
    perform core.fail('input.malformed');
  end if;
  perform
  from groups.group_members as member
  where member.group_id = channel.group_id and member.user_id = me
  for key share;
  if not found then
    perform core.fail('group_member.unknown');
  end if;
  insert into groups.channel_reads as known (user_id, channel_id, notification_level, muted_until)
  values (me, p_channel_id, coalesce(p_level, 'inherit'), p_muted_until)
  on conflict (user_id, channel_id) do update
  set notification_level = coalesce(p_level, known.notification_level),
      muted_until = p_muted_until
  returning * into marker;
  return marker;
end
$$;

comment on function groups.set_channel_notifications(uuid, text, timestamptz) is
  E'@argument level What one is told about.\nHow the caller wants to hear of a channel: level inherit, all, mentions or none (left as it is when not said), and nothing until a time (infinity, in the API 9999-12-31T23:59:59.999999+00:00, = for good; null ends it). Refuses channel.unknown, another level (input.malformed), and somebody who does not belong to the group (group_member.unknown).';

revoke all on function groups.set_channel_notifications(uuid, text, timestamptz) from public;
grant execute on function groups.set_channel_notifications(uuid, text, timestamptz) to stoa_member;
