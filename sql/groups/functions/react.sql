create or replace function groups.react(p_channel_id uuid, p_message_id uuid, p_emoji text)
returns groups.message_reactions
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  channel groups.channels;
  custom_id uuid;
  symbol text;
  reaction groups.message_reactions;
begin
  perform core.require_unrestricted('chat');
  channel := groups.permitted_channel(p_channel_id, 'ADD_REACTIONS');
  perform groups.permitted_channel(p_channel_id, 'READ_HISTORY');
  custom_id := groups.check_emoji(channel.group_id, p_channel_id, p_emoji);
  symbol := case when custom_id is null then p_emoji else 'custom:' || custom_id end;
  -- Without the channel's lock: reactions to one message queue up here, those to others pass.
  perform
  from groups.channel_messages as message
  where message.channel_id = p_channel_id and message.id = p_message_id and message.deleted_at is null
  for no key update;
  if not found then
    perform core.fail('channel_message.unknown');
  end if;
  if (
    select count(distinct known.emoji) filter (where known.emoji <> symbol)
    from groups.message_reactions as known
    where known.channel_id = p_channel_id and known.message_id = p_message_id
  ) >= 20 then
    perform core.fail('channel_reaction.limit_reached');
  end if;
  insert into groups.message_reactions as known (channel_id, message_id, emoji, custom_emoji_id, user_id)
  values (p_channel_id, p_message_id, symbol, custom_id, me)
  on conflict (channel_id, message_id, emoji, user_id) do update
  set emoji = known.emoji
  returning * into reaction;
  return reaction;
end
$$;

comment on function groups.react(uuid, uuid, text) is
  E'@name react_to_channel_message\nAnswers a message with an emoji: of Unicode, or custom:<id>. Twice changes nothing. Needs ADD_REACTIONS and READ_HISTORY (channel.not_allowed). Refuses channel.unknown, channel_message.unknown, what is no emoji (channel_reaction.emoji_invalid), and a 21st emoji on one message (channel_reaction.limit_reached). Refuses whoever is barred from chatting (account.activity_barred).';

revoke all on function groups.react(uuid, uuid, text) from public;
grant execute on function groups.react(uuid, uuid, text) to stoa_member;
