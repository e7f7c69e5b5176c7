create or replace function messaging.start_direct(p_user_id uuid)
returns messaging.conversations
language plpgsql
volatile
-- Reads the settings and blocks of the other side; clients have no right to insert.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  conversation messaging.conversations;
  policy text;
begin
  if p_user_id = me then
    perform core.fail('conversation.self');
  end if;

  select coalesce(settings.dm_policy, 'everyone')
  into policy
  from core.users as person
  left join core.user_settings as settings on settings.user_id = person.id
  where person.id = p_user_id
    and person.is_active
    and person.deleted_at is null
    and person.erased_at is null;
  if not found then
    perform core.fail('user.unknown');
  end if;

  -- The same answer for a block and for the privacy setting: who blocks whom is nobody's business.
  perform social.lock_pair(me, p_user_id);
  if social.is_blocked(me, p_user_id) then
    perform core.fail('conversation.refused');
  end if;

  select * into conversation
  from messaging.conversations as existing
  where existing.user_low = least(me, p_user_id)
    and existing.user_high = greatest(me, p_user_id);
  if found then
    update messaging.conversation_participants as participant
    set hidden_seq = null
    where participant.conversation_id = conversation.id
      and participant.user_id = me
      and participant.hidden_seq is not null;
    return conversation;
  end if;

  perform core.require_unrestricted('chat');
  if policy = 'nobody' or (policy = 'friends' and not social.are_friends(me, p_user_id)) then
    perform core.fail('conversation.refused');
  end if;

  insert into messaging.conversations (kind, user_low, user_high)
  values ('direct', least(me, p_user_id), greatest(me, p_user_id))
  on conflict (user_low, user_high) do nothing
  returning * into conversation;
  if not found then
    select * into strict conversation
    from messaging.conversations as existing
    where existing.user_low = least(me, p_user_id)
      and existing.user_high = greatest(me, p_user_id);
  end if;

  -- The other side sees nothing of it before there is a message.
  insert into messaging.conversation_participants (conversation_id, user_id, hidden_seq)
  values (conversation.id, me, null), (conversation.id, p_user_id, 0)
  on conflict (conversation_id, user_id) do nothing;
  return conversation;
end
$$;

comment on function messaging.start_direct(uuid) is
  E'@name start_conversation\nThe conversation of the caller with one other person: the one that they have, back in the inbox if it was hidden, or a new one. Two who start it at once get the same one. Refuses conversation.self, user.unknown, and conversation.refused: one of the two blocks the other, or a new one is not wanted (setting dm_policy: everyone, friends, nobody). Who is barred from chatting may open what there is, and begin nothing new (account.activity_barred).';

revoke all on function messaging.start_direct(uuid) from public;
grant execute on function messaging.start_direct(uuid) to stoa_member;
