-- Why: registers what must hold about the tables of this module, for "stoa doctor invariants". Reputation and health
-- are figures of the night before, which the day overtakes: nothing of them is promised for the moment.
-- Locks: none. Back: deletes the rows of this module.

-- Up Migration

insert into ops.invariants (name, module, description, query) values
  (
    'insight.message_analyses.message',
    'insight',
    'What is analysed is a live message, and the analysis names who wrote it.',
    $query$
      select
        analysis.channel_id || ' ' || analysis.message_id as subject,
        case when message.deleted_at is null then 'by ' || message.sender_id else 'no analysis of a deleted message' end as expected,
        'by ' || analysis.author_id as found
      from insight.message_analyses as analysis
      join groups.channel_messages as message
        on message.channel_id = analysis.channel_id and message.id = analysis.message_id
      where message.deleted_at is not null
        or message.sender_id is distinct from analysis.author_id
    $query$
  ),
  (
    'insight.message_analyses.consent',
    'insight',
    'Nothing is kept of messages whose author or group does not let models read them. An hour is given to the job that deletes it.',
    $query$
      select
        analysis.channel_id || ' ' || analysis.message_id as subject,
        'no analysis' as expected,
        case when wishes.allow_ai_analysis then 'one without the consent of the group' else 'one without the consent of its author' end as found
      from insight.message_analyses as analysis
      join groups.channels as channel on channel.id = analysis.channel_id
      left join core.user_settings as wishes on wishes.user_id = analysis.author_id
      left join insight.group_policies as policy on policy.group_id = channel.group_id
      where (
          not coalesce(wishes.allow_ai_analysis, false)
          and coalesce(wishes.updated_at < now() - interval '1 hour', true)
        )
        or (
          not coalesce(policy.analyses, false)
          and coalesce(policy.updated_at < now() - interval '1 hour', true)
        )
    $query$
  ),
  (
    'insight.conversation_summaries.message_count',
    'insight',
    'A summary that people read counts the messages that it was made of, and says how many were whose.',
    $query$
      select
        summary.id::text as subject,
        coalesce(counted.amount, 0)::text as expected,
        summary.message_count::text as found
      from insight.conversation_summaries as summary
      left join (
        select participant.summary_id, sum(participant.message_count) as amount
        from insight.summary_participants as participant
        group by participant.summary_id
      ) as counted on counted.summary_id = summary.id
      where not summary.is_stale
        and summary.message_count <> coalesce(counted.amount, 0)
    $query$
  ),
  (
    'insight.summary_participants.message_count',
    'insight',
    'Whoever appears in a summary that people read has written as many of its messages as it says: one that is edited, deleted or withdrawn makes it stale.',
    $query$
      select
        participant.summary_id || ' ' || participant.user_id as subject,
        coalesce(counted.amount, 0)::text as expected,
        participant.message_count::text as found
      from insight.conversation_summaries as summary
      join insight.summary_participants as participant on participant.summary_id = summary.id
      -- Who has withdrawn their consent is taken out by a job.
      join core.user_settings as wishes on wishes.user_id = participant.user_id and wishes.allow_ai_analysis
      cross join lateral (
        select count(*) as amount
        from insight.source_messages(summary.channel_id, summary.start_message_id, summary.end_message_id) as source
        where source.sender_id = participant.user_id
      ) as counted
      where not summary.is_stale
        and participant.message_count <> counted.amount
    $query$
  );

-- Down Migration

delete from ops.invariants where module = 'insight';
