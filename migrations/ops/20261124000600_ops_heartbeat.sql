-- Why: what is restored has to show how much is missing at its end. A row that is written every minute does, whatever
-- else the community did or did not do meanwhile.
-- Locks: none on anything that holds data. Back: drops the table.

-- Up Migration

create table ops.heartbeat (
  id boolean not null default true,
  beat_at timestamptz not null,
  constraint heartbeat_pkey primary key (id),
  constraint heartbeat_one_check check (id)
);

comment on table ops.heartbeat is
  'When the worker last said that the database lives: one row, written every minute. In a restored copy it shows how recent the copy is.';
comment on column ops.heartbeat.id is 'Always true: there is one row.';
comment on column ops.heartbeat.beat_at is 'When, by the clock of the server.';
comment on index ops.heartbeat_pkey is 'The one row.';
comment on constraint heartbeat_one_check on ops.heartbeat is 'There is one row.';

alter table ops.heartbeat enable row level security;

insert into ops.backup_tiers (table_name, tier) values
  ('ops.heartbeat', 'D');

-- Down Migration

delete from ops.backup_tiers where table_name = 'ops.heartbeat';
drop table ops.heartbeat;
