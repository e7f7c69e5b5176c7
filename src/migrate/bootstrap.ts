import type { Client } from 'pg';

/**
 * The engine's own tables. They are not part of any migration, because they must be there before the first one and
 * stay after the last one is undone.
 *
 * `ops.pgmigrations` belongs to node-pg-migrate: its column names are not ours to choose.
 */
export async function bootstrap(client: Client): Promise<void> {
  const { rows } = await client.query<{ is_complete: boolean }>(
    "select to_regclass('ops.migration_steps') is not null as is_complete",
  );
  if (rows[0]?.is_complete) return;
  await client.query('begin');
  try {
    await client.query(tables);
    await client.query('commit');
  } catch (error) {
    await client.query('rollback');
    throw error;
  }
}

const tables = `
do $$
begin
  if to_regnamespace('ops') is null then
    create schema ops;
    comment on schema ops is
      'Operation of the database itself: registries that the migrations of each module fill, and a record of what jobs and backups did. No API role may read it.';
  end if;
end
$$;

create table if not exists ops.pgmigrations (
  id integer generated always as identity,
  name varchar(255) not null,
  run_on timestamptz not null,
  constraint pgmigrations_pkey primary key (id),
  constraint pgmigrations_name_key unique (name)
);
comment on table ops.pgmigrations is
  'The ledger of node-pg-migrate: which migrations are applied, in the order in which that happened. Written only by the migration engine.';
comment on column ops.pgmigrations.id is 'Order of application: undoing goes backwards through it.';
comment on column ops.pgmigrations.name is 'File name without its extension.';
comment on column ops.pgmigrations.run_on is 'When it was applied.';
comment on index ops.pgmigrations_name_key is 'A migration by its name; no name twice.';
alter table ops.pgmigrations enable row level security;

create table if not exists ops.schema_migrations (
  version varchar(14) not null,
  name varchar(200) not null,
  kind text not null default 'schema',
  checksum bytea not null,
  transactional boolean not null default true,
  reversible boolean not null default true,
  applied_at timestamptz not null default now(),
  applied_by name not null default current_user,
  execution_ms integer not null default 0,
  constraint schema_migrations_pkey primary key (version),
  constraint schema_migrations_version_check check (version ~ '^[0-9]{14}$'),
  constraint schema_migrations_kind_check check (kind in ('schema', 'data')),
  constraint schema_migrations_checksum_check check (octet_length(checksum) = 32)
);
comment on table ops.schema_migrations is
  'What is known of each applied migration: a file that was edited after it was applied is refused. Written only by the migration engine.';
comment on column ops.schema_migrations.version is 'The 14 digits of the file name.';
comment on column ops.schema_migrations.name is 'The words of the file name.';
comment on column ops.schema_migrations.kind is 'schema, or data when no statement of it defines anything.';
comment on column ops.schema_migrations.checksum is 'SHA-256 of the up and down sections.';
comment on column ops.schema_migrations.transactional is 'False when it ran statement by statement, because one of them cannot run inside a transaction.';
comment on column ops.schema_migrations.reversible is 'Has a down section.';
comment on column ops.schema_migrations.applied_at is 'When it was applied.';
comment on column ops.schema_migrations.applied_by is 'The login that applied it.';
comment on column ops.schema_migrations.execution_ms is 'How long it took, in milliseconds, waiting for locks included.';
alter table ops.schema_migrations enable row level security;

create table if not exists ops.migration_steps (
  name varchar(255) not null,
  direction text not null,
  position integer not null,
  checksum bytea not null,
  started_at timestamptz not null default now(),
  finished_at timestamptz,
  constraint migration_steps_pkey primary key (name, direction, position),
  constraint migration_steps_direction_check check (direction in ('up', 'down')),
  constraint migration_steps_position_check check (position > 0),
  constraint migration_steps_checksum_check check (octet_length(checksum) = 32)
);
comment on table ops.migration_steps is
  'How far a migration has come that cannot run in one transaction. Empty unless one was interrupted; the next run goes on after the last finished step.';
comment on column ops.migration_steps.name is 'File name without its extension.';
comment on column ops.migration_steps.direction is 'up or down.';
comment on column ops.migration_steps.position is 'Number of the statement in the section, from 1.';
comment on column ops.migration_steps.checksum is 'SHA-256 of the statement: what is done must not be edited.';
comment on column ops.migration_steps.started_at is 'When the statement was begun.';
comment on column ops.migration_steps.finished_at is 'When it was finished; null when the run was cut off inside it.';
alter table ops.migration_steps enable row level security;
`;
