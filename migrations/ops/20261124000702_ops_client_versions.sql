-- Why: a migration that takes something away must not run while a program of an older version still uses it. Every
-- API and worker says here which version it is. Locks: none on anything that holds data, and the catalog for an
-- instant. Back: drops the table; programs that are told so by its absence go on.

-- Up Migration

create table ops.client_versions (
  application text not null,
  version text not null,
  seen_at timestamptz not null default now(),
  constraint client_versions_pkey primary key (application, version),
  constraint client_versions_application_check check (application in ('api', 'worker')),
  constraint client_versions_version_check check (version ~ '^[0-9]+(\.[0-9]+){0,3}([-+][0-9A-Za-z.+-]{1,40})?$')
);

comment on table ops.client_versions is
  'Which versions of the program are connected: each API and worker says its own when it starts and every minute. One row a version, however many processes.';
comment on column ops.client_versions.application is 'Part of the program: api or worker.';
comment on column ops.client_versions.version is 'Its version, as package.json has it.';
comment on column ops.client_versions.seen_at is 'When one of them said so last.';
comment on index ops.client_versions_pkey is 'One part and version.';
comment on constraint client_versions_application_check on ops.client_versions is 'The parts that exist.';
comment on constraint client_versions_version_check on ops.client_versions is 'Numbers with dots, and what may follow them.';

alter table ops.client_versions enable row level security;

insert into ops.backup_tiers (table_name, tier) values
  ('ops.client_versions', 'D');

insert into ops.retention_policies (name, target, predicate, age) values
  ('client_versions', 'ops.client_versions', 'seen_at < :before', '90 days');

-- Down Migration

delete from ops.retention_policies where name = 'client_versions';
delete from ops.backup_tiers where table_name = 'ops.client_versions';
drop table ops.client_versions;
