-- Why: retention becomes something that operators read, change and stop. The age of a rule is a column of its own; a
--   rule can hand its rows to an archive before they go; a legal hold keeps what it names; and the way of a partition
--   out of its table is written down step by step, so that it goes on where it was cut off.
-- Locks: ACCESS EXCLUSIVE on small registries for an instant; nothing that holds a community's data is touched.
-- Back: the ages return into the conditions. Holds, and what was known of partitions on their way out, are lost: go
--   back only when "stoa hold list" and "stoa partitions retire --list" are empty.

-- Up Migration

alter table ops.retention_policies
  add column age interval,
  add constraint retention_policies_age_check check ((age is null) = (position(':before' in predicate) = 0)),
  drop constraint retention_policies_action_check,
  add constraint retention_policies_action_check check (
    action in ('delete', 'scrub', 'archive') and batch_size between 1 and 100000 and (age is null or age >= interval '0')
  );

comment on column ops.retention_policies.predicate is 'Condition on a row, which it may call target; :now stands for the clock that the job was given, :before for that clock less the age.';
comment on column ops.retention_policies.age is 'How old a row is when it goes, as the condition counts it; to be changed here. Null where the row itself says when, or the condition knows several ages.';
comment on column ops.retention_policies.action is 'delete removes the row, scrub nulls scrub_columns, archive exports the rows to the storage, reads them back and then removes them.';
comment on constraint retention_policies_action_check on ops.retention_policies is 'Impossible values are refused.';
comment on constraint retention_policies_age_check on ops.retention_policies is 'An age is used by the condition, and the other way round.';

-- The ages that the modules wrote into their conditions, where a condition knows one only.
update ops.retention_policies
set predicate = regexp_replace(predicate, ':now - interval ''[^'']+''', ':before', 'g'),
    age = substring(predicate from ':now - interval ''([^'']+)''')::interval
where predicate like '%:now - interval %'
  and regexp_replace(predicate, ':now - interval ''[^'']+''', '', 'g') not like '%:now%'
  and (
    select count(distinct found[1])
    from regexp_matches(predicate, ':now - interval ''([^'']+)''', 'g') as found
  ) = 1;

alter table ops.partition_policies
  add column export_blanks jsonb not null default '{}',
  add column before_retire text,
  add constraint partition_policies_export_blanks_check check (jsonb_typeof(export_blanks) = 'object');

comment on column ops.partition_policies.export_blanks is 'Columns that do not go into an export, with what is written in their place: null, or a value for a column that takes no null.';
comment on column ops.partition_policies.before_retire is 'A function, as schema.name, that is called with the name of a partition before it leaves the table: what is summed up is summed up then.';
comment on constraint partition_policies_export_blanks_check on ops.partition_policies is 'Always an object.';

alter table ops.archive_exports
  drop constraint archive_exports_parent_fkey,
  add column kind text not null default 'partition',
  add column scope jsonb not null default '{}',
  add column size_bytes bigint not null default 0,
  add column exported_at timestamptz,
  add constraint archive_exports_kind_check check (kind in ('partition', 'rows')),
  add constraint archive_exports_scope_check check (jsonb_typeof(scope) = 'object');

create index archive_exports_open_idx on ops.archive_exports (parent)
  where dropped_at is null;

comment on table ops.archive_exports is
  'Each export of a partition, or of rows, to the storage. The row is written before the first byte, so that an export that was cut off is found and done again.';
comment on column ops.archive_exports.parent is 'The table, as schema.table.';
comment on column ops.archive_exports.partition is 'Name of the partition, or what the rows have in common.';
comment on column ops.archive_exports.kind is 'partition, or rows of a table.';
comment on column ops.archive_exports.scope is 'Of rows: which ones, as whoever exports them reads it.';
comment on column ops.archive_exports.row_count is 'Rows exported; 0 until it is verified.';
comment on column ops.archive_exports.location is 'Key of the manifest in the storage.';
comment on column ops.archive_exports.sha256 is 'Digest of the file as it lies in the storage; empty until it is verified.';
comment on column ops.archive_exports.size_bytes is 'Bytes of the file as it lies in the storage.';
comment on column ops.archive_exports.exported_at is 'The moment whose rows it holds.';
comment on column ops.archive_exports.verified_at is 'When it was read back, counted and compared.';
comment on column ops.archive_exports.dropped_at is 'When the partition was dropped, or the rows were deleted.';
comment on index ops.archive_exports_open_idx is 'What is exported and still there: where a run that was cut off goes on.';
comment on constraint archive_exports_kind_check on ops.archive_exports is 'The kinds that exist.';
comment on constraint archive_exports_scope_check on ops.archive_exports is 'Always an object.';

create table ops.partition_retirements (
  partition text not null,
  parent text not null,
  bounds text not null,
  status text not null,
  reason text,
  detached_at timestamptz,
  keep_until timestamptz,
  inserted_at timestamptz not null default now(),
  stepped_at timestamptz not null default now(),
  constraint partition_retirements_pkey primary key (partition),
  constraint partition_retirements_status_check check (status in ('detaching', 'detached', 'held', 'dropped', 'restored')),
  constraint partition_retirements_detached_check check (status not in ('detached', 'dropped') or detached_at is not null)
);

create index partition_retirements_parent_idx on ops.partition_retirements (parent)
  where status in ('detaching', 'detached');

comment on table ops.partition_retirements is
  'The way of each partition out of its table, so that a run that was cut off goes on where it was, and of those that came back from an archive.';
comment on column ops.partition_retirements.partition is 'The partition, as schema.table.';
comment on column ops.partition_retirements.parent is 'The table it was of.';
comment on column ops.partition_retirements.bounds is 'Its bounds as PostgreSQL writes them: FOR VALUES FROM … TO ….';
comment on column ops.partition_retirements.status is 'detaching and detached are under way; held stays because of a legal hold; dropped is gone; restored is back from its archive.';
comment on column ops.partition_retirements.reason is 'Why it stays, for people.';
comment on column ops.partition_retirements.detached_at is 'When readers stopped seeing it: what is exported after this is all of it.';
comment on column ops.partition_retirements.keep_until is 'A restored partition is left alone until then.';
comment on column ops.partition_retirements.inserted_at is 'When it was first looked at.';
comment on column ops.partition_retirements.stepped_at is 'The last step.';
comment on index ops.partition_retirements_pkey is 'One partition by its name.';
comment on index ops.partition_retirements_parent_idx is 'What a run that was cut off left behind.';
comment on constraint partition_retirements_status_check on ops.partition_retirements is 'The steps that exist.';
comment on constraint partition_retirements_detached_check on ops.partition_retirements is 'What is detached says since when.';

alter table ops.partition_retirements enable row level security;

create table ops.hold_kinds (
  kind text not null,
  table_name text not null,
  is_container boolean not null,
  label text not null,
  constraint hold_kinds_pkey primary key (kind),
  constraint hold_kinds_kind_check check (kind ~ '^[a-z][a-z_]*$')
);

comment on table ops.hold_kinds is
  'What a legal hold can be put on. Which rows belong to it follows from the foreign keys: to a container everything that leads up to it, to a person what names them and what would go with it.';
comment on column ops.hold_kinds.kind is 'Machine name, such as user or conversation.';
comment on column ops.hold_kinds.table_name is 'Where its identifier is the column id, as schema.table.';
comment on column ops.hold_kinds.is_container is 'Whether what lies in it belongs to it.';
comment on column ops.hold_kinds.label is 'For people.';
comment on index ops.hold_kinds_pkey is 'One kind by its name.';
comment on constraint hold_kinds_kind_check on ops.hold_kinds is 'A machine name.';

alter table ops.hold_kinds enable row level security;

create table ops.hold_rules (
  table_name text not null,
  kind text not null,
  condition text not null,
  constraint hold_rules_pkey primary key (table_name, kind),
  constraint hold_rules_kind_fkey foreign key (kind) references ops.hold_kinds (kind) on delete cascade,
  constraint hold_rules_condition_check check (position(':held' in condition) > 0)
);

create index hold_rules_kind_idx on ops.hold_rules (kind);

comment on table ops.hold_rules is
  'Which rows of a table belong to what is held, where no foreign key says so.';
comment on column ops.hold_rules.table_name is 'The table, as schema.table.';
comment on column ops.hold_rules.kind is 'What is held.';
comment on column ops.hold_rules.condition is 'Condition on the row target; :held stands for the array of identifiers that are held.';
comment on index ops.hold_rules_pkey is 'The rules of one table.';
comment on index ops.hold_rules_kind_idx is 'Serves the foreign key.';
comment on constraint hold_rules_condition_check on ops.hold_rules is 'A rule looks at what is held.';

alter table ops.hold_rules enable row level security;

create table ops.legal_holds (
  id uuid not null default core.uuidv7(),
  kind text not null,
  subject_id uuid not null,
  reason text not null,
  placed_by text not null,
  placed_at timestamptz not null default now(),
  released_at timestamptz,
  released_by text,
  release_reason text,
  constraint legal_holds_pkey primary key (id),
  constraint legal_holds_kind_fkey foreign key (kind) references ops.hold_kinds (kind) on delete restrict,
  constraint legal_holds_reason_check check (reason = btrim(reason) and reason <> '' and length(reason) <= 500),
  constraint legal_holds_released_check check ((released_at is null) = (released_by is null) and (released_at is null) = (release_reason is null))
);

create index legal_holds_open_idx on ops.legal_holds (kind, subject_id)
  where released_at is null;
create index legal_holds_kind_idx on ops.legal_holds (kind);

comment on table ops.legal_holds is
  'What must not be deleted because a court or a lawyer said so. Retention, archives and erasure ask it; a hold that ended stays as a record.';
comment on column ops.legal_holds.id is 'Time-ordered key.';
comment on column ops.legal_holds.kind is 'What is held.';
comment on column ops.legal_holds.subject_id is 'Which one.';
comment on column ops.legal_holds.reason is 'Who asked and under which number. Shown to whoever wants to delete it.';
comment on column ops.legal_holds.placed_by is 'The operator who placed it: a name, or the login of the database.';
comment on column ops.legal_holds.placed_at is 'When.';
comment on column ops.legal_holds.released_at is 'When it ended.';
comment on column ops.legal_holds.released_by is 'The operator who ended it.';
comment on column ops.legal_holds.release_reason is 'Why it ended.';
comment on index ops.legal_holds_pkey is 'One hold by its key.';
comment on index ops.legal_holds_open_idx is 'Whether something is held, and everything of a kind that is.';
comment on index ops.legal_holds_kind_idx is 'Serves the foreign key.';
comment on constraint legal_holds_reason_check on ops.legal_holds is 'A hold without a reason cannot be released by anybody else.';
comment on constraint legal_holds_released_check on ops.legal_holds is 'An end says who and why.';

alter table ops.legal_holds enable row level security;

insert into ops.backup_tiers (table_name, tier) values
  ('ops.partition_retirements', 'A'),
  ('ops.hold_kinds', 'A'),
  ('ops.hold_rules', 'A'),
  ('ops.legal_holds', 'A');

insert into ops.hold_kinds (kind, table_name, is_container, label) values
  ('user', 'core.users', false, 'a person and what names them');

insert into ops.hold_rules (table_name, kind, condition) values
  ('audit.logs', 'user', 'target.actor_id = any (:held) or target.resource_id = any (:held)');

insert into core.error_codes (reason, sqlstate, message, cure) values
  ('hold.kind_unknown', 'ST404', 'Nothing of this kind can be held.', 'The kinds are in the table ops.hold_kinds.'),
  ('hold.subject_unknown', 'ST404', 'There is nothing of this kind with this identifier.', 'Check the identifier.'),
  ('hold.reason_missing', 'ST422', 'A hold, and its end, need a reason of at most 500 characters.', 'Say who asked for it and under which number.'),
  ('hold.unknown', 'ST404', 'There is no such hold.', 'List them with "stoa hold list --all".'),
  ('hold.released', 'ST409', 'This hold has ended already.', 'Nothing is left to do.');

update ops.invariants
set description = 'Every table of the schema parts is a partition, or on its way out as ops.partition_retirements says: any other holds rows that nobody sees.',
    query = $query$
      select part.oid::regclass::text as subject, 'a partition' as expected, 'a table by itself' as found
      from pg_catalog.pg_class as part
      where part.relnamespace = 'parts'::regnamespace
        and part.relkind in ('r', 'p')
        and not part.relispartition
        and not exists (
          select
          from ops.partition_retirements as leaving
          where to_regclass(leaving.partition) = part.oid
            and leaving.status in ('detached', 'held')
        )
    $query$
where name = 'ops.partitions.attached';

-- Down Migration

update ops.invariants
set description = 'Every table of the schema parts is a partition: one that is not holds rows that nobody sees.',
    query = $query$
      select part.oid::regclass::text as subject, 'a partition' as expected, 'a table by itself' as found
      from pg_catalog.pg_class as part
      where part.relnamespace = 'parts'::regnamespace
        and part.relkind in ('r', 'p')
        and not part.relispartition
    $query$
where name = 'ops.partitions.attached';

delete from core.error_codes where reason like 'hold.%';
delete from ops.backup_tiers
where table_name in ('ops.partition_retirements', 'ops.hold_kinds', 'ops.hold_rules', 'ops.legal_holds');
drop table ops.legal_holds;
drop table ops.hold_rules;
drop table ops.hold_kinds;
drop table ops.partition_retirements;

-- An export of rows names a table that need not be partitioned.
delete from ops.archive_exports where kind = 'rows';
drop index ops.archive_exports_open_idx;
alter table ops.archive_exports
  drop constraint archive_exports_scope_check,
  drop constraint archive_exports_kind_check,
  drop column exported_at,
  drop column size_bytes,
  drop column scope,
  drop column kind,
  add constraint archive_exports_parent_fkey foreign key (parent) references ops.partition_policies (parent) on delete restrict;

alter table ops.partition_policies
  drop constraint partition_policies_export_blanks_check,
  drop column before_retire,
  drop column export_blanks;

alter table ops.retention_policies
  drop constraint retention_policies_age_check;
update ops.retention_policies
set predicate = replace(predicate, ':before', format(':now - interval %L', age))
where age is not null;
alter table ops.retention_policies
  drop constraint retention_policies_action_check,
  drop column age,
  add constraint retention_policies_action_check check (action in ('delete','scrub','archive') and batch_size between 1 and 100000);

comment on column ops.retention_policies.predicate is 'Condition on a row, which it may call target; :now stands for the clock that the job was given.';
comment on column ops.retention_policies.action is 'delete removes the row, scrub nulls scrub_columns, archive leaves the rows to the export job.';
comment on constraint retention_policies_action_check on ops.retention_policies is 'Impossible values are refused.';
comment on table ops.archive_exports is
  'Monthly/quarterly exports of archival partitions.';
comment on column ops.archive_exports.parent is 'Partitioned table.';
comment on column ops.archive_exports.partition is 'Partition name.';
comment on column ops.archive_exports.row_count is 'Rows exported.';
comment on column ops.archive_exports.location is 'Object key.';
comment on column ops.archive_exports.sha256 is 'Digest.';
comment on column ops.archive_exports.verified_at is 'Re-read and counted.';
comment on column ops.archive_exports.dropped_at is 'Partition dropped.';
