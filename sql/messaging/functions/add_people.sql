create or replace function messaging.add_people(p_conversation messaging.conversations, p_user_ids uuid[])
returns uuid[]
language sql
volatile
set search_path = ''
begin atomic
  with added as (
    insert into messaging.conversation_participants as participant (
      conversation_id, user_id, history_from_id, last_read_seq, last_read_message_id
    )
    select
      p_conversation.id, wanted.id, p_conversation.last_message_id, p_conversation.last_seq, p_conversation.last_message_id
    from unnest(p_user_ids) as wanted (id)
    order by wanted.id
    on conflict (conversation_id, user_id) do update
    set left_at = null,
        joined_at = now(),
        hidden_seq = null,
        history_from_id = excluded.history_from_id,
        last_read_seq = excluded.last_read_seq,
        last_read_message_id = excluded.last_read_message_id,
        muted = false,
        muted_until = null
    where participant.left_at is not null
    returning participant.user_id
  )
  select coalesce(array_agg(added.user_id order by added.user_id), '{}'::uuid[])
  from added;
end;

comment on function messaging.add_people(messaging.conversations, uuid[]) is
  'Internal. Puts people into a locked group, whoever left before included; they see what is said from now on. Returns those who were not in it.';

revoke all on function messaging.add_people(messaging.conversations, uuid[]) from public;
