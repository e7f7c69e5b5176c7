-- Why: arguments and results have names and descriptions in the API.
-- Changed: insight.search_topics.
-- Locks: none on tables.
-- Back: the text that each object had before; what is new is dropped. No data is touched.

-- Up Migration

-- Bodies that are strings bind when they are called.
set local check_function_bodies = off;

-- Object: insight/functions/search_topics.sql
create or replace function insight.search_topics(p_channel_id uuid, p_topic text, p_first integer default 25, p_before uuid default null)
returns table (message_id uuid, topics text[], summary text)
language plpgsql
stable
rows 25
-- Looking into arrays is not leak-proof: under a policy it would scan the table. The rule of the policy is repeated here.
security definer
set search_path = ''
as $$
declare
  wanted constant text := core.clean_text(p_topic, 100);
begin
  perform core.require_member();
  perform groups.permitted_channel(p_channel_id, 'READ_HISTORY');
  if core.current_role_rank() < 2 then
    perform groups.permitted_channel(p_channel_id, 'VIEW_INSIGHTS');
  end if;

  return query
    select distinct on (analysis.message_id) analysis.message_id, analysis.topics, analysis.summary
    from insight.message_analyses as analysis
    where analysis.channel_id = p_channel_id
      and analysis.topics @> array[wanted]
      and (p_before is null or analysis.message_id < p_before)
    order by analysis.message_id desc, analysis.inserted_at desc
    limit groups.page_size(p_first);
end
$$;

comment on function insight.search_topics(uuid, text, integer, uuid) is
  E'@name search_message_topics\n@returns message_topic\n@argument topic What was talked about.\nThe messages of a channel that a model found to be about a topic, newest first; at most 100 (first), older than a message (before). Needs READ_HISTORY and VIEW_INSIGHTS in the channel (channel.not_allowed); moderators of the platform where they may read. Refuses channel.unknown, an empty topic (input.empty) and one over 100 characters (input.too_long). One look-up in an index of topics.';

revoke all on function insight.search_topics(uuid, text, integer, uuid) from public;
grant execute on function insight.search_topics(uuid, text, integer, uuid) to stoa_member;

-- End of objects

-- Down Migration

-- Bodies that are strings bind when they are called.
set local check_function_bodies = off;

-- Object: insight/functions/search_topics.sql
create or replace function insight.search_topics(p_channel_id uuid, p_topic text, p_first integer default 25, p_before uuid default null)
returns table (message_id uuid, topics text[], summary text)
language plpgsql
stable
rows 25
-- Looking into arrays is not leak-proof: under a policy it would scan the table. The rule of the policy is repeated here.
security definer
set search_path = ''
as $$
declare
  wanted constant text := core.clean_text(p_topic, 100);
begin
  perform core.require_member();
  perform groups.permitted_channel(p_channel_id, 'READ_HISTORY');
  if core.current_role_rank() < 2 then
    perform groups.permitted_channel(p_channel_id, 'VIEW_INSIGHTS');
  end if;

  return query
    select distinct on (analysis.message_id) analysis.message_id, analysis.topics, analysis.summary
    from insight.message_analyses as analysis
    where analysis.channel_id = p_channel_id
      and analysis.topics @> array[wanted]
      and (p_before is null or analysis.message_id < p_before)
    order by analysis.message_id desc, analysis.inserted_at desc
    limit groups.page_size(p_first);
end
$$;

comment on function insight.search_topics(uuid, text, integer, uuid) is
  E'@name search_message_topics\nThe messages of a channel that a model found to be about a topic, newest first; at most 100 (first), older than a message (before). Needs READ_HISTORY and VIEW_INSIGHTS in the channel (channel.not_allowed); moderators of the platform where they may read. Refuses channel.unknown, an empty topic (input.empty) and one over 100 characters (input.too_long). One look-up in an index of topics.';

revoke all on function insight.search_topics(uuid, text, integer, uuid) from public;
grant execute on function insight.search_topics(uuid, text, integer, uuid) to stoa_member;

-- End of objects
