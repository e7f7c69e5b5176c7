revoke all on insight.message_analyses from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select (
  channel_id, message_id, model_name, model_version, author_id, sentiment_score, toxicity_score, confidence_score, language_code, topics,
  entities, summary, inserted_at
) on insight.message_analyses to stoa_member;
grant select (input_tokens, output_tokens, cost) on insight.message_analyses to stoa_admin;

drop policy if exists permitted on insight.message_analyses;
create policy permitted on insight.message_analyses
for select
to stoa_member
using (
  -- As a case it is a filter and nothing else, so that a page comes from the index of its order.
  case
    when channel_id = any (array(select insight.my_insight_channel_ids()))
      or exists (
        select
        from groups.channels as thread
        where thread.id = message_analyses.channel_id
          and thread.parent_channel_id = any (array(select insight.my_insight_channel_ids()))
      )
    then true
    else false
  end
);

comment on policy permitted on insight.message_analyses is 'Members read the analyses of the channels, and their threads, whose messages they may read and in which they hold VIEW_INSIGHTS. Deleted messages have none.';

drop policy if exists public_for_moderators on insight.message_analyses;
create policy public_for_moderators on insight.message_analyses
for select
to stoa_moderator
using (
  exists (
    select
    from groups.channels as channel
    join groups.groups as home on home.id = channel.group_id
    where channel.id = message_analyses.channel_id
      and home.is_public
  )
);

comment on policy public_for_moderators on insight.message_analyses is 'Moderators of the platform read what was made of the messages that they may read, those of public groups.';

drop policy if exists all_for_admins on insight.message_analyses;
create policy all_for_admins on insight.message_analyses
for select
to stoa_admin
using (true);

comment on policy all_for_admins on insight.message_analyses is 'Administrators of the platform read all, as they do the messages.';
