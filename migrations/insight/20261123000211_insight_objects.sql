-- Why: insight objects: 28 functions, 8 triggers, policies of 6 tables, as they stand under sql/.
-- Locks: ACCESS EXCLUSIVE, for an instant, on insight.community_health, insight.conversation_summaries,
--   insight.group_policies, insight.message_analyses, insight.reputation_scores, insight.summary_participants
--   (policies); SHARE ROW EXCLUSIVE, for an instant, on groups.channel_messages, insight.community_health,
--   insight.group_policies, insight.reputation_scores, insight.summary_participants, core.user_settings
--   (triggers).
-- Back: drops what is new. No data is touched.

-- Up Migration

-- Bodies that are strings bind when they are called.
set local check_function_bodies = off;

-- Object: insight/functions/claim_tasks.sql
create or replace function insight.claim_tasks(p_kind text, p_limit integer default 20, p_seconds integer default 300)
returns table (claim_id uuid, channel_id uuid, start_message_id uuid, end_message_id uuid, attempt integer, claimed_until timestamptz)
language plpgsql
volatile
rows 20
-- The tasks are nobody's to write.
security definer
set search_path = ''
as $$
declare
  until constant timestamptz := clock_timestamp() + make_interval(secs => p_seconds);
  most constant integer := core.setting_integer('insight.max_attempts');
  taken uuid[] := '{}';
  due uuid[];
  fit uuid[];
begin
  if p_kind is null or p_kind not in ('analysis', 'summary')
    or p_limit is null or p_limit not between 1 and 100
    or p_seconds is null or p_seconds not between 10 and 3600
  then
    perform core.fail('insight_claim.invalid');
  end if;

  -- What turns out not to be wanted makes room for others, so that an empty answer means that nothing waits.
  loop
    due := array(
      select task.id
      from insight.tasks as task
      where task.kind = p_kind
        and task.failed_at is null
        and task.available_at <= clock_timestamp()
        and task.id <> all (taken)
      order by task.available_at, task.id
      limit p_limit - cardinality(taken)
      for update skip locked
    );
    exit when cardinality(due) = 0;

    update insight.tasks as task
    set failed_at = clock_timestamp(),
        claim_id = null,
        source_digest = null,
        last_error = coalesce(task.last_error, 'The process did not answer.')
    where task.id = any (due) and task.attempts >= most;
    delete from insight.tasks as task
    where task.id = any (due)
      and task.failed_at is null
      and not (
        insight.is_wanted(task.kind, task.channel_id)
        and exists (select from insight.source_messages(task.channel_id, task.start_message_id, task.end_message_id))
      );
    fit := array(select task.id from insight.tasks as task where task.id = any (due) and task.failed_at is null);
    update insight.tasks as task
    set claim_id = gen_random_uuid(),
        source_digest = null,
        attempts = task.attempts + 1,
        available_at = until
    where task.id = any (fit);
    taken := taken || fit;
    exit when cardinality(taken) >= p_limit;
  end loop;

  return query
    select task.claim_id, task.channel_id, task.start_message_id, task.end_message_id, task.attempts::integer, task.available_at
    from insight.tasks as task
    where task.id = any (taken)
    order by array_position(taken, task.id);
end
$$;

comment on function insight.claim_tasks(text, integer, integer) is
  'For the worker: takes up to p_limit (1 to 100) tasks of a kind (analysis, summary), longest waiting first, for p_seconds (10 to 3,600); then they are available again. Processes that ask at once get different tasks without waiting for each other. What the group, the author or the message rules out by now is dropped; what was taken too often (setting insight.max_attempts) is given up. No row: nothing waits. Refuses insight_claim.invalid. Next: insight.read_tasks, then insight.record_analysis or record_summary, or insight.fail_task.';

revoke all on function insight.claim_tasks(text, integer, integer) from public;
grant execute on function insight.claim_tasks(text, integer, integer) to stoa_worker;

-- Object: insight/functions/compute_health.sql
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

-- Object: insight/functions/configure_group.sql
create or replace function insight.configure_group(p_group_id uuid, p_patch jsonb)
returns insight.group_policies
language plpgsql
volatile
-- Clients have no right to write; the rules are here.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
  before insight.group_policies;
  after insight.group_policies;
begin
  perform groups.locked_group(p_group_id);
  perform groups.require_permission(p_group_id, 'MANAGE_GROUP');
  perform groups.check_patch_types(p_patch, array[]::text[], array['analyses', 'summaries'], array[]::text[], array[]::text[]);

  insert into insight.group_policies (group_id, updated_by) values (p_group_id, me) on conflict (group_id) do nothing;
  -- Results that are written at this moment are waited for, and deleted with the others.
  select * into before from insight.group_policies as policy where policy.group_id = p_group_id for update;
  after := jsonb_populate_record(before, p_patch);
  update insight.group_policies as policy
  set analyses = after.analyses,
      summaries = after.summaries,
      analyses_since = case when after.analyses then coalesce(before.analyses_since, now()) end,
      summaries_since = case when after.summaries then coalesce(before.summaries_since, now()) end,
      updated_by = me
  where policy.group_id = p_group_id
  returning * into after;
  if (before.analyses and not after.analyses) or (before.summaries and not after.summaries) then
    perform core.enqueue(
      'insight_forget', json_build_object('groupId', p_group_id), 'insight_forget:' || p_group_id
    );
  end if;
  if (before.analyses, before.summaries) <> (after.analyses, after.summaries) then
    perform audit.record(
      'configure_insight', 'insight.group_policies', p_group_id,
      jsonb_build_object('analyses', before.analyses, 'summaries', before.summaries),
      jsonb_build_object('analyses', after.analyses, 'summaries', after.summaries),
      p_group_id => p_group_id
    );
  end if;
  return after;
end
$$;

comment on function insight.configure_group(uuid, jsonb) is
  E'@name configure_insight\nWhat a group lets models do with its messages. The patch may name analyses and summaries, true or false; both are off until somebody switches them on, and hold for what is written from then on. Switching off deletes what was made. Members who do not let models read what they write (setting allow_ai_analysis) are left out in any case. Needs MANAGE_GROUP (group.not_allowed) and the second factor that the group demands (group.second_factor_required). Refuses group.unknown, input.unknown_key and input.malformed. Audited.';

revoke all on function insight.configure_group(uuid, jsonb) from public;
grant execute on function insight.configure_group(uuid, jsonb) to stoa_member;

-- Object: insight/functions/enqueue_analysis.sql
create or replace function insight.enqueue_analysis(p_channel_id uuid, p_message_id uuid)
returns boolean
language plpgsql
volatile
-- The tasks are nobody's to write.
security definer
set search_path = ''
as $$
begin
  if not insight.is_wanted('analysis', p_channel_id)
    or insight.source_digest(p_channel_id, p_message_id, p_message_id) is null
  then
    return false;
  end if;
  insert into insight.tasks as task (kind, channel_id, start_message_id, end_message_id)
  values ('analysis', p_channel_id, p_message_id, p_message_id)
  on conflict (kind, channel_id, start_message_id, end_message_id) do update
  set failed_at = null,
      attempts = 0,
      available_at = now()
  where task.failed_at is not null;
  return true;
end
$$;

comment on function insight.enqueue_analysis(uuid, uuid) is
  'For the worker: asks for the analysis of a message, of an old one too, and tells whether it may be analysed: the group wants it, the author lets it, it is not deleted or empty. Asking twice is asking once; a task that was given up begins anew.';

revoke all on function insight.enqueue_analysis(uuid, uuid) from public;
grant execute on function insight.enqueue_analysis(uuid, uuid) to stoa_worker;

-- Object: insight/functions/fail_task.sql
create or replace function insight.fail_task(p_claim_id uuid, p_error text)
returns boolean
language plpgsql
volatile
-- The tasks are nobody's to write.
security definer
set search_path = ''
as $$
declare
  most constant integer := core.setting_integer('insight.max_attempts');
  task insight.tasks;
begin
  update insight.tasks as target
  set claim_id = null,
      source_digest = null,
      last_error = left(p_error, 500),
      failed_at = case when target.attempts >= most then clock_timestamp() end,
      available_at = clock_timestamp() + least(interval '30 seconds' * 2 ^ (target.attempts - 1), interval '1 hour')
  where target.claim_id = p_claim_id
  returning * into task;
  if not found then
    perform core.fail('insight_claim.lost');
  end if;
  return task.failed_at is null;
end
$$;

comment on function insight.fail_task(uuid, text) is
  'For the worker: ends a claim without a result. The task waits 30 seconds, doubled with each attempt up to an hour, or is given up after the last one (setting insight.max_attempts); tells whether it will be tried again. Keeps 500 characters of the error, which must not quote what people wrote. Refuses insight_claim.lost.';

revoke all on function insight.fail_task(uuid, text) from public;
grant execute on function insight.fail_task(uuid, text) to stoa_worker;

-- Object: insight/functions/follow_changes.sql
create or replace function insight.follow_changes()
returns trigger
language plpgsql
-- Fires for whoever changes a message; what is worked out of it is nobody's to write.
security definer
set search_path = ''
as $$
declare
  place record;
begin
  for place in
    select was.channel_id, array_agg(was.id order by was.id) as ids
    from removed as was
    join added as message on message.channel_id = was.channel_id and message.id = was.id
    where (was.content, was.deleted_at, was.sender_id) is distinct from (message.content, message.deleted_at, message.sender_id)
    group by was.channel_id
    order by was.channel_id
  loop
    insert into insight.tasks as task (kind, channel_id, start_message_id, end_message_id)
    select 'analysis', message.channel_id, message.id, message.id
    from added as message
    join groups.channels as channel on channel.id = message.channel_id
    join insight.group_policies as policy on policy.group_id = channel.group_id and policy.analyses
    where message.channel_id = place.channel_id
      and message.id = any (place.ids)
      and message.deleted_at is null
      and message.content <> ''
      and message.id >= core.uuidv7_floor(policy.analyses_since)
    order by message.id
    on conflict (kind, channel_id, start_message_id, end_message_id) do update
    set failed_at = null,
        attempts = 0,
        available_at = now()
    where task.failed_at is not null;

    delete from insight.message_analyses as analysis
    where analysis.channel_id = place.channel_id and analysis.message_id = any (place.ids);
    perform insight.mark_stale(place.channel_id, place.ids);
  end loop;
  return null;
end
$$;

comment on function insight.follow_changes() is
  'Trigger. When a message is edited, deleted, restored or blanked, what was worked out of it goes in the same transaction: its analyses are deleted, summaries that cover it become stale, and what it says now is analysed anew. Whether a model may read it is asked when the task is taken.';

revoke all on function insight.follow_changes() from public;

-- Object: insight/functions/follow_consent.sql
create or replace function insight.follow_consent()
returns trigger
language plpgsql
-- Fires for whoever changes their settings; the queue is nobody's to write.
security definer
set search_path = ''
as $$
begin
  perform core.enqueue(
    'insight_forget', json_build_object('userId', new.user_id), 'insight_forget:' || new.user_id
  );
  return null;
end
$$;

comment on function insight.follow_consent() is
  'Trigger. Whoever withdraws their consent (allow_ai_analysis) is analysed no more from this transaction on; what was worked out before is deleted by a job that starts with it.';

revoke all on function insight.follow_consent() from public;

-- Object: insight/functions/follow_purges.sql
create or replace function insight.follow_purges()
returns trigger
language plpgsql
-- Fires for whoever purges messages; summaries are nobody's to write.
security definer
set search_path = ''
as $$
declare
  place record;
begin
  for place in
    select was.channel_id, array_agg(was.id order by was.id) as ids
    from removed as was
    group by was.channel_id
    order by was.channel_id
  loop
    perform insight.mark_stale(place.channel_id, place.ids);
  end loop;
  return null;
end
$$;

comment on function insight.follow_purges() is
  'Trigger. Summaries that cover a message which is purged become stale; its analyses go with it by their foreign key.';

revoke all on function insight.follow_purges() from public;

-- Object: insight/functions/forget_group.sql
create or replace function insight.forget_group(p_group_id uuid, p_limit integer default 1000)
returns integer
language plpgsql
volatile
-- What is worked out is nobody's to write.
security definer
set search_path = ''
as $$
declare
  policy insight.group_policies;
  gone integer := 0;
  batch integer;
begin
  select * into policy from insight.group_policies as target where target.group_id = p_group_id for share;
  if not coalesce(policy.analyses, false) then
    delete from insight.message_analyses as target
    using (
      select analysis.channel_id, analysis.message_id, analysis.model_name, analysis.model_version
      from insight.message_analyses as analysis
      where analysis.channel_id in (select channel.id from groups.channels as channel where channel.group_id = p_group_id)
      limit p_limit
      for update
    ) as doomed
    where (target.channel_id, target.message_id, target.model_name, target.model_version)
      = (doomed.channel_id, doomed.message_id, doomed.model_name, doomed.model_version);
    get diagnostics gone = row_count;
  end if;
  if not coalesce(policy.summaries, false) then
    delete from insight.conversation_summaries as target
    using (
      select summary.id
      from insight.conversation_summaries as summary
      where summary.channel_id in (select channel.id from groups.channels as channel where channel.group_id = p_group_id)
      order by summary.id
      limit p_limit
      for update
    ) as doomed
    where target.id = doomed.id;
    get diagnostics batch = row_count;
    gone := gone + batch;
  end if;
  return gone;
end
$$;

comment on function insight.forget_group(uuid, integer) is
  'For the worker: deletes one batch of the analyses or summaries of a group that does not want them any more. Returns how many rows went; call it until that is 0. Does nothing about what the group wants (again).';

revoke all on function insight.forget_group(uuid, integer) from public;
grant execute on function insight.forget_group(uuid, integer) to stoa_worker;

-- Object: insight/functions/forget_person.sql
create or replace function insight.forget_person(p_user_id uuid, p_limit integer default 1000)
returns integer
language plpgsql
volatile
-- What is worked out is nobody's to write.
security definer
set search_path = ''
as $$
declare
  analyses integer;
  mentions integer;
begin
  delete from insight.message_analyses as target
  using (
    select analysis.channel_id, analysis.message_id, analysis.model_name, analysis.model_version
    from insight.message_analyses as analysis
    where analysis.author_id = p_user_id
    limit p_limit
    for update
  ) as doomed
  where (target.channel_id, target.message_id, target.model_name, target.model_version)
    = (doomed.channel_id, doomed.message_id, doomed.model_name, doomed.model_version);
  get diagnostics analyses = row_count;
  delete from insight.summary_participants as target
  using (
    select participant.summary_id
    from insight.summary_participants as participant
    where participant.user_id = p_user_id
    order by participant.summary_id
    limit p_limit
    for update
  ) as doomed
  where target.summary_id = doomed.summary_id and target.user_id = p_user_id;
  get diagnostics mentions = row_count;
  return analyses + mentions;
end
$$;

comment on function insight.forget_person(uuid, integer) is
  'For the worker: deletes one batch of what models made of a person''s messages, and takes the person out of summaries, which become stale by that. Returns how many rows went; call it until that is 0. Reputation is no matter of models and stays.';

revoke all on function insight.forget_person(uuid, integer) from public;
grant execute on function insight.forget_person(uuid, integer) to stoa_worker;

-- Object: insight/functions/groups_after.sql
create or replace function insight.groups_after(p_after uuid default null, p_limit integer default 500)
returns setof uuid
language sql
stable
rows 500
-- The worker has no grant on the groups.
security definer
set search_path = ''
begin atomic
  select home.id
  from groups.groups as home
  where home.deleted_at is null
    and home.id > coalesce(p_after, '00000000-0000-0000-0000-000000000000')
  order by home.id
  limit p_limit;
end;

comment on function insight.groups_after(uuid, integer) is
  'For the worker: the live groups that follow one, in the order of their identifiers. A range of the primary key.';

revoke all on function insight.groups_after(uuid, integer) from public;
grant execute on function insight.groups_after(uuid, integer) to stoa_worker;

-- Object: insight/functions/is_wanted.sql
create or replace function insight.is_wanted(p_kind text, p_channel_id uuid)
returns boolean
language sql
stable
begin atomic
  select exists (
    select
    from groups.channels as channel
    join groups.groups as home on home.id = channel.group_id and home.deleted_at is null
    join insight.group_policies as policy on policy.group_id = channel.group_id
    left join groups.channels as parent on parent.id = channel.parent_channel_id
    where channel.id = p_channel_id
      and channel.deleted_at is null
      and parent.deleted_at is null
      and case p_kind when 'analysis' then policy.analyses else policy.summaries end
  );
end;

comment on function insight.is_wanted(text, uuid) is
  'Internal. Whether the group of a live channel lets models do this (analysis or summary) at present.';

revoke all on function insight.is_wanted(text, uuid) from public;

-- Object: insight/functions/mark_stale.sql
create or replace function insight.mark_stale(p_channel_id uuid, p_message_ids uuid[])
returns void
language plpgsql
volatile
set search_path = ''
as $$
declare
  ids constant uuid[] := array(
    select summary.id
    from insight.conversation_summaries as summary
    where summary.channel_id = p_channel_id
      and summary.stale_at is null
      and exists (
        select
        from unnest(p_message_ids) as changed (id)
        where changed.id between summary.start_message_id and summary.end_message_id
      )
    order by summary.id
    for no key update
  );
begin
  if cardinality(ids) > 0 then
    update insight.conversation_summaries as summary set stale_at = clock_timestamp() where summary.id = any (ids);
  end if;
end
$$;

comment on function insight.mark_stale(uuid, uuid[]) is
  'Internal. Nobody reads the summaries any more that cover one of these messages, until they are made anew. Locks them in the order of their identifiers. Looks at the summaries of the channel that are not stale.';

revoke all on function insight.mark_stale(uuid, uuid[]) from public;

-- Object: insight/functions/miss_participants.sql
create or replace function insight.miss_participants()
returns trigger
language plpgsql
-- Fires for whoever erases a person; summaries are nobody's to write.
security definer
set search_path = ''
as $$
begin
  perform
  from insight.conversation_summaries as summary
  where summary.id in (select was.summary_id from removed as was)
    and summary.stale_at is null
  order by summary.id
  for no key update;
  update insight.conversation_summaries as summary
  set stale_at = clock_timestamp()
  where summary.id in (select was.summary_id from removed as was)
    and summary.stale_at is null;
  return null;
end
$$;

comment on function insight.miss_participants() is
  'Trigger. A summary that loses one of its people is stale: it still says what they said.';

revoke all on function insight.miss_participants() from public;

-- Object: insight/functions/my_insight_channel_ids.sql
create or replace function insight.my_insight_channel_ids()
returns setof uuid
language sql
stable
rows 50
-- Policies ask this, and must know roles and overrides whatever the caller may read of them.
security definer
set search_path = ''
as $$
select known.channel_id
from groups.channel_permissions_of_caller(false) as known
where known.permissions & 590848 = 590848
$$;

comment on function insight.my_insight_channel_ids() is
  E'@internal\nThe channels of the caller''s groups of which the caller may read both the messages and what models made of them (VIEW_CHANNEL, READ_HISTORY, VIEW_INSIGHTS), for policies; threads follow their parents and are not among them. Cost grows with the channels of the caller''s groups.';

revoke all on function insight.my_insight_channel_ids() from public;
grant execute on function insight.my_insight_channel_ids() to stoa_member;

-- Object: insight/functions/my_insight_group_ids.sql
create or replace function insight.my_insight_group_ids()
returns setof uuid
language sql
stable
rows 5
-- Works out permissions from rows that the caller may not see.
security definer
set search_path = ''
as $$
select known.id
from groups.my_group_ids_with('VIEW_INSIGHTS') as known (id)
$$;

comment on function insight.my_insight_group_ids() is
  E'@internal\nThe groups whose figures the caller may see (VIEW_INSIGHTS), for policies. A few index look-ups for each of the caller''s groups.';

revoke all on function insight.my_insight_group_ids() from public;
grant execute on function insight.my_insight_group_ids() to stoa_member;

-- Object: insight/functions/plan_summaries.sql
create or replace function insight.plan_summaries(p_limit integer default 200)
returns integer
language plpgsql
volatile
-- The tasks are nobody's to write.
security definer
set search_path = ''
as $$
declare
  size constant integer := core.setting_integer('insight.summary_messages');
  planned integer;
  redone integer;
begin
  delete from insight.conversation_summaries as summary
  where summary.stale_at is not null
    and not (
      insight.is_wanted('summary', summary.channel_id)
      and exists (select from insight.source_messages(summary.channel_id, summary.start_message_id, summary.end_message_id))
    );

  insert into insight.tasks (kind, channel_id, start_message_id, end_message_id)
  select 'summary', summary.channel_id, summary.start_message_id, summary.end_message_id
  from insight.conversation_summaries as summary
  where summary.stale_at is not null
  order by summary.stale_at
  limit p_limit
  on conflict (kind, channel_id, start_message_id, end_message_id) do nothing;
  get diagnostics redone = row_count;

  insert into insight.tasks (kind, channel_id, start_message_id, end_message_id)
  select 'summary', channel.id, run.first_id, run.last_id
  from insight.group_policies as policy
  join groups.channels as channel on channel.group_id = policy.group_id
  cross join lateral (
    select max(known.end_message_id::text)::uuid as id
    from (
      select core.uuidv7_floor(policy.summaries_since) as end_message_id
      union all
      (
        select summary.end_message_id
        from insight.conversation_summaries as summary
        where summary.channel_id = channel.id
        order by summary.end_message_id desc
        limit 1
      )
      union all
      select task.end_message_id
      from insight.tasks as task
      where task.kind = 'summary' and task.channel_id = channel.id
    ) as known
  ) as covered
  cross join lateral (
    select min(next.id::text)::uuid as first_id, max(next.id::text)::uuid as last_id, count(*) as amount
    from (
      select source.id
      from insight.source_messages(channel.id, covered.id, 'ffffffff-ffff-ffff-ffff-ffffffffffff') as source
      where source.id > covered.id
      order by source.id
      limit size
    ) as next
  ) as run
  where policy.summaries
    and channel.last_message_id > covered.id
    and run.amount = size
    and insight.is_wanted('summary', channel.id)
  order by channel.id
  limit p_limit
  on conflict (kind, channel_id, start_message_id, end_message_id) do nothing;
  get diagnostics planned = row_count;
  return redone + planned;
end
$$;

comment on function insight.plan_summaries(integer) is
  'For the worker, every ten minutes: asks for a summary of the next messages of each channel in which enough were written since the last one (setting insight.summary_messages), and for stale ones anew; deletes stale ones of which nothing is left. Returns how many tasks it added; call it until that is 0 to catch up. Looks at each channel of the groups that want summaries.';

revoke all on function insight.plan_summaries(integer) from public;
grant execute on function insight.plan_summaries(integer) to stoa_worker;

-- Object: insight/functions/read_tasks.sql
create or replace function insight.read_tasks(p_claim_ids uuid[])
returns table (claim_id uuid, message_id uuid, speaker integer, content text, sent_at timestamptz)
language plpgsql
volatile
rows 100
-- The worker has no grant on messages, and is given no names.
security definer
set search_path = ''
as $$
begin
  update insight.tasks as task
  set source_digest = case
    when insight.is_wanted(task.kind, task.channel_id)
      then insight.source_digest(task.channel_id, task.start_message_id, task.end_message_id)
  end
  where task.claim_id = any (p_claim_ids);

  -- A message that changes between the two statements does not fit the digest, and no result is kept.
  return query
    select
      said.claim_id,
      said.id,
      (dense_rank() over (partition by said.claim_id order by said.began_with))::integer,
      said.content,
      said.inserted_at
    from (
      select
        task.claim_id,
        source.*,
        min(source.id::text) over (partition by task.claim_id, source.sender_id) as began_with
      from insight.tasks as task
      cross join lateral insight.source_messages(task.channel_id, task.start_message_id, task.end_message_id) as source
      where task.claim_id = any (p_claim_ids)
        and task.source_digest is not null
    ) as said
    order by said.claim_id, said.id;
end
$$;

comment on function insight.read_tasks(uuid[]) is
  'For the worker: what the models may read for these claims, in order. Speakers are numbers, 1 for whoever speaks first; who they are stays here. A result is kept only if the source is then still what was given out, so read as late as possible and read again after a pause. Claims that are not in force give no row.';

revoke all on function insight.read_tasks(uuid[]) from public;
grant execute on function insight.read_tasks(uuid[]) to stoa_worker;

-- Object: insight/functions/recompute_reputation.sql
create or replace function insight.recompute_reputation(p_group_id uuid default null)
returns integer
language plpgsql
volatile
-- Reads the facts of every module; scores are nobody's to write.
security definer
set search_path = ''
as $$
declare
  weights constant jsonb := core.setting_json('insight.reputation_weights');
  source insight.reputation_sources;
  facts text := 'select null::text as component, null::uuid as user_id, 0::numeric as value where false';
  changed integer;
begin
  -- Two at once: the second reads its facts after the first has committed, so it never writes older figures over newer ones.
  perform pg_advisory_xact_lock(hashtextextended('insight.recompute_reputation:' || coalesce(p_group_id::text, 'platform'), 0));

  for source in
    select *
    from insight.reputation_sources as known
    where known.is_of_groups = (p_group_id is not null)
      and (known.needs is null or to_regclass(known.needs) is not null)
    order by known.name
  loop
    facts := facts || format(
      ' union all select %L, counted.user_id, counted.value::numeric from (%s) as counted', source.component, source.query
    );
  end loop;
  if p_group_id is null then
    facts := facts || $query$
      union all
      select part.component, score.user_id, part.value::numeric
      from insight.reputation_scores as score
      cross join lateral (
        values
          ('helpful_messages', score.helpful_messages),
          ('quality_contributions', score.quality_contributions),
          ('community_engagement', score.community_engagement),
          ('moderation_actions', score.moderation_actions)
      ) as part (component, value)
      where score.group_id is not null
    $query$;
  end if;

  execute format(
    $query$
      with facts as (%s),
      totals as materialized (
        select
          facts.user_id,
          coalesce(sum(facts.value) filter (where facts.component = 'helpful_messages'), 0) as helpful,
          coalesce(sum(facts.value) filter (where facts.component = 'quality_contributions'), 0) as quality,
          coalesce(sum(facts.value) filter (where facts.component = 'community_engagement'), 0) as engagement,
          coalesce(sum(facts.value) filter (where facts.component = 'moderation_actions'), 0) as moderation
        from facts
        join core.users as person on person.id = facts.user_id and person.erased_at is null
        group by facts.user_id
        having bool_or(facts.value <> 0)
      ),
      stored as (
        insert into insight.reputation_scores as known (
          user_id, group_id, score, helpful_messages, quality_contributions, community_engagement, moderation_actions
        )
        select
          totals.user_id,
          $1,
          greatest(least(trunc(
            totals.helpful * coalesce(($2 ->> 'helpful_messages')::numeric, 0)
            + totals.quality * coalesce(($2 ->> 'quality_contributions')::numeric, 0)
            + totals.engagement * coalesce(($2 ->> 'community_engagement')::numeric, 0)
            + totals.moderation * coalesce(($2 ->> 'moderation_actions')::numeric, 0)
          ), 2147483647), -2147483647)::integer,
          greatest(least(totals.helpful, 2147483647), -2147483647)::integer,
          greatest(least(totals.quality, 2147483647), -2147483647)::integer,
          greatest(least(totals.engagement, 2147483647), -2147483647)::integer,
          greatest(least(totals.moderation, 2147483647), -2147483647)::integer
        from totals
        order by totals.user_id
        on conflict (user_id, group_id) do update
        set score = excluded.score,
            helpful_messages = excluded.helpful_messages,
            quality_contributions = excluded.quality_contributions,
            community_engagement = excluded.community_engagement,
            moderation_actions = excluded.moderation_actions,
            last_calculated = now()
        where (known.score, known.helpful_messages, known.quality_contributions, known.community_engagement, known.moderation_actions)
          <> (excluded.score, excluded.helpful_messages, excluded.quality_contributions, excluded.community_engagement, excluded.moderation_actions)
        returning 1
      ),
      gone as (
        delete from insight.reputation_scores as known
        where known.group_id is not distinct from $1
          and known.user_id not in (select totals.user_id from totals)
        returning 1
      )
      select (select count(*) from stored) + (select count(*) from gone)
    $query$,
    facts
  )
  into changed
  using p_group_id, weights;
  return changed;
end
$$;

comment on function insight.recompute_reputation(uuid) is
  'For the worker, nightly: works out the reputation of everybody in a group from the facts (insight.reputation_sources), or, without a group, on the whole platform: what they have in all groups and what is counted outside of them. Anew and whole, so that running it twice changes nothing; rows that nothing supports any more go. Writes only what differs and returns how many rows that was. The groups come first. Reads all messages of the group.';

revoke all on function insight.recompute_reputation(uuid) from public;
grant execute on function insight.recompute_reputation(uuid) to stoa_worker;

-- Object: insight/functions/record_analysis.sql
create or replace function insight.record_analysis(
  p_claim_id uuid,
  p_model_name text,
  p_model_version text,
  p_sentiment numeric default null,
  p_toxicity numeric default null,
  p_confidence numeric default null,
  p_language text default null,
  p_topics text[] default '{}',
  p_entities jsonb default '{}',
  p_summary text default null,
  p_input_tokens integer default 0,
  p_output_tokens integer default 0,
  p_cost numeric default 0
)
returns insight.message_analyses
language plpgsql
volatile
-- Analyses are nobody's to write.
security definer
set search_path = ''
as $$
declare
  task insight.tasks;
  settled record;
  analysis insight.message_analyses;
  public_author uuid;
begin
  select * into settled from insight.settle_task(p_claim_id, 'analysis');
  task := settled.task;
  if settled.verdict = 'lost' then
    select * into analysis from insight.message_analyses as earlier where earlier.claim_id = p_claim_id;
    if not found then
      perform core.fail('insight_claim.lost');
    end if;
    return analysis;
  end if;
  if settled.verdict <> 'fits' then
    return null;
  end if;

  begin
    insert into insight.message_analyses as stored (
      channel_id, message_id, model_name, model_version, author_id, sentiment_score, toxicity_score, confidence_score,
      language_code, topics, entities, summary, input_tokens, output_tokens, cost, claim_id
    )
    select
      task.channel_id, source.id, nullif(btrim(p_model_name), ''), nullif(btrim(p_model_version), ''), source.sender_id,
      p_sentiment, p_toxicity, p_confidence, p_language, coalesce(p_topics, '{}'), coalesce(p_entities, '{}'), p_summary,
      p_input_tokens, p_output_tokens, p_cost, p_claim_id
    from insight.source_messages(task.channel_id, task.start_message_id, task.end_message_id) as source
    on conflict (channel_id, message_id, model_name, model_version) do update
    set sentiment_score = excluded.sentiment_score,
        toxicity_score = excluded.toxicity_score,
        confidence_score = excluded.confidence_score,
        language_code = excluded.language_code,
        topics = excluded.topics,
        entities = excluded.entities,
        summary = excluded.summary,
        input_tokens = excluded.input_tokens,
        output_tokens = excluded.output_tokens,
        cost = excluded.cost,
        claim_id = excluded.claim_id,
        inserted_at = now()
    returning * into analysis;
  exception
    when check_violation or not_null_violation or string_data_right_truncation or numeric_value_out_of_range then
      perform core.fail('message_analysis.invalid');
  end;

  -- Moderators of the platform read public groups; what is said elsewhere is the business of the group's own staff.
  if analysis.toxicity_score >= 0.80 and to_regclass('moderation.queue_items') is not null then
    select analysis.author_id into public_author
    from groups.channels as channel
    join groups.groups as home on home.id = channel.group_id
    where channel.id = analysis.channel_id
      and home.is_public;
    if public_author is not null then
      perform moderation.enqueue(
        'investigation', 'channel_message', analysis.message_id, analysis.channel_id,
        p_subject_user_id => public_author,
        p_priority => 30,
        p_metadata => jsonb_build_object('toxicity', analysis.toxicity_score, 'model', analysis.model_name)
      );
    end if;
  end if;
  return analysis;
end
$$;

comment on function insight.record_analysis(uuid, text, text, numeric, numeric, numeric, text, text[], jsonb, text, integer, integer, numeric) is
  'For the worker: keeps what a model (name and version) made of the message of a claim, with what it cost, and ends the claim. The same result sent twice is kept once and given back. A row of nulls comes back when the message was edited meanwhile (it waits again) or may not be analysed any more. A second result of the same model replaces the first. A toxicity of 0.80 or more in a public group becomes work of the moderators, where that module is installed. Refuses insight_claim.lost, and values off their scales, missing or too long (message_analysis.invalid), after which the claim is still in force.';

revoke all on function insight.record_analysis(uuid, text, text, numeric, numeric, numeric, text, text[], jsonb, text, integer, integer, numeric) from public;
grant execute on function insight.record_analysis(uuid, text, text, numeric, numeric, numeric, text, text[], jsonb, text, integer, integer, numeric) to stoa_worker;

-- Object: insight/functions/record_summary.sql
create or replace function insight.record_summary(
  p_claim_id uuid,
  p_model_name text,
  p_model_version text,
  p_summary text,
  p_key_points text[] default '{}',
  p_input_tokens integer default 0,
  p_output_tokens integer default 0,
  p_cost numeric default 0
)
returns insight.conversation_summaries
language plpgsql
volatile
-- Summaries are nobody's to write.
security definer
set search_path = ''
as $$
declare
  task insight.tasks;
  settled record;
  result insight.conversation_summaries;
begin
  select * into settled from insight.settle_task(p_claim_id, 'summary');
  task := settled.task;
  if settled.verdict = 'lost' then
    select * into result from insight.conversation_summaries as earlier where earlier.claim_id = p_claim_id;
    if not found then
      perform core.fail('insight_claim.lost');
    end if;
    return result;
  end if;
  if settled.verdict <> 'fits' then
    return null;
  end if;

  -- Made anew it is a new row: whoever holds the identifier of the old one finds nothing, rather than other words.
  delete from insight.conversation_summaries as earlier
  where earlier.channel_id = task.channel_id
    and earlier.start_message_id = task.start_message_id
    and earlier.end_message_id = task.end_message_id;
  begin
    insert into insight.conversation_summaries (
      channel_id, start_message_id, end_message_id, summary, key_points, message_count, model_name, model_version,
      input_tokens, output_tokens, cost, claim_id
    )
    select
      task.channel_id, task.start_message_id, task.end_message_id, btrim(p_summary), coalesce(p_key_points, '{}'), count(*),
      nullif(btrim(p_model_name), ''), nullif(btrim(p_model_version), ''), p_input_tokens, p_output_tokens, p_cost, p_claim_id
    from insight.source_messages(task.channel_id, task.start_message_id, task.end_message_id)
    returning * into result;
  exception
    when check_violation or not_null_violation or string_data_right_truncation or numeric_value_out_of_range then
      perform core.fail('conversation_summary.invalid');
  end;
  insert into insight.summary_participants (summary_id, user_id, message_count)
  select result.id, source.sender_id, count(*)
  from insight.source_messages(task.channel_id, task.start_message_id, task.end_message_id) as source
  group by source.sender_id
  order by source.sender_id;
  return result;
end
$$;

comment on function insight.record_summary(uuid, text, text, text, text[], integer, integer, numeric) is
  'For the worker: keeps the summary of the range of a claim, in place of an earlier one of the same range, and ends the claim. How many messages it was made of, and whose, is counted here. The same result sent twice is kept once and given back. A row of nulls comes back when a message was edited, deleted or withdrawn meanwhile (the range waits again, if anything is left of it) or the group wants no summaries any more. Refuses insight_claim.lost, and what is missing or too long (conversation_summary.invalid), after which the claim is still in force.';

revoke all on function insight.record_summary(uuid, text, text, text, text[], integer, integer, numeric) from public;
grant execute on function insight.record_summary(uuid, text, text, text, text[], integer, integer, numeric) to stoa_worker;

-- Object: insight/functions/request_analyses.sql
create or replace function insight.request_analyses()
returns trigger
language plpgsql
-- Fires for whoever writes a message; the tasks are nobody's to write.
security definer
set search_path = ''
as $$
begin
  insert into insight.tasks (kind, channel_id, start_message_id, end_message_id)
  select 'analysis', message.channel_id, message.id, message.id
  from added as message
  join groups.channels as channel on channel.id = message.channel_id
  join insight.group_policies as policy on policy.group_id = channel.group_id and policy.analyses
  join core.user_settings as wishes on wishes.user_id = message.sender_id and wishes.allow_ai_analysis
  where message.deleted_at is null
    and message.content <> ''
    and message.type in ('default', 'image', 'file', 'forward')
    -- What is imported with its old identifier was said before the group decided.
    and message.id >= core.uuidv7_floor(policy.analyses_since)
  order by message.id
  on conflict (kind, channel_id, start_message_id, end_message_id) do nothing;
  return null;
end
$$;

comment on function insight.request_analyses() is
  'Trigger. Asks for the analysis of new messages in groups that want it, by people who let it. Three index look-ups a message; where a group wants nothing, two.';

revoke all on function insight.request_analyses() from public;

-- Object: insight/functions/retry_tasks.sql
create or replace function insight.retry_tasks(p_kind text, p_limit integer default 1000)
returns integer
language plpgsql
volatile
-- The tasks are nobody's to write.
security definer
set search_path = ''
as $$
declare
  revived integer;
begin
  update insight.tasks as target
  set failed_at = null,
      attempts = 0,
      available_at = clock_timestamp()
  where target.id = any (
    array(
      select task.id
      from insight.tasks as task
      where task.kind = p_kind and task.failed_at is not null
      order by task.id
      limit p_limit
      for update skip locked
    )
  );
  get diagnostics revived = row_count;
  return revived;
end
$$;

comment on function insight.retry_tasks(text, integer) is
  'For the worker, by hand of an operator: tasks of a kind that were given up are tried again; returns how many. Scans the tasks.';

revoke all on function insight.retry_tasks(text, integer) from public;
grant execute on function insight.retry_tasks(text, integer) to stoa_worker;

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

-- Object: insight/functions/settle_task.sql
create or replace function insight.settle_task(p_claim_id uuid, p_kind text, out task insight.tasks, out verdict text)
language plpgsql
volatile
set search_path = ''
as $$
begin
  select * into task from insight.tasks as target where target.claim_id = p_claim_id and target.kind = p_kind;
  if not found then
    verdict := 'lost';
    return;
  end if;

  -- Whoever withdraws consent, switches this off or edits a message at this moment is waited for, or waits and then finds
  -- what is written here.
  perform
  from insight.group_policies as policy
  where policy.group_id = (select channel.group_id from groups.channels as channel where channel.id = task.channel_id)
  for share;
  perform
  from core.user_settings as wishes
  where wishes.user_id in (
    select message.sender_id
    from groups.channel_messages as message
    where message.channel_id = task.channel_id
      and message.id between task.start_message_id and task.end_message_id
  )
  order by wishes.user_id
  for share;
  perform
  from groups.channel_messages as message
  where message.channel_id = task.channel_id
    and message.id between task.start_message_id and task.end_message_id
  order by message.id
  for share;
  select * into task from insight.tasks as target where target.claim_id = p_claim_id for update;
  if not found then
    verdict := 'lost';
    return;
  end if;

  if not insight.is_wanted(p_kind, task.channel_id)
    or insight.source_digest(task.channel_id, task.start_message_id, task.end_message_id) is null
  then
    delete from insight.tasks as target where target.id = task.id;
    verdict := 'dropped';
  elsif task.source_digest is distinct from insight.source_digest(task.channel_id, task.start_message_id, task.end_message_id) then
    update insight.tasks as target
    set claim_id = null,
        source_digest = null,
        attempts = greatest(target.attempts - 1, 0),
        available_at = clock_timestamp()
    where target.id = task.id;
    verdict := 'changed';
  else
    delete from insight.tasks as target where target.id = task.id;
    verdict := 'fits';
  end if;
end
$$;

comment on function insight.settle_task(uuid, text) is
  'Internal. What becomes of the task of a claim now that a result is there: fits (the source is what was read; the task is done), changed (it is not; the task waits for the next claim, and this one does not count), dropped (nobody wants it any more), lost (the claim is not in force). Holds, until the transaction ends, the policy of the group, the settings of the authors and the messages against change, in this order.';

revoke all on function insight.settle_task(uuid, text) from public;

-- Object: insight/functions/source_messages.sql
create or replace function insight.source_messages(p_channel_id uuid, p_start_message_id uuid, p_end_message_id uuid)
returns table (id uuid, sender_id uuid, content text, inserted_at timestamptz)
language sql
stable
rows 50
begin atomic
  select message.id, message.sender_id, message.content, message.inserted_at
  from groups.channel_messages as message
  join core.user_settings as wishes on wishes.user_id = message.sender_id and wishes.allow_ai_analysis
  where message.channel_id = p_channel_id
    and message.id between p_start_message_id and p_end_message_id
    and message.deleted_at is null
    and message.content <> ''
    and message.type in ('default', 'image', 'file', 'forward');
end;

comment on function insight.source_messages(uuid, uuid, uuid) is
  'Internal. What of a range of messages a model may read: what people wrote who let it (allow_ai_analysis; an account without settings has not), not deleted, not empty, nothing of webhooks or of the group itself. One range of the primary key and a look-up a message.';

revoke all on function insight.source_messages(uuid, uuid, uuid) from public;

-- Object: insight/functions/source_digest.sql
create or replace function insight.source_digest(p_channel_id uuid, p_start_message_id uuid, p_end_message_id uuid)
returns bytea
language sql
stable
begin atomic
  select sha256(convert_to(string_agg(source.id || ' ' || length(source.content) || ' ' || source.content, ' ' order by source.id), 'UTF8'))
  from insight.source_messages(p_channel_id, p_start_message_id, p_end_message_id) as source;
end;

comment on function insight.source_digest(uuid, uuid, uuid) is
  'Internal. SHA-256 of what of a range a model may read at present; null when that is nothing.';

revoke all on function insight.source_digest(uuid, uuid, uuid) from public;

-- Object: insight/functions/task_counts.sql
create or replace function insight.task_counts()
returns table (kind text, waiting bigint, claimed bigint, failed bigint, oldest_at timestamptz)
language sql
stable
rows 2
-- The worker has no grant on the tasks.
security definer
set search_path = ''
begin atomic
  select
    task.kind,
    count(*) filter (where task.failed_at is null and task.claim_id is null),
    count(*) filter (where task.failed_at is null and task.claim_id is not null),
    count(*) filter (where task.failed_at is not null),
    min(task.inserted_at) filter (where task.failed_at is null)
  from insight.tasks as task
  group by task.kind
  order by task.kind;
end;

comment on function insight.task_counts() is
  'For the worker and for monitoring: how much waits, is taken, was given up, and since when the oldest open task waits. Scans the tasks.';

revoke all on function insight.task_counts() from public;
grant execute on function insight.task_counts() to stoa_worker;

-- Object: insight/triggers/channel_messages.follow_changes.sql
create or replace trigger follow_changes
after update on groups.channel_messages
referencing old table as removed new table as added
for each statement
execute function insight.follow_changes();

comment on trigger follow_changes on groups.channel_messages is 'What models made of a message goes when the message changes.';

-- Object: insight/triggers/channel_messages.follow_purges.sql
create or replace trigger follow_purges
after delete on groups.channel_messages
referencing old table as removed
for each statement
execute function insight.follow_purges();

comment on trigger follow_purges on groups.channel_messages is 'Summaries of messages that are purged become stale.';

-- Object: insight/triggers/channel_messages.request_analyses.sql
create or replace trigger request_analyses
after insert on groups.channel_messages
referencing new table as added
for each statement
execute function insight.request_analyses();

comment on trigger request_analyses on groups.channel_messages is 'New messages are analysed where the group wants it and the author lets it.';

-- Object: insight/triggers/community_health.touch_updated_at.sql
create or replace trigger touch_updated_at
before update on insight.community_health
for each row
execute function core.touch_updated_at();

comment on trigger touch_updated_at on insight.community_health is 'Keeps updated_at.';

-- Object: insight/triggers/group_policies.touch_updated_at.sql
create or replace trigger touch_updated_at
before update on insight.group_policies
for each row
execute function core.touch_updated_at();

comment on trigger touch_updated_at on insight.group_policies is 'Keeps updated_at.';

-- Object: insight/triggers/reputation_scores.touch_updated_at.sql
create or replace trigger touch_updated_at
before update on insight.reputation_scores
for each row
execute function core.touch_updated_at();

comment on trigger touch_updated_at on insight.reputation_scores is 'Keeps updated_at.';

-- Object: insight/triggers/summary_participants.miss_participants.sql
create or replace trigger miss_participants
after delete on insight.summary_participants
referencing old table as removed
for each statement
execute function insight.miss_participants();

comment on trigger miss_participants on insight.summary_participants is 'A summary that loses one of its people is stale.';

-- Object: insight/triggers/user_settings.follow_consent.sql
create or replace trigger follow_consent
after update of allow_ai_analysis on core.user_settings
for each row
when (old.allow_ai_analysis and not new.allow_ai_analysis)
execute function insight.follow_consent();

comment on trigger follow_consent on core.user_settings is 'Whoever withdraws consent has what models made of their messages deleted.';

-- Object: insight/policies/community_health.sql
revoke all on insight.community_health from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on insight.community_health to stoa_member;

drop policy if exists permitted on insight.community_health;
create policy permitted on insight.community_health
for select
to stoa_member
using (group_id = any (array(select insight.my_insight_group_ids())));

comment on policy permitted on insight.community_health is 'Whoever holds VIEW_INSIGHTS in a group reads its figures.';

drop policy if exists staff on insight.community_health;
create policy staff on insight.community_health
for select
to stoa_moderator
using (true);

comment on policy staff on insight.community_health is 'Staff of the platform reads all.';

-- Object: insight/policies/conversation_summaries.sql
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

-- Object: insight/policies/group_policies.sql
revoke all on insight.group_policies from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on insight.group_policies to stoa_member;

drop policy if exists members on insight.group_policies;
create policy members on insight.group_policies
for select
to stoa_member
using (group_id = any (array(select groups.my_group_ids())));

comment on policy members on insight.group_policies is 'Members read what their groups let models do with what they write.';

drop policy if exists staff on insight.group_policies;
create policy staff on insight.group_policies
for select
to stoa_moderator
using (true);

comment on policy staff on insight.group_policies is 'Staff of the platform reads all.';

-- Object: insight/policies/message_analyses.sql
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

-- Object: insight/policies/reputation_scores.sql
revoke all on insight.reputation_scores from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on insight.reputation_scores to stoa_member;

drop policy if exists members on insight.reputation_scores;
create policy members on insight.reputation_scores
for select
to stoa_member
using (
  -- As a case it is a filter and nothing else: the arms of a bare "or" become bitmaps, and a board is sorted out of all rows.
  case
    when user_id = (select core.current_user_id())
      or (
        user_id not in (select core.secretive_user_ids())
        and (group_id is null or group_id = any (array(select groups.my_group_ids())))
      )
    then true
    else false
  end
);

comment on policy members on insight.reputation_scores is 'One''s own, and those of the platform and of one''s groups, except of people who show nothing of what they earned (paranoia level 3 and more).';

drop policy if exists staff on insight.reputation_scores;
create policy staff on insight.reputation_scores
for select
to stoa_moderator
using (true);

comment on policy staff on insight.reputation_scores is 'Staff of the platform reads all.';

-- Object: insight/policies/summary_participants.sql
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

-- End of objects

-- Down Migration

drop policy as_summary on insight.summary_participants;
drop policy staff on insight.reputation_scores;
drop policy members on insight.reputation_scores;
drop policy all_for_admins on insight.message_analyses;
drop policy public_for_moderators on insight.message_analyses;
drop policy permitted on insight.message_analyses;
drop policy staff on insight.group_policies;
drop policy members on insight.group_policies;
drop policy all_for_admins on insight.conversation_summaries;
drop policy public_for_moderators on insight.conversation_summaries;
drop policy readable on insight.conversation_summaries;
drop policy staff on insight.community_health;
drop policy permitted on insight.community_health;
drop trigger follow_consent on core.user_settings;
drop trigger miss_participants on insight.summary_participants;
drop trigger touch_updated_at on insight.reputation_scores;
drop trigger touch_updated_at on insight.group_policies;
drop trigger touch_updated_at on insight.community_health;
drop trigger request_analyses on groups.channel_messages;
drop trigger follow_purges on groups.channel_messages;
drop trigger follow_changes on groups.channel_messages;
drop function insight.task_counts();
drop function insight.source_digest(uuid, uuid, uuid);
drop function insight.source_messages(uuid, uuid, uuid);
drop function insight.settle_task(uuid, text);
drop function insight.search_topics(uuid, text, integer, uuid);
drop function insight.retry_tasks(text, integer);
drop function insight.request_analyses();
drop function insight.record_summary(uuid, text, text, text, text[], integer, integer, numeric);
drop function insight.record_analysis(uuid, text, text, numeric, numeric, numeric, text, text[], jsonb, text, integer, integer, numeric);
drop function insight.recompute_reputation(uuid);
drop function insight.read_tasks(uuid[]);
drop function insight.plan_summaries(integer);
drop function insight.my_insight_group_ids();
drop function insight.my_insight_channel_ids();
drop function insight.miss_participants();
drop function insight.mark_stale(uuid, uuid[]);
drop function insight.is_wanted(text, uuid);
drop function insight.groups_after(uuid, integer);
drop function insight.forget_person(uuid, integer);
drop function insight.forget_group(uuid, integer);
drop function insight.follow_purges();
drop function insight.follow_consent();
drop function insight.follow_changes();
drop function insight.fail_task(uuid, text);
drop function insight.enqueue_analysis(uuid, uuid);
drop function insight.configure_group(uuid, jsonb);
drop function insight.compute_health(date, uuid[]);
drop function insight.claim_tasks(text, integer, integer);
revoke all on table insight.community_health from stoa_member;
revoke all on table insight.conversation_summaries from stoa_member, stoa_admin;
revoke all on table insight.group_policies from stoa_member;
revoke all on table insight.message_analyses from stoa_member, stoa_admin;
revoke all on table insight.reputation_scores from stoa_member;
revoke all on table insight.summary_participants from stoa_member;
