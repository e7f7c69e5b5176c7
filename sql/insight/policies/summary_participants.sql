revoke all on insight.summary_participants from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on insight.summary_participants to stoa_member;

drop policy if exists as_summary on insight.summary_participants;
create policy as_summary on insight.summary_participants
for select
to stoa_member
using (
  exists (
    select
    from insight.conversation_summaries as summary
    where summary.id = summary_participants.summary_id
  )
);

comment on policy as_summary on insight.summary_participants is 'Whoever may read a summary reads whose messages it was made of: the policies of insight.conversation_summaries hold inside.';
