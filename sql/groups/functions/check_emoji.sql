create or replace function groups.check_emoji(p_group_id uuid, p_channel_id uuid, p_emoji text)
returns uuid
language plpgsql
stable
set search_path = ''
as $$
declare
  home uuid;
  emoji_id uuid;
begin
  if p_emoji ~* '^custom:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then
    emoji_id := substring(p_emoji from 8)::uuid;
    select emoji.group_id into home from groups.custom_emojis as emoji where emoji.id = emoji_id;
    if home is null or (home <> p_group_id and home not in (select groups.my_group_ids())) then
      perform core.fail('channel_reaction.emoji_invalid');
    end if;
    if home <> p_group_id and not groups.can(p_channel_id, 'USE_EXTERNAL_EMOJI') then
      perform core.fail('channel.not_allowed');
    end if;
    return emoji_id;
  end if;
  -- The sequences of Unicode are many and grow; none holds letters or white space, and all hold something beyond ASCII.
  if p_emoji is null
    or char_length(p_emoji) > 32
    or p_emoji ~ '[[:space:][:cntrl:]A-Za-z]'
    or p_emoji !~ '[^\x01-\x7f]'
  then
    perform core.fail('channel_reaction.emoji_invalid');
  end if;
  return null;
end
$$;

comment on function groups.check_emoji(uuid, uuid, text) is
  'Internal. Null for an emoji of Unicode, the id for custom:<id>: of this group, or of another one that the caller belongs to with USE_EXTERNAL_EMOJI (channel.not_allowed). Refuses anything else (channel_reaction.emoji_invalid).';

revoke all on function groups.check_emoji(uuid, uuid, text) from public;
