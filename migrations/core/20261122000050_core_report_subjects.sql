-- Why: two registries that let modules work together without knowing each other. core.report_subjects says what can be
-- complained about: each module registers its own kinds, and whoever takes complaints reads them here.
-- core.user_restrictions says what a person may not do for now: whoever punishes writes it, whoever guards an
-- activity asks core.require_unrestricted.
-- Locks: none on anything that holds data. Back: drops both with their rows.

-- Up Migration

create table core.report_subjects (
  type varchar(40) not null,
  label text not null,
  table_name text not null,
  key_column text not null default 'id',
  parent_column text,
  author_column text,
  condition text not null default 'true',
  evidence_columns text[] not null default '{}',
  removal text,
  is_reportable boolean not null default true,
  constraint report_subjects_pkey primary key (type),
  constraint report_subjects_type_check check (type ~ '^[a-z][a-z0-9_]*$')
);

comment on table core.report_subjects is
  E'@name report_subject\nThe kinds of things that can be reported, or stand in a work queue. Each module registers its own; without the module that takes reports the rows serve nobody and harm nobody.';
comment on column core.report_subjects.type is 'Name of the kind, for example user.';
comment on column core.report_subjects.label is 'What one of them is called in a sentence.';
comment on column core.report_subjects.table_name is 'The table, as schema.table.';
comment on column core.report_subjects.key_column is 'Column with the identifier, a uuid.';
comment on column core.report_subjects.parent_column is 'Column with the container, where the key has two columns (conversation, channel, proposal); null = the identifier is enough.';
comment on column core.report_subjects.author_column is 'Column with the person who answers for it; null = nobody does.';
comment on column core.report_subjects.condition is 'Condition on a row, which it may call target, under which the caller may read it: the rule of the table''s policies once more, because a report is filed past them.';
comment on column core.report_subjects.evidence_columns is 'Columns that are copied when a report is filed.';
comment on column core.report_subjects.removal is 'Expression that takes the thing down as the caller: $1 is the container, $2 the identifier, $3 the reason; null = nothing does.';
comment on column core.report_subjects.is_reportable is 'Whether people may report it; a kind that is not only stands in queues.';
comment on index core.report_subjects_pkey is 'One kind by its name.';
comment on constraint report_subjects_type_check on core.report_subjects is 'Machine-name shape.';

alter table core.report_subjects enable row level security;

create table core.user_restrictions (
  user_id uuid not null,
  activity text not null,
  until timestamptz not null,
  constraint user_restrictions_pkey primary key (user_id, activity),
  constraint user_restrictions_user_id_fkey foreign key (user_id) references core.users (id) on delete cascade,
  constraint user_restrictions_activity_check check (activity in ('posting', 'chat', 'tracker'))
);

comment on table core.user_restrictions is
  'What a person may not do although the account is open, and until when: the scoped counterpart of users.banned_until. A row whose end has passed means nothing; nobody has to remove it.';
comment on column core.user_restrictions.user_id is 'Whom it holds for.';
comment on column core.user_restrictions.activity is 'What is barred: posting (forums and the like), chat (messages), tracker.';
comment on column core.user_restrictions.until is 'When it ends; infinity = for good.';
comment on index core.user_restrictions_pkey is 'Is this person barred from this? Serves the foreign key.';
comment on constraint user_restrictions_activity_check on core.user_restrictions is 'The activities that some module guards.';

alter table core.user_restrictions enable row level security;

insert into core.report_subjects (type, label, table_name, author_column, condition, evidence_columns) values
  (
    'user',
    'person',
    'core.users',
    'id',
    'target.deleted_at is null and target.erased_at is null and not target.is_system',
    '{username,display_name,avatar_url,banner_url}'
  );

insert into core.error_codes (reason, sqlstate, message, cure) values
  ('account.activity_barred', 'ST403', 'This account may not do that for now.', 'Your bans say why and until when; they can be appealed.');

insert into ops.personal_data_rules (table_name, column_name, action, reason) values
  ('core.user_restrictions', 'user_id', 'keep', 'Safety of the community: kept as long as the ban behind it.');

insert into ops.backup_tiers (table_name, tier) values
  ('core.report_subjects', 'A'),
  ('core.user_restrictions', 'A');

-- Down Migration

delete from ops.backup_tiers where table_name in ('core.report_subjects', 'core.user_restrictions');
delete from ops.personal_data_rules where table_name = 'core.user_restrictions';
delete from core.error_codes where reason = 'account.activity_barred';
drop table core.user_restrictions;
drop table core.report_subjects;
