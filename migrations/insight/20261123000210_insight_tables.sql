-- Why: what is worked out about groups: analyses of messages and summaries of conversations (made by a worker that asks
-- a model, for groups that want it and people who let it), reputation, and the health of a community day by day.
-- Everything here can be made anew from what it is made of, and nothing is decided by it alone.
-- Lock order of everything in this module: the policy of the group, then settings of people by id, then messages by id,
-- then the task, then analyses, then summaries by id. A queue item of moderators comes last.
-- Locks: none on anything that holds data. Back: drops the schema; all of it can be worked out again, at a price.

-- Up Migration

create schema insight;
comment on schema insight is 'Analyses, summaries, reputation and health of communities. Always derived, never authoritative.';

grant usage on schema insight to stoa_anonymous, stoa_worker;

create table insight.group_policies (
  group_id uuid not null,
  analyses boolean not null default false,
  summaries boolean not null default false,
  analyses_since timestamptz,
  summaries_since timestamptz,
  updated_by uuid,
  inserted_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint group_policies_pkey primary key (group_id),
  constraint group_policies_group_id_fkey foreign key (group_id) references groups.groups (id) on delete cascade,
  constraint group_policies_updated_by_fkey foreign key (updated_by) references core.users (id) on delete set null,
  constraint group_policies_since_check check (
    analyses = (analyses_since is not null)
    and summaries = (summaries_since is not null)
  )
);

comment on table insight.group_policies is
  E'@name insight_policy\nWhat a group lets models do with its messages. A group without a row lets them do nothing.';
comment on column insight.group_policies.group_id is 'The group.';
comment on column insight.group_policies.analyses is 'Whether its messages are analysed one by one.';
comment on column insight.group_policies.summaries is 'Whether its conversations are summarised.';
comment on column insight.group_policies.analyses_since is 'Since when they are; nothing older is looked at by itself.';
comment on column insight.group_policies.summaries_since is 'Since when they are; nothing older is looked at.';
comment on column insight.group_policies.updated_by is 'Who decided last.';
comment on column insight.group_policies.inserted_at is 'When the row was made.';
comment on column insight.group_policies.updated_at is 'When the row last changed (kept by a trigger).';
comment on constraint group_policies_since_check on insight.group_policies is 'What is on has a beginning, what is off has none.';
comment on index insight.group_policies_pkey is 'The policy of a group; serves the foreign key.';

create index group_policies_updated_by_idx on insight.group_policies (updated_by) where updated_by is not null;
comment on index insight.group_policies_updated_by_idx is 'Serves the foreign key.';

alter table insight.group_policies enable row level security;

create table insight.tasks (
  id uuid not null default core.uuidv7(),
  kind text not null,
  channel_id uuid not null,
  start_message_id uuid not null,
  end_message_id uuid not null,
  available_at timestamptz not null default now(),
  attempts smallint not null default 0,
  claim_id uuid,
  source_digest bytea,
  failed_at timestamptz,
  last_error varchar(500),
  inserted_at timestamptz not null default now(),
  constraint tasks_pkey primary key (id),
  constraint tasks_channel_id_fkey foreign key (channel_id) references groups.channels (id) on delete cascade,
  constraint tasks_range_key unique (kind, channel_id, start_message_id, end_message_id),
  constraint tasks_kind_check check (kind in ('analysis', 'summary')),
  constraint tasks_range_check check (
    start_message_id <= end_message_id
    and (kind <> 'analysis' or start_message_id = end_message_id)
  ),
  constraint tasks_attempts_check check (attempts >= 0),
  constraint tasks_digest_check check (octet_length(source_digest) = 32)
)
with (fillfactor = 80);

comment on table insight.tasks is
  'Work for the process that asks the models: messages to analyse, ranges to summarise. A task that is taken is available again when the claim ends, so a process that dies loses nothing. Done tasks are deleted, hopeless ones stay for 30 days with their last error.';
comment on column insight.tasks.id is 'Time-ordered identifier.';
comment on column insight.tasks.kind is 'analysis (of one message) or summary (of a range).';
comment on column insight.tasks.channel_id is 'The channel or thread.';
comment on column insight.tasks.start_message_id is 'The first message. A position, not a reference: a message that is purged blocks nothing.';
comment on column insight.tasks.end_message_id is 'The last message.';
comment on column insight.tasks.available_at is 'When it may be taken: at once, after a pause that follows a failure, or when the present claim ends.';
comment on column insight.tasks.attempts is 'How often it was taken.';
comment on column insight.tasks.claim_id is 'Names the present claim; results without it are refused.';
comment on column insight.tasks.source_digest is 'SHA-256 of what the holder of the claim was given to read. A result is kept if the source still has it.';
comment on column insight.tasks.failed_at is 'When it was given up.';
comment on column insight.tasks.last_error is 'What the last failure was, in the words of the process; never what people wrote.';
comment on column insight.tasks.inserted_at is 'When the row was made.';
comment on constraint tasks_range_key on insight.tasks is 'Asked for twice is done once.';
comment on constraint tasks_kind_check on insight.tasks is 'The kinds that exist.';
comment on constraint tasks_range_check on insight.tasks is 'A range is in order; an analysis is of one message.';
comment on constraint tasks_attempts_check on insight.tasks is 'A count.';
comment on constraint tasks_digest_check on insight.tasks is 'The length of the digest.';
comment on index insight.tasks_pkey is 'One task by its identifier.';
comment on index insight.tasks_range_key is 'Is this asked for already?';

create index tasks_due_idx on insight.tasks (kind, available_at, id) where failed_at is null;
create unique index tasks_claim_key on insight.tasks (claim_id) where claim_id is not null;
create index tasks_channel_idx on insight.tasks (channel_id);
comment on index insight.tasks_due_idx is 'What can be taken next, longest waiting first.';
comment on index insight.tasks_claim_key is 'The task of a claim.';
comment on index insight.tasks_channel_idx is 'Serves the foreign key.';

alter table insight.tasks enable row level security;

create table insight.message_analyses (
  channel_id uuid not null,
  message_id uuid not null,
  model_name varchar(50) not null,
  model_version varchar(50) not null,
  author_id uuid not null,
  sentiment_score numeric(3, 2),
  toxicity_score numeric(3, 2),
  confidence_score numeric(3, 2),
  language_code varchar(10),
  topics text[] not null default '{}',
  entities jsonb not null default '{}',
  summary text,
  input_tokens integer not null default 0,
  output_tokens integer not null default 0,
  cost numeric(18, 9) not null default 0,
  claim_id uuid,
  inserted_at timestamptz not null default now(),
  constraint message_analyses_pkey primary key (channel_id, message_id, model_name, model_version),
  constraint message_analyses_message_fkey foreign key (channel_id, message_id) references groups.channel_messages (channel_id, id) on delete cascade,
  constraint message_analyses_author_id_fkey foreign key (author_id) references core.users (id) on delete cascade,
  constraint message_analyses_ranges_check check (
    sentiment_score between -1 and 1
    and toxicity_score between 0 and 1
    and confidence_score between 0 and 1
  ),
  constraint message_analyses_size_check check (
    cardinality(topics) <= 20
    and array_position(topics, null) is null
    and jsonb_typeof(entities) = 'object'
    and pg_column_size(entities) <= 10000
    and char_length(summary) <= 500
  ),
  constraint message_analyses_cost_check check (
    input_tokens >= 0
    and output_tokens >= 0
    and cost >= 0
    and cost < 'infinity'
  )
);

comment on table insight.message_analyses is
  E'@name message_analysis\nWhat one model makes of one message of a channel. Gone as soon as the message is edited or deleted.';
comment on column insight.message_analyses.channel_id is 'The channel.';
comment on column insight.message_analyses.message_id is 'The message.';
comment on column insight.message_analyses.model_name is 'The model.';
comment on column insight.message_analyses.model_version is 'Its version.';
comment on column insight.message_analyses.author_id is 'Who wrote the message, so that what is worked out about a person can be found and deleted.';
comment on column insight.message_analyses.sentiment_score is 'From -1 (against) to 1 (in favour).';
comment on column insight.message_analyses.toxicity_score is 'From 0 to 1.';
comment on column insight.message_analyses.confidence_score is 'How sure the model is, from 0 to 1.';
comment on column insight.message_analyses.language_code is 'Language of the message.';
comment on column insight.message_analyses.topics is 'What it is about; at most 20.';
comment on column insight.message_analyses.entities is 'What it names.';
comment on column insight.message_analyses.summary is 'Its gist, in at most 500 characters.';
comment on column insight.message_analyses.input_tokens is 'How much the model read.';
comment on column insight.message_analyses.output_tokens is 'How much it wrote.';
comment on column insight.message_analyses.cost is 'What that cost, in the currency of the installation.';
comment on column insight.message_analyses.claim_id is 'The claim that it was made under: the same result sent twice is kept once.';
comment on column insight.message_analyses.inserted_at is 'When the row was made.';
comment on constraint message_analyses_message_fkey on insight.message_analyses is 'An analysis goes with its message.';
comment on constraint message_analyses_ranges_check on insight.message_analyses is 'The scales; three digits alone would let 9.99 pass.';
comment on constraint message_analyses_size_check on insight.message_analyses is 'A model that talks too much is not kept.';
comment on constraint message_analyses_cost_check on insight.message_analyses is 'Nothing is negative, or no number.';
comment on index insight.message_analyses_pkey is 'The analyses of a message, of a channel; serves the foreign key.';

create index message_analyses_toxic_idx on insight.message_analyses (channel_id, toxicity_score desc)
  where toxicity_score >= 0.80;
create index message_analyses_topics_idx on insight.message_analyses using gin (channel_id, topics);
create index message_analyses_author_idx on insight.message_analyses (author_id);
create unique index message_analyses_claim_key on insight.message_analyses (claim_id) where claim_id is not null;
comment on index insight.message_analyses_toxic_idx is 'The worst messages of a channel.';
comment on index insight.message_analyses_topics_idx is 'What was said about a topic in a channel, through insight.search_topics.';
comment on index insight.message_analyses_author_idx is 'What is worked out about a person: erasure and withdrawn consent; serves the foreign key.';
comment on index insight.message_analyses_claim_key is 'Was the result of this claim kept?';

alter table insight.message_analyses enable row level security;

create table insight.conversation_summaries (
  id uuid not null default core.uuidv7(),
  channel_id uuid not null,
  start_message_id uuid not null,
  end_message_id uuid not null,
  summary text not null,
  key_points text[] not null default '{}',
  message_count integer not null,
  model_name varchar(50) not null,
  model_version varchar(50) not null,
  input_tokens integer not null default 0,
  output_tokens integer not null default 0,
  cost numeric(18, 9) not null default 0,
  claim_id uuid,
  stale_at timestamptz,
  is_stale boolean not null generated always as (stale_at is not null) stored,
  inserted_at timestamptz not null default now(),
  constraint conversation_summaries_pkey primary key (id),
  constraint conversation_summaries_channel_id_fkey foreign key (channel_id) references groups.channels (id) on delete cascade,
  constraint conversation_summaries_range_key unique (channel_id, start_message_id, end_message_id),
  constraint conversation_summaries_range_check check (start_message_id <= end_message_id and message_count > 0),
  constraint conversation_summaries_size_check check (
    char_length(summary) between 1 and 8000
    and cardinality(key_points) <= 20
    and array_position(key_points, null) is null
  ),
  constraint conversation_summaries_cost_check check (
    input_tokens >= 0
    and output_tokens >= 0
    and cost >= 0
    and cost < 'infinity'
  )
);

comment on table insight.conversation_summaries is
  E'@name conversation_summary\nThe gist of a run of messages in a channel. As soon as one of them is edited, deleted or withdrawn it is shown to nobody, and made anew or deleted within a day.';
comment on column insight.conversation_summaries.id is 'Time-ordered identifier.';
comment on column insight.conversation_summaries.channel_id is 'The channel.';
comment on column insight.conversation_summaries.start_message_id is 'The first message. A position, not a reference: a message that is purged blocks nothing.';
comment on column insight.conversation_summaries.end_message_id is 'The last message.';
comment on column insight.conversation_summaries.summary is 'The text.';
comment on column insight.conversation_summaries.key_points is 'The main points; at most 20.';
comment on column insight.conversation_summaries.message_count is 'How many messages it was made of.';
comment on column insight.conversation_summaries.model_name is 'The model.';
comment on column insight.conversation_summaries.model_version is 'Its version.';
comment on column insight.conversation_summaries.input_tokens is 'How much the model read.';
comment on column insight.conversation_summaries.output_tokens is 'How much it wrote.';
comment on column insight.conversation_summaries.cost is 'What that cost, in the currency of the installation.';
comment on column insight.conversation_summaries.claim_id is 'The claim that it was made under: the same result sent twice is kept once.';
comment on column insight.conversation_summaries.stale_at is 'Since when it says what was edited, deleted or withdrawn.';
comment on column insight.conversation_summaries.is_stale is 'Whether it does.';
comment on column insight.conversation_summaries.inserted_at is 'When the row was made.';
comment on constraint conversation_summaries_range_key on insight.conversation_summaries is 'One summary of a range.';
comment on constraint conversation_summaries_range_check on insight.conversation_summaries is 'In order, and of something.';
comment on constraint conversation_summaries_size_check on insight.conversation_summaries is 'A model that talks too much is not kept.';
comment on constraint conversation_summaries_cost_check on insight.conversation_summaries is 'Nothing is negative, or no number.';
comment on index insight.conversation_summaries_pkey is 'One summary by its identifier.';
comment on index insight.conversation_summaries_range_key is 'Is this range summarised already?';

create index conversation_summaries_feed_idx on insight.conversation_summaries (channel_id, end_message_id desc, id desc);
create index conversation_summaries_stale_idx on insight.conversation_summaries (stale_at) where stale_at is not null;
create unique index conversation_summaries_claim_key on insight.conversation_summaries (claim_id) where claim_id is not null;
comment on index insight.conversation_summaries_feed_idx is E'@order NEW unique\nThe summaries of a channel, newest first; serves the foreign key.';
comment on index insight.conversation_summaries_stale_idx is 'What has to be made anew or deleted.';
comment on index insight.conversation_summaries_claim_key is 'Was the result of this claim kept?';

alter table insight.conversation_summaries enable row level security;

create table insight.summary_participants (
  summary_id uuid not null,
  user_id uuid not null,
  message_count integer not null default 0,
  constraint summary_participants_pkey primary key (summary_id, user_id),
  constraint summary_participants_summary_id_fkey foreign key (summary_id) references insight.conversation_summaries (id) on delete cascade,
  constraint summary_participants_user_id_fkey foreign key (user_id) references core.users (id) on delete cascade,
  constraint summary_participants_count_check check (message_count >= 0)
);

comment on table insight.summary_participants is
  E'@name summary_participant\nWhose messages a summary was made of: worked out from the messages, so that what is said about a person can be found.';
comment on column insight.summary_participants.summary_id is 'The summary.';
comment on column insight.summary_participants.user_id is 'The person.';
comment on column insight.summary_participants.message_count is 'How many of their messages.';
comment on constraint summary_participants_count_check on insight.summary_participants is 'A count.';
comment on index insight.summary_participants_pkey is 'Who appears in a summary; serves the foreign key.';

create index summary_participants_user_idx on insight.summary_participants (user_id);
comment on index insight.summary_participants_user_idx is 'Where a person appears: erasure and withdrawn consent; serves the foreign key.';

alter table insight.summary_participants enable row level security;

create table insight.reputation_sources (
  name varchar(60) not null,
  component text not null,
  is_of_groups boolean not null,
  needs text,
  query text not null,
  constraint reputation_sources_pkey primary key (name),
  constraint reputation_sources_component_check check (
    component in ('helpful_messages', 'quality_contributions', 'community_engagement', 'moderation_actions')
  )
);

comment on table insight.reputation_sources is
  'What reputation is counted from. Every module can add rows; the nightly job reads nothing else.';
comment on column insight.reputation_sources.name is 'Name of the source.';
comment on column insight.reputation_sources.component is 'The column of reputation_scores that it adds to.';
comment on column insight.reputation_sources.is_of_groups is 'Whether it is counted for each group ($1 of the query), or once for the whole platform.';
comment on column insight.reputation_sources.needs is 'Table of another module without which the source is silent.';
comment on column insight.reputation_sources.query is 'Query with the columns user_id and value, one row a person, value a whole number. The same facts must give the same figures: no clock, no chance.';
comment on index insight.reputation_sources_pkey is 'One source by its name.';
comment on constraint reputation_sources_component_check on insight.reputation_sources is 'The components that exist.';

alter table insight.reputation_sources enable row level security;

create table insight.reputation_scores (
  id uuid not null default core.uuidv7(),
  user_id uuid not null,
  group_id uuid,
  score integer not null default 0,
  helpful_messages integer not null default 0,
  quality_contributions integer not null default 0,
  community_engagement integer not null default 0,
  moderation_actions integer not null default 0,
  last_calculated timestamptz not null default now(),
  inserted_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint reputation_scores_pkey primary key (id),
  constraint reputation_scores_user_id_fkey foreign key (user_id) references core.users (id) on delete cascade,
  constraint reputation_scores_group_id_fkey foreign key (group_id) references groups.groups (id) on delete cascade,
  constraint reputation_scores_user_group_key unique nulls not distinct (user_id, group_id)
);

comment on table insight.reputation_scores is
  E'@name reputation_score\nWhat a person has earned in a group, or, without one, on the whole platform. Worked out anew each night from the facts, by nobody''s hand.';
comment on column insight.reputation_scores.id is 'Time-ordered identifier.';
comment on column insight.reputation_scores.user_id is 'The person.';
comment on column insight.reputation_scores.group_id is 'The group; null = everywhere.';
comment on column insight.reputation_scores.score is 'The components, weighed by the setting insight.reputation_weights.';
comment on column insight.reputation_scores.helpful_messages is 'Messages that somebody else answered with a reaction.';
comment on column insight.reputation_scores.quality_contributions is 'What others voted for, less what they voted against.';
comment on column insight.reputation_scores.community_engagement is 'Days on which the person wrote.';
comment on column insight.reputation_scores.moderation_actions is 'Actions against the person that stand.';
comment on column insight.reputation_scores.last_calculated is 'When these figures were last found to have changed; ops.job_runs says when they were last looked at.';
comment on column insight.reputation_scores.inserted_at is 'When the row was made.';
comment on column insight.reputation_scores.updated_at is 'When the row last changed (kept by a trigger).';
comment on constraint reputation_scores_user_group_key on insight.reputation_scores is 'One row a person and group, and one without a group.';
comment on index insight.reputation_scores_pkey is 'One row by its identifier.';
comment on index insight.reputation_scores_user_group_key is 'What a person has earned; serves the foreign key.';

create index reputation_scores_board_idx on insight.reputation_scores (group_id, score desc, user_id);
create index reputation_scores_platform_idx on insight.reputation_scores (score desc, user_id) where group_id is null;
comment on index insight.reputation_scores_board_idx is E'@order BOARD unique\nThe board of a group, highest first; serves the foreign key.';
comment on index insight.reputation_scores_platform_idx is 'The board of the platform, highest first: "is null" does not make the other index one that is in order.';

alter table insight.reputation_scores enable row level security;

create table insight.community_health (
  group_id uuid not null,
  date date not null,
  active_users integer not null default 0,
  message_count integer not null default 0,
  positive_sentiment_ratio numeric(3, 2),
  toxicity_incidents integer not null default 0,
  moderation_actions integer not null default 0,
  engagement_score numeric(5, 2),
  health_score numeric(3, 2),
  inserted_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint community_health_pkey primary key (group_id, date),
  constraint community_health_group_id_fkey foreign key (group_id) references groups.groups (id) on delete cascade,
  constraint community_health_ranges_check check (
    positive_sentiment_ratio between 0 and 1
    and health_score between 0 and 1
    and engagement_score between 0 and 100
  ),
  constraint community_health_counts_check check (
    active_users >= 0
    and message_count >= 0
    and toxicity_incidents >= 0
    and moderation_actions >= 0
  )
);

comment on table insight.community_health is
  E'@name community_health\nHow a group fared on one day (UTC). Days on which nothing happened have no row.';
comment on column insight.community_health.group_id is 'The group.';
comment on column insight.community_health.date is 'The day.';
comment on column insight.community_health.active_users is 'How many people wrote.';
comment on column insight.community_health.message_count is 'How many messages people wrote; deleted ones do not count.';
comment on column insight.community_health.positive_sentiment_ratio is 'Share of friendly messages among those whose tone was analysed; null = none was.';
comment on column insight.community_health.toxicity_incidents is 'Messages with a toxicity of 0.80 or more.';
comment on column insight.community_health.moderation_actions is 'What the staff of the group did to members and messages, by the audit log.';
comment on column insight.community_health.engagement_score is 'Share of the members who wrote, in percent.';
comment on column insight.community_health.health_score is '0.4 for tone, 0.3 for activity (full when a quarter of the members wrote), 0.3 for peace (none left when one message in fifty was toxic); null where no tone was analysed.';
comment on column insight.community_health.inserted_at is 'When the row was made.';
comment on column insight.community_health.updated_at is 'When the row last changed (kept by a trigger).';
comment on constraint community_health_ranges_check on insight.community_health is 'The scales.';
comment on constraint community_health_counts_check on insight.community_health is 'Counts.';
comment on index insight.community_health_pkey is E'@order DAY backward\nThe days of a group, newest first; serves the foreign key.';

alter table insight.community_health enable row level security;

insert into insight.reputation_sources (name, component, is_of_groups, needs, query) values
  (
    'messages_with_reactions',
    'helpful_messages',
    true,
    null,
    'select message.sender_id as user_id, count(*) as value from groups.channels as channel join groups.channel_messages as message on message.channel_id = channel.id where channel.group_id = $1 and channel.deleted_at is null and message.deleted_at is null and message.sender_id is not null and exists (select from groups.message_reactions as reaction where reaction.channel_id = message.channel_id and reaction.message_id = message.id and reaction.user_id <> message.sender_id) group by message.sender_id'
  ),
  (
    'days_with_messages',
    'community_engagement',
    true,
    null,
    'select message.sender_id as user_id, count(distinct (message.inserted_at at time zone ''UTC'')::date) as value from groups.channels as channel join groups.channel_messages as message on message.channel_id = channel.id where channel.group_id = $1 and channel.deleted_at is null and message.deleted_at is null and message.sender_id is not null group by message.sender_id'
  ),
  (
    'group_bans',
    'moderation_actions',
    true,
    null,
    'select ban.user_id, 1 as value from groups.bans as ban where ban.group_id = $1'
  ),
  (
    'forum_post_scores',
    'quality_contributions',
    false,
    'forums.posts',
    'select post.author_id as user_id, sum(post.score) as value from forums.posts as post where post.author_id is not null and post.deleted_at is null group by post.author_id'
  ),
  (
    'forum_comment_scores',
    'quality_contributions',
    false,
    'forums.comments',
    'select comment.author_id as user_id, sum(comment.score) as value from forums.comments as comment where comment.author_id is not null and comment.deleted_at is null group by comment.author_id'
  ),
  (
    'completed_tasks_of_groups',
    'quality_contributions',
    true,
    'workspace.tasks',
    'select task.assignee_id as user_id, count(*) as value from workspace.tasks as task join workspace.projects as project on project.id = task.project_id where project.group_id = $1 and project.deleted_at is null and task.status = ''done'' and task.deleted_at is null and task.assignee_id is not null group by task.assignee_id'
  ),
  (
    'completed_tasks',
    'quality_contributions',
    false,
    'workspace.tasks',
    'select task.assignee_id as user_id, count(*) as value from workspace.tasks as task join workspace.projects as project on project.id = task.project_id where project.group_id is null and project.deleted_at is null and task.status = ''done'' and task.deleted_at is null and task.assignee_id is not null group by task.assignee_id'
  ),
  (
    'warnings',
    'moderation_actions',
    false,
    'moderation.warnings',
    'select warning.user_id, count(*) as value from moderation.warnings as warning where warning.revoked_at is null group by warning.user_id'
  );

insert into core.user_metrics (name, query) values
  ('reputation', 'select user_id, score as value from insight.reputation_scores where group_id is null');

insert into ops.backup_tiers (table_name, tier) values
  ('insight.group_policies', 'B'),
  ('insight.tasks', 'D'),
  ('insight.message_analyses', 'D'),
  ('insight.conversation_summaries', 'D'),
  ('insight.summary_participants', 'D'),
  ('insight.reputation_sources', 'A'),
  ('insight.reputation_scores', 'D'),
  ('insight.community_health', 'D');

insert into ops.personal_data_rules (table_name, column_name, action, reason) values
  ('insight.group_policies', 'updated_by', 'keep', 'An administrative act; points at the tombstone.'),
  ('insight.message_analyses', 'author_id', 'delete', 'Worked out about the person; can be made anew only from what they wrote.'),
  ('insight.summary_participants', 'user_id', 'delete', 'Says that the person is spoken of; the summary becomes stale with it.'),
  ('insight.conversation_summaries', 'summary', 'delete', 'Says what the person said: hidden as soon as their row among the participants goes, made anew without them or deleted within a day.'),
  ('insight.reputation_scores', 'user_id', 'delete', 'Worked out about the person.');

insert into ops.retention_policies (name, target, predicate) values
  ('insight_message_analyses', 'insight.message_analyses', 'inserted_at < :now - interval ''180 days'''),
  ('insight_summaries', 'insight.conversation_summaries', 'inserted_at < :now - interval ''180 days'''),
  ('insight_stale_summaries', 'insight.conversation_summaries', 'stale_at <= :now'),
  ('insight_tasks', 'insight.tasks', 'inserted_at < :now - interval ''30 days'''),
  ('insight_community_health', 'insight.community_health', 'date < (:now - interval ''2 years'')::date');

insert into core.settings (key, value, type, description, is_public) values
  ('insight.max_attempts', '5', 'integer', 'How often a message or a range is given to a model before it is given up.', false),
  ('insight.summary_messages', '50', 'integer', 'Of how many messages a summary is made.', false),
  ('insight.reputation_weights', '{"helpful_messages":5,"quality_contributions":3,"community_engagement":1,"moderation_actions":-10}', 'json', 'What each component of a reputation is worth, in whole numbers; what is not named is worth nothing.', true);

insert into core.error_codes (reason, sqlstate, message, cure) values
  ('insight_claim.lost', 'ST409', 'This claim is not in force.', 'It ended, or its result was sent before; claim again.'),
  ('insight_claim.invalid', 'ST422', 'Claims are of analyses or summaries, of 1 to 100 tasks, for 10 to 3,600 seconds.', 'Correct the values.'),
  ('message_analysis.invalid', 'ST422', 'A score is off its scale, or something is missing or too long.', 'Sentiment is -1 to 1, toxicity and confidence 0 to 1; name the model and its version; at most 20 topics.'),
  ('conversation_summary.invalid', 'ST422', 'Something of the summary is missing or too long.', 'A text of 1 to 8,000 characters, at most 20 points, the model and its version.');

-- Down Migration

delete from core.error_codes
where reason in ('insight_claim.lost', 'insight_claim.invalid', 'message_analysis.invalid', 'conversation_summary.invalid');
delete from core.settings where key like 'insight.%';
delete from ops.retention_policies where target like 'insight.%';
delete from ops.personal_data_rules where table_name like 'insight.%';
delete from ops.backup_tiers where table_name like 'insight.%';
delete from core.user_metrics where name = 'reputation';

drop table insight.community_health;
drop table insight.reputation_scores;
drop table insight.reputation_sources;
drop table insight.summary_participants;
drop table insight.conversation_summaries;
drop table insight.message_analyses;
drop table insight.tasks;
drop table insight.group_policies;
drop schema insight;
