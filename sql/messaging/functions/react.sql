create or replace function messaging.react(p_conversation_id uuid, p_message_id uuid, p_emoji text)
returns messaging.message_reactions
language plpgsql
volatile
-- Clients have no right to insert; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  wanted constant text := messaging.clean_emoji(p_emoji);
  conversation messaging.conversations;
  message messaging.messages;
  reaction messaging.message_reactions;
begin
  perform core.require_unrestricted('chat');
  select * into conversation
  from messaging.conversations as candidate
  where candidate.id = p_conversation_id
    and messaging.is_participant(p_conversation_id);
  if not found then
    perform core.fail('conversation.unknown');
  end if;
  perform messaging.check_pair(conversation);
  -- The lock on the message also keeps two new emoji from passing the limit together.
  message := messaging.lock_message(p_conversation_id, p_message_id);
  if message.deleted_at is not null then
    perform core.fail('message.deleted');
  end if;

  insert into messaging.message_reactions (conversation_id, message_id, emoji, user_id)
  values (p_conversation_id, p_message_id, wanted, me)
  on conflict (conversation_id, message_id, emoji, user_id) do nothing
  returning * into reaction;
  if not found then
    select * into reaction
    from messaging.message_reactions as given
    where given.conversation_id = p_conversation_id
      and given.message_id = p_message_id
      and given.emoji = wanted
      and given.user_id = me;
    return reaction;
  end if;

  if core.setting_integer('messages.reaction_limit') < (
    select count(distinct given.emoji)
    from messaging.message_reactions as given
    where given.conversation_id = p_conversation_id
      and given.message_id = p_message_id
  ) then
    perform core.fail('message.reaction_limit');
  end if;
  return reaction;
end
$$;

comment on function messaging.react(uuid, uuid, text) is
  E'@name react_to_message\nPuts an emoji on a message: a Unicode one, or custom: and the identifier of one that exists. Again does nothing. Refuses message.emoji_invalid, conversation.unknown, conversation.refused, message.unknown, message.deleted, and a 21st different emoji (message.reaction_limit). Refuses whoever is barred from chatting (account.activity_barred).';

revoke all on function messaging.react(uuid, uuid, text) from public;
grant execute on function messaging.react(uuid, uuid, text) to stoa_member;
