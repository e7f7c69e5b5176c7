-- Why: the rules about personal data say what happens to a column; to carry them out, export and erasure also need to
-- know whose a row is, what stands in place of what is taken out, in which order, and by which words a person is
-- recognised when the result is proved.
-- Locks: ACCESS EXCLUSIVE on ops.personal_data_rules for an instant: the columns have constant defaults and nothing is
-- rewritten. Back: drops the columns and the two registries with their rows.

-- Up Migration

alter table ops.personal_data_rules
  add column subject text,
  add column replacement text,
  add column turn smallint not null default 100,
  add column is_exported boolean not null default true;

comment on column ops.personal_data_rules.subject is
  'Condition under which a row, called target, is about the person :user. Null: the column itself is the person''s id.';
comment on column ops.personal_data_rules.replacement is
  'What a scrub puts there, as an SQL expression over target; null: nothing.';
comment on column ops.personal_data_rules.turn is
  'Place in the order of an erasure: the account itself has 0, what others depend on comes late.';
comment on column ops.personal_data_rules.is_exported is
  'Of a reference: whether the row belongs into an export for that person. Of another column: whether it is shown there.';

create table ops.personal_identifiers (
  name text not null,
  kind text not null,
  query text not null,
  constraint personal_identifiers_pkey primary key (name),
  constraint personal_identifiers_kind_check check (kind in ('name', 'email', 'phone', 'address', 'wallet', 'link', 'secret'))
);

comment on table ops.personal_identifiers is
  'By which words and numbers a person is recognised: an erasure collects them first and looks for each of them, in every column of the database, last.';
comment on column ops.personal_identifiers.name is 'What it is, mostly schema.table.column.';
comment on column ops.personal_identifiers.kind is 'name, email, phone, address (of the network), wallet, link or secret.';
comment on column ops.personal_identifiers.query is 'Gives, for the person :user, rows of value text and is_shared boolean: whether somebody else has the same. Bytes as hexadecimal.';
comment on index ops.personal_identifiers_pkey is 'One row by its name.';
comment on constraint personal_identifiers_kind_check on ops.personal_identifiers is 'The kinds that exist.';

alter table ops.personal_identifiers enable row level security;

create table ops.impersonal_tables (
  table_name text not null,
  reason text not null,
  constraint impersonal_tables_pkey primary key (table_name)
);

comment on table ops.impersonal_tables is
  'Tables that were looked at and tell about nobody, although a column is called like something personal. A name found there is a coincidence.';
comment on column ops.impersonal_tables.table_name is 'The table, as schema.table.';
comment on column ops.impersonal_tables.reason is 'Why it is about nobody.';
comment on index ops.impersonal_tables_pkey is 'One row by its table.';

alter table ops.impersonal_tables enable row level security;

insert into ops.impersonal_tables (table_name, reason) values
  ('ops.alerts', 'Names of alerts.'),
  ('ops.archive_exports', 'Names of partitions and of objects.'),
  ('ops.backup_runs', 'Names of objects.'),
  ('ops.backup_tiers', 'Written by migrations.'),
  ('ops.hold_kinds', 'Written by migrations.'),
  ('ops.hold_rules', 'Written by migrations.'),
  ('ops.impersonal_tables', 'Written by migrations.'),
  ('ops.invariants', 'Written by migrations.'),
  ('ops.job_runs', 'Figures about runs.'),
  ('ops.migration_steps', 'Written by the migration engine.'),
  ('ops.partition_policies', 'Written by migrations.'),
  ('ops.personal_data_rules', 'Written by migrations.'),
  ('ops.personal_identifiers', 'Written by migrations.'),
  ('ops.pgmigrations', 'Written by the migration engine.'),
  ('ops.restore_tests', 'Figures about restores.'),
  ('ops.retention_policies', 'Written by migrations.'),
  ('ops.schema_migrations', 'Written by the migration engine.');

insert into ops.backup_tiers (table_name, tier) values
  ('ops.personal_identifiers', 'A'),
  ('ops.impersonal_tables', 'A');

-- Down Migration

delete from ops.backup_tiers where table_name in ('ops.personal_identifiers', 'ops.impersonal_tables');
drop table ops.impersonal_tables;
drop table ops.personal_identifiers;
alter table ops.personal_data_rules
  drop column is_exported,
  drop column turn,
  drop column replacement,
  drop column subject;
