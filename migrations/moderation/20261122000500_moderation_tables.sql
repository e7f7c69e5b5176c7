-- Why: moderation of the whole platform: reports, the work queue that they collect in, warnings with points, bans. It
-- references the base alone; what can be reported is told by the modules themselves, in core.report_subjects.
-- Lock order of everything in this module: the person (core.users) first, then the queue item, then its reports by id,
-- then warnings and bans of that person. Content that a decision takes down is locked last.
-- Locks: none on anything that holds data. Back: drops the schema with its reports, warnings and bans; a ban that runs
-- then stays in core.users.banned_until until it ends.

-- Up Migration

create schema moderation;
comment on schema moderation is 'Reports, the work queue of moderators, warnings with points, bans and appeals.';

grant usage on schema moderation to stoa_anonymous, stoa_worker;

create table moderation.queue_items (
  id uuid not null default core.uuidv7(),
  queue_type text not null,
  item_type varchar(40) not null,
  item_id uuid not null,
  item_parent_id uuid,
  subject_user_id uuid,
  status text not null default 'pending',
  priority smallint not null default 0,
  report_count integer not null default 0,
  submitted_by uuid,
  assigned_to uuid,
  assigned_at timestamptz,
  resolved_by uuid,
  resolved_at timestamptz,
  resolution text,
  notes text,
  metadata jsonb not null default '{}',
  inserted_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint queue_items_pkey primary key (id),
  constraint queue_items_item_type_fkey foreign key (item_type) references core.report_subjects (type) on delete restrict,
  constraint queue_items_subject_user_id_fkey foreign key (subject_user_id) references core.users (id) on delete set null,
  constraint queue_items_submitted_by_fkey foreign key (submitted_by) references core.users (id) on delete set null,
  constraint queue_items_assigned_to_fkey foreign key (assigned_to) references core.users (id) on delete set null,
  constraint queue_items_resolved_by_fkey foreign key (resolved_by) references core.users (id) on delete set null,
  constraint queue_items_type_check check (queue_type in ('approval', 'investigation', 'appeal')),
  constraint queue_items_status_check check (status in ('pending', 'in_progress', 'resolved')),
  constraint queue_items_claim_check check (
    (status <> 'pending' or (assigned_to is null and assigned_at is null))
    and (status <> 'in_progress' or assigned_at is not null)
  ),
  constraint queue_items_resolution_check check (
    resolution in ('approved', 'rejected', 'actioned', 'dismissed')
    and (status = 'resolved') = (resolved_at is not null)
    and (status = 'resolved') = (resolution is not null)
  ),
  constraint queue_items_report_count_check check (report_count >= 0),
  constraint queue_items_metadata_check check (jsonb_typeof(metadata) = 'object')
);

comment on table moderation.queue_items is
  E'@name moderation_queue_item\nWork of moderators: something to approve, a complaint to look into, an appeal to decide. All open reports of one thing share one item. A claim lapses by itself after four hours (setting moderation.claim_hours).';
comment on column moderation.queue_items.id is 'Time-ordered identifier.';
comment on column moderation.queue_items.queue_type is 'What kind of work: approval, investigation or appeal.';
comment on column moderation.queue_items.item_type is 'What kind of thing it is about.';
comment on column moderation.queue_items.item_id is 'The thing; a soft reference, for the item outlives it.';
comment on column moderation.queue_items.item_parent_id is 'Its container, where the key has two columns.';
comment on column moderation.queue_items.subject_user_id is 'Whom it is about: they neither see the item nor work on it, whatever their role.';
comment on column moderation.queue_items.status is 'pending, in_progress (claimed) or resolved.';
comment on column moderation.queue_items.priority is 'Higher comes first; the highest of the reasons reported.';
comment on column moderation.queue_items.report_count is 'Open reports attached to it (kept by a trigger on reports).';
comment on column moderation.queue_items.submitted_by is 'Who brought it up first; null = the system.';
comment on column moderation.queue_items.assigned_to is E'@name assigned_to_id\nWho works on it.';
comment on column moderation.queue_items.assigned_at is 'Since when.';
comment on column moderation.queue_items.resolved_by is 'Who decided.';
comment on column moderation.queue_items.resolved_at is 'When.';
comment on column moderation.queue_items.resolution is 'approved or rejected (approvals, appeals), actioned or dismissed (investigations).';
comment on column moderation.queue_items.notes is 'Notes of staff.';
comment on column moderation.queue_items.metadata is 'What else belongs to it: the text of an appeal, what a detector found.';
comment on column moderation.queue_items.inserted_at is 'When the row was made.';
comment on column moderation.queue_items.updated_at is 'When the row last changed (kept by a trigger).';
comment on constraint queue_items_type_check on moderation.queue_items is 'The queues that exist.';
comment on constraint queue_items_status_check on moderation.queue_items is 'The states that exist.';
comment on constraint queue_items_claim_check on moderation.queue_items is 'What waits is nobody''s, what is worked on was claimed at some time.';
comment on constraint queue_items_resolution_check on moderation.queue_items is 'What is resolved says how and when, nothing else does.';
comment on constraint queue_items_report_count_check on moderation.queue_items is 'A count is never negative.';
comment on constraint queue_items_metadata_check on moderation.queue_items is 'Always an object.';

create unique index queue_items_open_key on moderation.queue_items (queue_type, item_type, item_id)
  where status <> 'resolved';
create index queue_items_claim_idx on moderation.queue_items (queue_type, priority desc, id)
  where status = 'pending';
create index queue_items_lapse_idx on moderation.queue_items (queue_type, assigned_at)
  where status = 'in_progress';
create index queue_items_item_idx on moderation.queue_items (item_type, item_id);
create index queue_items_assigned_idx on moderation.queue_items (assigned_to, status)
  where assigned_to is not null;
create index queue_items_subject_user_idx on moderation.queue_items (subject_user_id)
  where subject_user_id is not null;
create index queue_items_submitted_idx on moderation.queue_items (submitted_by)
  where submitted_by is not null;
create index queue_items_resolved_by_idx on moderation.queue_items (resolved_by)
  where resolved_by is not null;

comment on index moderation.queue_items_pkey is 'One item by its identifier.';
comment on index moderation.queue_items_open_key is 'One open item per thing: a second report joins the first one''s item.';
comment on index moderation.queue_items_claim_idx is 'A page of a queue, and its next item: highest priority, then oldest.';
comment on index moderation.queue_items_lapse_idx is 'Claims that have lapsed.';
comment on index moderation.queue_items_item_idx is 'Everything that was ever queued about a thing; serves the foreign key.';
comment on index moderation.queue_items_assigned_idx is 'What somebody works on; serves the foreign key.';
comment on index moderation.queue_items_subject_user_idx is 'What is queued about a person; serves the foreign key.';
comment on index moderation.queue_items_submitted_idx is 'Serves the foreign key.';
comment on index moderation.queue_items_resolved_by_idx is 'Serves the foreign key.';

alter table moderation.queue_items enable row level security;

create table moderation.reports (
  id uuid not null default core.uuidv7(),
  reporter_id uuid,
  report_type varchar(40) not null,
  subject_id uuid not null,
  subject_parent_id uuid,
  subject_user_id uuid,
  reason varchar(40) not null,
  description varchar(2000),
  evidence jsonb default '{}',
  status text not null default 'pending',
  queue_item_id uuid,
  assigned_to uuid,
  resolved_by uuid,
  resolved_at timestamptz,
  action_taken text,
  resolution_note text,
  inserted_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint reports_pkey primary key (id),
  constraint reports_reporter_id_fkey foreign key (reporter_id) references core.users (id) on delete set null,
  constraint reports_report_type_fkey foreign key (report_type) references core.report_subjects (type) on delete restrict,
  constraint reports_subject_user_id_fkey foreign key (subject_user_id) references core.users (id) on delete set null,
  constraint reports_queue_item_id_fkey foreign key (queue_item_id) references moderation.queue_items (id) on delete set null,
  constraint reports_assigned_to_fkey foreign key (assigned_to) references core.users (id) on delete set null,
  constraint reports_resolved_by_fkey foreign key (resolved_by) references core.users (id) on delete set null,
  constraint reports_reason_check check (reason in ('spam', 'abuse', 'illegal', 'copyright', 'dupe', 'wrong_category', 'other')),
  constraint reports_status_check check (status in ('pending', 'investigating', 'resolved', 'dismissed')),
  constraint reports_action_check check (action_taken in ('none', 'removed', 'warned', 'banned', 'edited')),
  constraint reports_resolved_check check (
    (status in ('resolved', 'dismissed')) = (resolved_at is not null)
    and (status in ('resolved', 'dismissed')) = (action_taken is not null)
  ),
  constraint reports_evidence_check check (jsonb_typeof(evidence) = 'object')
);

comment on table moderation.reports is
  E'@name report\nA complaint about something, with a copy of it as it was. The copy is read through moderation.open_evidence alone, which records who looked and why.';
comment on column moderation.reports.id is 'Time-ordered identifier.';
comment on column moderation.reports.reporter_id is 'Who complains.';
comment on column moderation.reports.report_type is 'What kind of thing it is about.';
comment on column moderation.reports.subject_id is 'The thing; a soft reference, for the report outlives it.';
comment on column moderation.reports.subject_parent_id is 'Its container, where the key has two columns.';
comment on column moderation.reports.subject_user_id is 'Who answers for it, as it was known at filing.';
comment on column moderation.reports.reason is 'spam, abuse, illegal, copyright, dupe, wrong_category or other.';
comment on column moderation.reports.description is 'What the reporter says about it.';
comment on column moderation.reports.evidence is 'The thing as it was at filing. Granted to nobody; null = blanked, a year after the decision.';
comment on column moderation.reports.status is 'pending, investigating (somebody works on it), resolved or dismissed.';
comment on column moderation.reports.queue_item_id is 'The piece of work that it is part of.';
comment on column moderation.reports.assigned_to is E'@name assigned_to_id\nWho works on it.';
comment on column moderation.reports.resolved_by is 'Who decided.';
comment on column moderation.reports.resolved_at is 'When.';
comment on column moderation.reports.action_taken is 'What came of it: none, removed, warned, banned or edited.';
comment on column moderation.reports.resolution_note is 'Note of staff about the decision.';
comment on column moderation.reports.inserted_at is 'When the row was made.';
comment on column moderation.reports.updated_at is 'When the row last changed (kept by a trigger).';
comment on constraint reports_reason_check on moderation.reports is 'The reasons that exist.';
comment on constraint reports_status_check on moderation.reports is 'The states that exist.';
comment on constraint reports_action_check on moderation.reports is 'The outcomes that exist.';
comment on constraint reports_resolved_check on moderation.reports is 'A closed report says when and with what outcome, an open one does not.';
comment on constraint reports_evidence_check on moderation.reports is 'Always an object, or blanked.';

create unique index reports_open_key on moderation.reports (reporter_id, report_type, subject_id)
  where status in ('pending', 'investigating');
create index reports_status_idx on moderation.reports (status, id)
  where status in ('pending', 'investigating');
create index reports_subject_idx on moderation.reports (report_type, subject_id);
create index reports_subject_user_idx on moderation.reports (subject_user_id)
  where subject_user_id is not null;
create index reports_reporter_idx on moderation.reports (reporter_id, id);
create index reports_assigned_idx on moderation.reports (assigned_to, status)
  where assigned_to is not null;
create index reports_resolved_by_idx on moderation.reports (resolved_by)
  where resolved_by is not null;
create index reports_queue_idx on moderation.reports (queue_item_id)
  where queue_item_id is not null;

comment on index moderation.reports_pkey is 'One report by its identifier.';
comment on index moderation.reports_open_key is 'One open report per person and thing; how many open ones somebody has.';
comment on index moderation.reports_status_idx is 'Open reports, oldest or newest first.';
comment on index moderation.reports_subject_idx is 'All complaints about a thing; serves the foreign key.';
comment on index moderation.reports_subject_user_idx is 'All complaints about a person; serves the foreign key.';
comment on index moderation.reports_reporter_idx is 'The reports of one person, newest first; serves the foreign key.';
comment on index moderation.reports_assigned_idx is 'What somebody works on; serves the foreign key.';
comment on index moderation.reports_resolved_by_idx is 'Serves the foreign key.';
comment on index moderation.reports_queue_idx is 'The reports of one piece of work; serves the foreign key.';

alter table moderation.reports enable row level security;

create table moderation.warnings (
  id uuid not null default core.uuidv7(),
  user_id uuid not null,
  issued_by uuid,
  points smallint not null,
  reason varchar(1000) not null,
  staff_note text,
  report_id uuid,
  expires_at timestamptz default now() + interval '90 days',
  acknowledged_at timestamptz,
  revoked_at timestamptz,
  revoked_by uuid,
  inserted_at timestamptz not null default now(),
  constraint warnings_pkey primary key (id),
  constraint warnings_user_id_fkey foreign key (user_id) references core.users (id) on delete cascade,
  constraint warnings_issued_by_fkey foreign key (issued_by) references core.users (id) on delete set null,
  constraint warnings_report_id_fkey foreign key (report_id) references moderation.reports (id) on delete set null,
  constraint warnings_revoked_by_fkey foreign key (revoked_by) references core.users (id) on delete set null,
  constraint warnings_points_check check (points between 1 and 10)
);

comment on table moderation.warnings is
  E'@name warning\nA warning to a person, with points that count until it expires or is withdrawn. Enough points become a ban: moderation.point_thresholds.';
comment on column moderation.warnings.id is 'Time-ordered identifier.';
comment on column moderation.warnings.user_id is 'Who is warned.';
comment on column moderation.warnings.issued_by is 'Who warned; null = the system.';
comment on column moderation.warnings.points is 'Weight, 1 to 10.';
comment on column moderation.warnings.reason is 'Why, shown to the person.';
comment on column moderation.warnings.staff_note is 'Note of staff, not shown to the person.';
comment on column moderation.warnings.report_id is 'The report that it came of.';
comment on column moderation.warnings.expires_at is 'Until when the points count; null = for ever.';
comment on column moderation.warnings.acknowledged_at is 'When the person confirmed to have read it.';
comment on column moderation.warnings.revoked_at is 'When it was withdrawn: its points count no more.';
comment on column moderation.warnings.revoked_by is 'Who withdrew it.';
comment on column moderation.warnings.inserted_at is 'When the row was made.';
comment on constraint warnings_points_check on moderation.warnings is 'Closed range.';

create index warnings_user_idx on moderation.warnings (user_id, expires_at)
  where revoked_at is null;
create index warnings_user_all_idx on moderation.warnings (user_id, id);
create index warnings_issued_by_idx on moderation.warnings (issued_by)
  where issued_by is not null;
create index warnings_report_idx on moderation.warnings (report_id)
  where report_id is not null;
create index warnings_revoked_by_idx on moderation.warnings (revoked_by)
  where revoked_by is not null;

comment on index moderation.warnings_pkey is 'One warning by its identifier.';
comment on index moderation.warnings_user_idx is 'The points of a person that count now.';
comment on index moderation.warnings_user_all_idx is 'The warnings of a person, newest first; serves the foreign key.';
comment on index moderation.warnings_issued_by_idx is 'Serves the foreign key.';
comment on index moderation.warnings_report_idx is 'What came of a report; serves the foreign key.';
comment on index moderation.warnings_revoked_by_idx is 'Serves the foreign key.';

alter table moderation.warnings enable row level security;

create table moderation.point_thresholds (
  points smallint not null,
  ban_type text not null default 'account',
  duration interval,
  is_active boolean not null default true,
  constraint point_thresholds_pkey primary key (points),
  constraint point_thresholds_check check (points > 0),
  constraint point_thresholds_type_check check (ban_type in ('account', 'posting', 'chat', 'tracker')),
  constraint point_thresholds_duration_check check (duration > interval '0')
);

comment on table moderation.point_thresholds is
  E'@name point_threshold\nAt how many points of warnings which ban follows by itself. The highest threshold that is reached decides.';
comment on column moderation.point_thresholds.points is 'Points that count at once.';
comment on column moderation.point_thresholds.ban_type is 'What is barred then.';
comment on column moderation.point_thresholds.duration is 'For how long; null = for good.';
comment on column moderation.point_thresholds.is_active is 'Whether it is in force.';
comment on index moderation.point_thresholds_pkey is 'The highest threshold at or below a sum of points.';
comment on constraint point_thresholds_check on moderation.point_thresholds is 'Somebody without points is never banned for points.';
comment on constraint point_thresholds_type_check on moderation.point_thresholds is 'The kinds of bans that exist.';
comment on constraint point_thresholds_duration_check on moderation.point_thresholds is 'A ban lasts.';

alter table moderation.point_thresholds enable row level security;

create table moderation.bans (
  id uuid not null default core.uuidv7(),
  user_id uuid not null,
  banned_by uuid,
  ban_type text not null default 'account',
  reason varchar(1000) not null,
  staff_note text,
  source text not null default 'manual',
  points smallint,
  starts_at timestamptz not null default now(),
  expires_at timestamptz,
  lifted_at timestamptz,
  lifted_by uuid,
  lift_reason varchar(500),
  appealed_at timestamptz,
  inserted_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint bans_pkey primary key (id),
  constraint bans_user_id_fkey foreign key (user_id) references core.users (id) on delete cascade,
  constraint bans_banned_by_fkey foreign key (banned_by) references core.users (id) on delete set null,
  constraint bans_lifted_by_fkey foreign key (lifted_by) references core.users (id) on delete set null,
  constraint bans_no_overlap exclude using gist (
    user_id with =,
    ban_type with =,
    tstzrange(starts_at, coalesce(lifted_at, expires_at, 'infinity'::timestamptz)) with &&
  ),
  constraint bans_type_check check (ban_type in ('account', 'posting', 'chat', 'tracker')),
  constraint bans_source_check check (source in ('manual', 'points') and (source = 'points') = (points is not null)),
  constraint bans_times_check check (
    (expires_at is null or expires_at > starts_at)
    and (lifted_at is null or lifted_at >= starts_at)
  )
);

comment on table moderation.bans is
  E'@name ban\nBans from the whole site or from one activity, with their history. A ban is in force between its start and its end, unless it was lifted: nothing switches it, every check compares with the clock. Bans from single forums belong to the forums.';
comment on column moderation.bans.id is 'Time-ordered identifier.';
comment on column moderation.bans.user_id is 'Who is banned.';
comment on column moderation.bans.banned_by is 'Who banned; null = the system, for points.';
comment on column moderation.bans.ban_type is 'What is barred: account (everything), posting, chat or tracker.';
comment on column moderation.bans.reason is 'Why, shown to the banned person.';
comment on column moderation.bans.staff_note is 'Note of staff, not shown to the banned person.';
comment on column moderation.bans.source is 'manual, or points (a threshold was reached).';
comment on column moderation.bans.points is 'Of a ban for points: the threshold that was reached.';
comment on column moderation.bans.starts_at is 'From when.';
comment on column moderation.bans.expires_at is 'Until when; null = for good.';
comment on column moderation.bans.lifted_at is 'When it was ended early.';
comment on column moderation.bans.lifted_by is 'Who ended it.';
comment on column moderation.bans.lift_reason is 'Why it was ended.';
comment on column moderation.bans.appealed_at is 'When the banned person appealed: once per ban.';
comment on column moderation.bans.inserted_at is 'When the row was made.';
comment on column moderation.bans.updated_at is 'When the row last changed (kept by a trigger).';
comment on constraint bans_type_check on moderation.bans is 'The kinds that exist.';
comment on constraint bans_source_check on moderation.bans is 'A ban for points names its threshold, another does not.';
comment on constraint bans_times_check on moderation.bans is 'The times are in order.';

create index bans_user_idx on moderation.bans (user_id, id);
create index bans_expiry_idx on moderation.bans (expires_at)
  where lifted_at is null and expires_at is not null;
create index bans_banned_by_idx on moderation.bans (banned_by)
  where banned_by is not null;
create index bans_lifted_by_idx on moderation.bans (lifted_by)
  where lifted_by is not null;

comment on index moderation.bans_pkey is 'One ban by its identifier.';
comment on index moderation.bans_no_overlap is 'One ban of a kind at a time: a harsher one lifts the old one first. Also answers which ban of a kind runs.';
comment on index moderation.bans_user_idx is 'The bans of a person, newest first; serves the foreign key.';
comment on index moderation.bans_expiry_idx is 'Bans that end next. Nothing depends on anybody reading them.';
comment on index moderation.bans_banned_by_idx is 'Serves the foreign key.';
comment on index moderation.bans_lifted_by_idx is 'Serves the foreign key.';

alter table moderation.bans enable row level security;

insert into moderation.point_thresholds (points, ban_type, duration) values
  (3, 'posting', '3 days'),
  (6, 'account', '14 days'),
  (10, 'account', null);

insert into core.report_subjects (type, label, table_name, author_column, condition, is_reportable) values
  ('ban', 'ban', 'moderation.bans', 'user_id', 'false', false);

insert into ops.backup_tiers (table_name, tier) values
  ('moderation.queue_items', 'B'),
  ('moderation.reports', 'B'),
  ('moderation.warnings', 'A'),
  ('moderation.point_thresholds', 'A'),
  ('moderation.bans', 'A');

insert into ops.personal_data_rules (table_name, column_name, action, reason) values
  ('moderation.queue_items', 'subject_user_id', 'keep', 'Safety of the community: kept for a year after the decision; points at the tombstone.'),
  ('moderation.queue_items', 'submitted_by', 'keep', 'Who brought it up: points at the tombstone.'),
  ('moderation.queue_items', 'assigned_to', 'keep', 'Who moderated: points at the tombstone.'),
  ('moderation.queue_items', 'resolved_by', 'keep', 'Who moderated: points at the tombstone.'),
  ('moderation.queue_items', 'metadata', 'keep', 'What an appeal says: kept for a year after the decision.'),
  ('moderation.reports', 'reporter_id', 'keep', 'Safety of the community: kept for two years after the decision; points at the tombstone.'),
  ('moderation.reports', 'subject_user_id', 'keep', 'Safety of the community: kept for two years after the decision; points at the tombstone.'),
  ('moderation.reports', 'description', 'keep', 'Safety of the community: goes with the report.'),
  ('moderation.reports', 'evidence', 'keep', 'Safety of the community: blanked a year after the decision.'),
  ('moderation.reports', 'assigned_to', 'keep', 'Who moderated: points at the tombstone.'),
  ('moderation.reports', 'resolved_by', 'keep', 'Who moderated: points at the tombstone.'),
  ('moderation.warnings', 'user_id', 'keep', 'Safety of the community: kept for two years after it expires; points at the tombstone.'),
  ('moderation.warnings', 'issued_by', 'keep', 'Who moderated: points at the tombstone.'),
  ('moderation.warnings', 'revoked_by', 'keep', 'Who moderated: points at the tombstone.'),
  ('moderation.bans', 'user_id', 'keep', 'Safety of the community: kept as long as the account''s tombstone.'),
  ('moderation.bans', 'banned_by', 'keep', 'Who moderated: points at the tombstone.'),
  ('moderation.bans', 'lifted_by', 'keep', 'Who moderated: points at the tombstone.');

insert into ops.retention_policies (name, target, predicate, action, scrub_columns) values
  ('moderation_evidence', 'moderation.reports', 'resolved_at < :now - interval ''1 year'' and evidence is not null', 'scrub', '{evidence}'),
  ('moderation_reports', 'moderation.reports', 'resolved_at < :now - interval ''2 years''', 'delete', null),
  ('moderation_queue_items', 'moderation.queue_items', 'resolved_at < :now - interval ''1 year''', 'delete', null),
  ('moderation_warnings', 'moderation.warnings', 'expires_at < :now - interval ''2 years''', 'delete', null);

insert into core.settings (key, value, type, description, is_public) values
  ('moderation.auto_ban_enabled', 'true', 'boolean', 'Whether points of warnings become bans by themselves.', false),
  ('moderation.open_report_limit', '20', 'integer', 'How many open reports one person may have.', true),
  ('moderation.claim_hours', '4', 'integer', 'After how many hours a claim on a piece of work lapses.', false),
  ('moderation.warning_days', '90', 'integer', 'For how many days the points of a warning count when it does not say otherwise.', true),
  ('moderation.moderator_ban_days', '7', 'integer', 'The longest ban, in days, that a moderator may issue.', false),
  ('moderation.report_priorities', '{"illegal":50,"abuse":30,"copyright":20,"spam":10}', 'json', 'How urgent a reported reason is, from 0; what is not named is 0.', false);

insert into core.error_codes (reason, sqlstate, message, cure) values
  ('report.type_unknown', 'ST404', 'Nothing of this kind can be reported.', 'Choose from the list of report subjects.'),
  ('report.subject_unknown', 'ST404', 'There is no such thing, or you may not read it.', 'Check the identifiers.'),
  ('report.own', 'ST422', 'This is yours.', 'Edit or delete it yourself.'),
  ('report.reason_unknown', 'ST422', 'There is no such reason.', 'Send spam, abuse, illegal, copyright, dupe, wrong_category or other.'),
  ('report.duplicate', 'ST409', 'You have reported this already.', 'Moderators will look at it; your reports show how far they are.'),
  ('report.too_many', 'ST429', 'You have as many open reports as one person may have.', 'Wait until moderators have looked at some of them.'),
  ('report.unknown', 'ST404', 'There is no such report, or you may not work on it.', 'Check the identifier.'),
  ('report.action_invalid', 'ST422', 'The outcome and what is done do not fit.', 'Outcomes are none, removed, warned (with points), banned (with a kind of ban) and edited; none does nothing else.'),
  ('report.no_offender', 'ST422', 'Nobody answers for this, so nobody can be warned or banned for it.', 'Choose another outcome.'),
  ('report.not_removable', 'ST422', 'Things of this kind cannot be taken down from here.', 'Use the procedure of the module, then choose the outcome edited.'),
  ('report.evidence_gone', 'ST410', 'The copy of what was reported is blanked.', 'Copies are kept for a year after the decision.'),
  ('queue.type_unknown', 'ST422', 'There is no such queue.', 'Send approval, investigation or appeal.'),
  ('queue.empty', 'ST404', 'Nothing waits in this queue.', 'Ask again later.'),
  ('queue.unknown', 'ST404', 'There is no such piece of work.', 'Check the identifier.'),
  ('queue.resolved', 'ST409', 'This is decided already.', 'Read the decision.'),
  ('queue.taken', 'ST409', 'Somebody else works on this.', 'Take another one, or wait until the claim lapses.'),
  ('queue.not_yours', 'ST403', 'You do not work on this.', 'Only its holder or an administrator gives a piece of work back.'),
  ('queue.about_you', 'ST403', 'This is about you.', 'Leave it to somebody else.'),
  ('queue.assignee_unfit', 'ST422', 'This person may not work on it.', 'Choose a moderator in good standing whom it is not about; appeals need an administrator.'),
  ('queue.wrong_type', 'ST422', 'Work of this queue is decided in another way.', 'Approvals are decided by the procedures of their module, appeals by decide_appeal, the rest by resolve_item.'),
  ('sanction.protected', 'ST403', 'You cannot punish yourself, the platform, or somebody of your own role or a higher one.', 'Ask an administrator.'),
  ('warning.points_invalid', 'ST422', 'A warning has 1 to 10 points.', 'Send a number of that range.'),
  ('warning.expiry_past', 'ST422', 'A warning must expire in the future.', 'Leave the end out for the usual time.'),
  ('warning.report_mismatch', 'ST422', 'The report is not about this person.', 'Name a report about them, or none.'),
  ('warning.unknown', 'ST404', 'There is no such warning.', 'Check the identifier.'),
  ('warning.revoked', 'ST409', 'This warning is withdrawn already.', 'Nothing can be done.'),
  ('user_ban.type_unknown', 'ST422', 'There is no such kind of ban.', 'Send account, posting, chat or tracker.'),
  ('user_ban.admin_only', 'ST403', 'Only administrators ban whole accounts, and end bans that are not their own.', 'Ask an administrator.'),
  ('user_ban.too_long', 'ST403', 'A ban by a moderator must end soon.', 'Send an end within seven days, or ask an administrator.'),
  ('user_ban.until_past', 'ST422', 'The end of a ban must lie in the future.', 'Leave the end out for a ban for good.'),
  ('user_ban.overlapping', 'ST409', 'A ban of this kind runs already, and ends no earlier.', 'Send a later end, or lift the other ban first.'),
  ('user_ban.unknown', 'ST404', 'There is no such ban.', 'Check the identifier.'),
  ('user_ban.not_running', 'ST409', 'This ban is over.', 'Nothing has to be done.'),
  ('user_ban.appealed', 'ST409', 'This ban was appealed before.', 'A ban can be appealed once; wait for the decision.'),
  ('threshold.invalid', 'ST422', 'A threshold needs points from 1, a kind of ban, and a duration above zero or none.', 'Correct the values.');

-- Down Migration

delete from core.error_codes
where reason in (
  'report.type_unknown', 'report.subject_unknown', 'report.own', 'report.reason_unknown', 'report.duplicate',
  'report.too_many', 'report.unknown', 'report.action_invalid', 'report.no_offender', 'report.not_removable',
  'report.evidence_gone', 'queue.type_unknown', 'queue.empty', 'queue.unknown', 'queue.resolved', 'queue.taken',
  'queue.not_yours', 'queue.about_you', 'queue.assignee_unfit', 'queue.wrong_type', 'sanction.protected',
  'warning.points_invalid', 'warning.expiry_past', 'warning.report_mismatch', 'warning.unknown', 'warning.revoked',
  'user_ban.type_unknown', 'user_ban.admin_only', 'user_ban.too_long', 'user_ban.until_past', 'user_ban.overlapping',
  'user_ban.unknown', 'user_ban.not_running', 'user_ban.appealed', 'threshold.invalid'
);
delete from core.settings where key like 'moderation.%';
delete from ops.retention_policies where target like 'moderation.%';
delete from ops.personal_data_rules where table_name like 'moderation.%';
delete from ops.backup_tiers where table_name like 'moderation.%';

drop table moderation.bans;
drop table moderation.point_thresholds;
drop table moderation.warnings;
drop table moderation.reports;
drop table moderation.queue_items;
delete from core.report_subjects where type = 'ban';
drop schema moderation;
