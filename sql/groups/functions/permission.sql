create or replace function groups.permission(p_key text)
returns bigint
language plpgsql
immutable
parallel safe
set search_path = ''
as $$
declare
  bit constant integer := array_position(
    array[
      'CREATE_INVITE', 'KICK_MEMBERS', 'BAN_MEMBERS', 'ADMINISTRATOR', 'MANAGE_CHANNELS', 'MANAGE_GROUP',
      'ADD_REACTIONS', 'VIEW_AUDIT_LOG', 'MANAGE_ROLES', 'MODERATE_MEMBERS', 'VIEW_CHANNEL', 'SEND_MESSAGES',
      'SEND_TTS', 'MANAGE_MESSAGES', 'EMBED_LINKS', 'ATTACH_FILES', 'READ_HISTORY', 'MENTION_EVERYONE',
      'USE_EXTERNAL_EMOJI', 'VIEW_INSIGHTS', 'CONNECT', 'SPEAK', 'MUTE_MEMBERS', 'DEAFEN_MEMBERS', 'MOVE_MEMBERS',
      'STREAM', 'CHANGE_NICKNAME', 'MANAGE_NICKNAMES', 'MANAGE_WEBHOOKS', 'MANAGE_EMOJIS', 'CREATE_THREADS',
      'MANAGE_THREADS', 'BYPASS_SLOWMODE'
    ],
    p_key
  ) - 1;
begin
  if bit is null then
    raise exception 'there is no permission "%"', p_key using errcode = 'XX000';
  end if;
  return 1::bigint << bit;
end
$$;

comment on function groups.permission(text) is
  'Internal. The bit of a permission as a number to mask with. Refuses a name that does not exist: that is a fault of the caller''s code. Written out rather than looked up in permission_bits, because it stands on every path; a test compares the two.';

revoke all on function groups.permission(text) from public;
