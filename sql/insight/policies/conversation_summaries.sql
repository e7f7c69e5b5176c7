revoke all on insight.conversation_summaries from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select (
  id, channel_id, start_message_id, end_message_id, summary, key_points, message_count, model_name, model_version, is_stale, inserted_at
) on insight.conversation_summaries to stoa_member;
grant select (input_tokens, output_tokens, cost, stale_at) on insight.conversation_summaries to stoa_admin;

drop policy if exists readable on insight.conversation_summaries;
create policy readable on insight.conversation_summaries
for select
to stoa_member
using (
  -- As a case it is a filter and nothing else, so that the newest come from the index of the feed.
  case
    when not is_stale
      and (
        channel_id = any (array(select groups.my_readable_channel_ids()))
        or exists (
          select
          from groups.channels as thread
          where thread.id = conversation_summaries.channel_id
            and thread.parent_channel_id = any (array(select groups.my_readable_channel_ids()))
        )
      )
    then true
    else false
  end
);

comment on policy readable on insight.conversation_summaries is 'Members of a group read the summaries of the channels, and their threads, whose messages they may read; a stale one nobody does.';

drop policy if exists public_for_moderators on insight.conversation_summaries;
create policy public_for_moderators on insight.conversation_summaries
for select
to stoa_moderator
using (
  not is_stale
  and exists (
    select
    from groups.channels as channel
    join groups.groups as home on home.id = channel.group_id
    where channel.id = conversation_summaries.channel_id
      and home.is_public
  )
);

comment on policy public_for_moderators on insight.conversation_summaries is 'Moderators of the platform read those of public groups.';

drop policy if exists all_for_admins on insight.conversation_summaries;
create policy all_for_admins on insight.conversation_summaries
for select
to stoa_admin
using (true);

comment on policy all_for_admins on insight.conversation_summaries is 'Administrators of the platform read all, stale ones too.';
