create or replace function insight.compute_health(p_date date, p_group_ids uuid[])
returns integer
language plpgsql
volatile
-- Reads messages, analyses and the audit log of every group; the figures are nobody's to write.
security definer
set search_path = ''
as $$
declare
  day_start constant timestamptz := p_date::timestamp at time zone 'UTC';
  day_end constant timestamptz := (p_date + 1)::timestamp at time zone 'UTC';
  first_id constant uuid := core.uuidv7_floor(day_start);
  next_id constant uuid := core.uuidv7_floor(day_end);
  changed integer;
begin
  perform pg_advisory_xact_lock(hashtextextended('insight.compute_health:' || p_date, 0));

  insert into insight.community_health as known (
    group_id, date, active_users, message_count, positive_sentiment_ratio, toxicity_incidents, moderation_actions,
    engagement_score, health_score
  )
  select
    home.id,
    p_date,
    said.authors,
    said.messages,
    round(tone.positive_ratio, 2),
    tone.incidents,
    steps.amount,
    round(100 * least(1, said.authors::numeric / greatest(population.members, 1)), 2),
    round(
      0.4 * tone.positive_ratio
      + 0.3 * least(1, said.authors::numeric / greatest(population.members, 1) * 4)
      + 0.3 * (1 - least(1, tone.incidents::numeric / greatest(1, said.messages) * 50)),
      2
    )
  from groups.groups as home
  cross join lateral (
    select count(distinct message.sender_id)::integer as authors, count(*)::integer as messages
    from groups.channels as channel
    join groups.channel_messages as message on message.channel_id = channel.id
    where channel.group_id = home.id
      and message.id >= first_id
      and message.id < next_id
      and message.sender_id is not null
      and message.deleted_at is null
      and message.type in ('default', 'image', 'file', 'forward')
  ) as said
  cross join lateral (
    select
      count(*) filter (where latest.sentiment_score > 0)::numeric / nullif(count(latest.sentiment_score), 0) as positive_ratio,
      (count(*) filter (where latest.toxicity_score >= 0.80))::integer as incidents
    from (
      select distinct on (analysis.channel_id, analysis.message_id) analysis.sentiment_score, analysis.toxicity_score
      from groups.channels as channel
      join insight.message_analyses as analysis on analysis.channel_id = channel.id
      where channel.group_id = home.id
        and analysis.message_id >= first_id
        and analysis.message_id < next_id
      order by analysis.channel_id, analysis.message_id, analysis.inserted_at desc, analysis.model_name, analysis.model_version
    ) as latest
  ) as tone
  cross join lateral (
    select count(*)::integer as amount
    from audit.logs as entry
    where entry.group_id = home.id
      and entry.id >= first_id
      and entry.id < next_id
      and entry.action in (
        'ban_from_group', 'kick_group_member', 'time_out_group_member', 'delete_channel_message',
        'bulk_delete_channel_messages', 'server_mute_member', 'disconnect_member', 'lock_thread'
      )
  ) as steps
  cross join lateral (
    select count(*) as members
    from groups.group_members as member
    where member.group_id = home.id and member.joined_at < day_end
  ) as population
  where home.id = any (p_group_ids)
    and home.deleted_at is null
    and (
      said.messages > 0
      or steps.amount > 0
      or exists (select from insight.community_health as earlier where earlier.group_id = home.id and earlier.date = p_date)
    )
  order by home.id
  on conflict (group_id, date) do update
  set active_users = excluded.active_users,
      message_count = excluded.message_count,
      positive_sentiment_ratio = excluded.positive_sentiment_ratio,
      toxicity_incidents = excluded.toxicity_incidents,
      moderation_actions = excluded.moderation_actions,
      engagement_score = excluded.engagement_score,
      health_score = excluded.health_score
  where (
      known.active_users, known.message_count, known.positive_sentiment_ratio, known.toxicity_incidents,
      known.moderation_actions, known.engagement_score, known.health_score
    )
    is distinct from (
      excluded.active_users, excluded.message_count, excluded.positive_sentiment_ratio, excluded.toxicity_incidents,
      excluded.moderation_actions, excluded.engagement_score, excluded.health_score
    );
  get diagnostics changed = row_count;
  return changed;
end
$$;

comment on function insight.compute_health(date, uuid[]) is
  'For the worker: works out how some groups fared on one day (UTC), anew and whole: running it twice changes nothing, running it later takes in what was analysed or deleted since. Members who left since do not count among the members of that day. Of a message that several models read, the latest analysis counts. Writes only what differs and returns how many rows that was. Reads one day of each channel by the primary key.';

revoke all on function insight.compute_health(date, uuid[]) from public;
grant execute on function insight.compute_health(date, uuid[]) to stoa_worker;
