create or replace function messaging.clean_emoji(p_emoji text)
returns text
language plpgsql
stable
set search_path = ''
as $$
declare
  emoji constant text := core.clean_text(p_emoji, 100);
  one constant text :=
    '[\u00a9\u00ae\u203c\u2049\u2122\u2139\u2194-\u21aa\u231a-\u23ff\u24c2\u25aa-\u27bf\u2934\u2935\u2b05-\u2b55\u3030\u303d\u3297\u3299\U0001f000-\U0001f1e5\U0001f200-\U0001faff]'
    '[\ufe0f\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]*';
  is_known boolean := false;
begin
  if emoji like 'custom:%' then
    if emoji ~ '^custom:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' and to_regclass('groups.custom_emojis') is not null then
      -- The module of groups may be left out.
      execute 'select exists (select from groups.custom_emojis where id = $1)' into is_known using substr(emoji, 8)::uuid;
    end if;
  else
    -- A keycap, a flag, or pictographs joined by zero-width joiners.
    is_known := emoji ~ ('^([0-9#*]\ufe0f?\u20e3|[\U0001f1e6-\U0001f1ff]{2}|' || one || '(\u200d' || one || ')*)$');
  end if;
  if not is_known then
    perform core.fail('message.emoji_invalid');
  end if;
  return emoji;
end
$$;

comment on function messaging.clean_emoji(text) is
  'Internal. One Unicode emoji, or custom: and the identifier of a custom emoji that exists. Refuses anything else (message.emoji_invalid).';

revoke all on function messaging.clean_emoji(text) from public;
