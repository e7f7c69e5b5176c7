-- Why: registers what must hold about the tables of this module, for "stoa doctor invariants".
-- Locks: none. Back: deletes the rows of this module.

-- Up Migration

insert into ops.invariants (name, module, description, query) values
  (
    'messaging.conversations.last_message',
    'messaging',
    'A conversation is never behind its newest message, neither in number nor in identifier. It may be ahead: messages can disappear.',
    $query$
      select
        conversation.id::text as subject,
        newest.seq || ' ' || newest.id as expected,
        concat_ws(' ', conversation.last_seq, conversation.last_message_id) as found
      from messaging.conversations as conversation
      join (
        select distinct on (message.conversation_id) message.conversation_id, message.seq, message.id
        from messaging.messages as message
        order by message.conversation_id, message.id desc
      ) as newest on newest.conversation_id = conversation.id
      where newest.seq > conversation.last_seq
        or conversation.last_message_id is null
        or newest.id > conversation.last_message_id
    $query$
  ),
  (
    'messaging.messages.order',
    'messaging',
    'Within a conversation numbers and identifiers ascend together, and no number is there twice.',
    $query$
      select
        ordered.conversation_id || ' ' || ordered.id as subject,
        'a number above ' || ordered.seq_before as expected,
        ordered.seq::text as found
      from (
        select
          message.conversation_id,
          message.id,
          message.seq,
          lag(message.seq) over (partition by message.conversation_id order by message.id) as seq_before
        from messaging.messages as message
      ) as ordered
      where ordered.seq <= ordered.seq_before
    $query$
  ),
  (
    'messaging.messages.no_gaps',
    'messaging',
    'A conversation whose messages never disappear has all of them, from 1 to the newest: what is deleted stays as a tombstone. Conversations that everybody has left are being removed.',
    $query$
      select
        conversation.id::text as subject,
        conversation.last_seq || ' messages' as expected,
        coalesce(counted.amount, 0) || ' messages' as found
      from messaging.conversations as conversation
      left join (
        select message.conversation_id, count(*) as amount
        from messaging.messages as message
        group by message.conversation_id
      ) as counted on counted.conversation_id = conversation.id
      where not conversation.has_disappearing
        and conversation.last_seq <> coalesce(counted.amount, 0)
        and exists (
          select
          from messaging.conversation_participants as participant
          join core.users as person on person.id = participant.user_id
          where participant.conversation_id = conversation.id
            and participant.left_at is null
            and person.erased_at is null
        )
    $query$
  ),
  (
    'messaging.conversation_participants.markers',
    'messaging',
    'Nobody has read, or hidden, further than the conversation goes: unread counts are never negative.',
    $query$
      select
        participant.conversation_id || ' ' || participant.user_id as subject,
        'at most ' || conversation.last_seq as expected,
        concat_ws(' ', participant.last_read_seq, participant.hidden_seq) as found
      from messaging.conversation_participants as participant
      join messaging.conversations as conversation on conversation.id = participant.conversation_id
      where participant.last_read_seq > conversation.last_seq
        or participant.hidden_seq > conversation.last_seq
    $query$
  ),
  (
    'messaging.conversations.people',
    'messaging',
    'A direct conversation has the two people that it names, and nobody else.',
    $query$
      select
        conversation.id::text as subject,
        conversation.user_low || ' ' || conversation.user_high as expected,
        coalesce(string_agg(participant.user_id::text, ' ' order by participant.user_id), 'nobody') as found
      from messaging.conversations as conversation
      left join messaging.conversation_participants as participant on participant.conversation_id = conversation.id
      where conversation.kind = 'direct'
      group by conversation.id
      having coalesce(array_agg(participant.user_id order by participant.user_id), '{}')
        <> array[conversation.user_low, conversation.user_high]
    $query$
  ),
  (
    'messaging.conversations.owner',
    'messaging',
    'The owner of a group is the participant whose role says so.',
    $query$
      select
        conversation.id::text as subject,
        coalesce(conversation.owner_id::text, 'nobody') as expected,
        coalesce(participant.user_id::text, 'nobody') as found
      from messaging.conversations as conversation
      left join messaging.conversation_participants as participant
        on participant.conversation_id = conversation.id and participant.role = 'owner'
      where conversation.owner_id is distinct from participant.user_id
    $query$
  ),
  (
    'messaging.messages.sender',
    'messaging',
    'Whoever wrote a message is, or was, in its conversation.',
    $query$
      select
        message.conversation_id || ' ' || message.sender_id as subject,
        'a participant' as expected,
        count(*) || ' messages of somebody else' as found
      from messaging.messages as message
      where message.sender_id is not null
        and not exists (
          select
          from messaging.conversation_participants as participant
          where participant.conversation_id = message.conversation_id and participant.user_id = message.sender_id
        )
      group by message.conversation_id, message.sender_id
    $query$
  ),
  (
    'messaging.removed_texts.tombstone',
    'messaging',
    'A text that was put aside belongs to a message that is deleted.',
    $query$
      select
        removed.conversation_id || ' ' || removed.message_id as subject,
        'a deleted message' as expected,
        'a live one' as found
      from messaging.removed_texts as removed
      join messaging.messages as message
        on message.conversation_id = removed.conversation_id and message.id = removed.message_id
      where message.deleted_at is null
    $query$
  ),
  (
    'messaging.message_attachments.upload',
    'messaging',
    'A file of a message is marked as in use, so that it is not removed as an orphan.',
    $query$
      select upload.id::text as subject, 'marked as attached' as expected, 'not marked' as found
      from messaging.message_attachments as attachment
      join media.uploads as upload on upload.id = attachment.upload_id
      where upload.attached_at is null
    $query$
  );

-- Down Migration

delete from ops.invariants where module = 'messaging';
