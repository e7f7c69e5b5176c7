-- Why: filling a column of a large table in one statement holds every row of it for minutes. A backfill goes through
-- the table in small transactions, and must know after a crash how far it came: that is kept here, in the transaction
-- of each batch. Locks: none on anything that holds data, and the catalog for an instant.
-- Back: drops the table; a backfill that was begun would begin anew, and what it has filled stays filled.

-- Up Migration

create table ops.backfills (
  name text not null,
  target text not null,
  key_columns text[] not null,
  statement text not null,
  checksum bytea not null,
  state text not null default 'running',
  batch_size integer not null default 500,
  target_ms integer not null default 200,
  longest_ms integer not null default 1000,
  lag_limit_bytes bigint not null default 67108864,
  last_key jsonb,
  row_count bigint not null default 0,
  rows_affected bigint not null default 0,
  batches bigint not null default 0,
  expected_rows bigint not null default 0,
  worked_ms bigint not null default 0,
  note text,
  error text,
  failed_upto jsonb,
  started_at timestamptz not null default now(),
  last_batch_at timestamptz,
  finished_at timestamptz,
  constraint backfills_pkey primary key (name),
  constraint backfills_state_check check (state in ('running', 'paused', 'failed', 'finished')),
  constraint backfills_finished_check check ((state = 'finished') = (finished_at is not null)),
  constraint backfills_failed_check check ((state = 'failed') = (error is not null)),
  constraint backfills_pace_check check (
    batch_size between 1 and 50000 and target_ms between 1 and longest_ms and longest_ms <= 60000 and lag_limit_bytes > 0
  ),
  constraint backfills_key_check check (
    cardinality(key_columns) between 1 and 4
    and (last_key is null or (jsonb_typeof(last_key) = 'array' and jsonb_array_length(last_key) = cardinality(key_columns)))
  )
);

comment on table ops.backfills is
  'Backfills that were begun: what each does, how fast it may, and how far it came. A batch and the key that it came to are one transaction, so a backfill that was killed goes on exactly where it was.';
comment on column ops.backfills.name is 'Name of its file, with the number.';
comment on column ops.backfills.target is 'The table that it goes through, as schema.table.';
comment on column ops.backfills.key_columns is 'Columns of a unique key without nulls, in whose order it goes.';
comment on column ops.backfills.statement is 'What a batch runs: :range stands for the condition that chooses the rows of the batch among those of target.';
comment on column ops.backfills.checksum is 'SHA-256 of the statement and the key as they were when it was begun: an edited file is not gone on with.';
comment on column ops.backfills.state is 'running, paused by an operator, failed and waiting for one, or finished.';
comment on column ops.backfills.batch_size is 'Rows of the last batch; the next begins with about as many.';
comment on column ops.backfills.target_ms is 'How long a batch should take: the batch size is steered to it.';
comment on column ops.backfills.longest_ms is 'How long a batch may take, and so how long a writer of the same row can wait for it: a batch that takes longer is undone and tried again with half as many rows.';
comment on column ops.backfills.lag_limit_bytes is 'It waits while a standby is further behind than this.';
comment on column ops.backfills.last_key is 'Key of the last row that is done, its columns as texts; null before the first batch.';
comment on column ops.backfills.row_count is 'Rows gone through.';
comment on column ops.backfills.rows_affected is 'Rows that the statement made or changed.';
comment on column ops.backfills.batches is 'Batches committed.';
comment on column ops.backfills.expected_rows is 'Rows that the table was estimated to have at the beginning.';
comment on column ops.backfills.worked_ms is 'Time spent on it, rests between the batches included, pauses not.';
comment on column ops.backfills.note is 'Why it goes slower than it could at the moment; null when nothing holds it back.';
comment on column ops.backfills.error is 'Why the last batch failed for good.';
comment on column ops.backfills.failed_upto is 'Last key of the batch that failed; it began after last_key.';
comment on column ops.backfills.started_at is 'When it was begun.';
comment on column ops.backfills.last_batch_at is 'When the last batch was done.';
comment on column ops.backfills.finished_at is 'When no row was left.';
comment on index ops.backfills_pkey is 'One backfill by its name.';
comment on constraint backfills_state_check on ops.backfills is 'The states that exist.';
comment on constraint backfills_finished_check on ops.backfills is 'A finished one says when.';
comment on constraint backfills_failed_check on ops.backfills is 'A failed one says why.';
comment on constraint backfills_pace_check on ops.backfills is 'Figures that a batch can be held to.';
comment on constraint backfills_key_check on ops.backfills is 'The key that was come to has the columns of the key.';

alter table ops.backfills enable row level security;

insert into ops.backup_tiers (table_name, tier) values
  ('ops.backfills', 'A');

insert into ops.impersonal_tables (table_name, reason) values
  ('ops.backfills', 'Names of backfills, and places in their tables.');

-- Down Migration

delete from ops.impersonal_tables where table_name = 'ops.backfills';
delete from ops.backup_tiers where table_name = 'ops.backfills';
drop table ops.backfills;
