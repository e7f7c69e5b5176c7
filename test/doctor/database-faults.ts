import type { Limits } from '../../src/doctor/advisors/advisor.ts';

export interface DatabaseFault {
  readonly check: string;
  /** Makes the fault; statements run one by one, as superuser. */
  readonly make: readonly string[];
  readonly identity: string;
  readonly limits?: Partial<Limits>;
}

/** What lies in one database; what lies in sessions, slots and settings is in server-faults.ts. */
export const databaseFaults: readonly DatabaseFault[] = [
  {
    check: 'unused_index',
    make: ['create index users_spare_idx on core.users (is_bot)'],
    identity: 'unused_index core.users_spare_idx',
    limits: { unusedIndexBytes: 1, statisticsDays: 0 },
  },
  {
    check: 'unvalidated_constraint',
    make: ['alter table core.users add constraint users_bots check (is_bot is not null) not valid'],
    identity: 'unvalidated_constraint core.users: users_bots',
  },
  {
    check: 'policy_always_true',
    make: ['create policy anybody on core.presence for update to stoa_member using (true) with check (true)'],
    identity: 'policy_always_true core.presence: anybody',
  },
  {
    check: 'frozen_age',
    make: [
      'create table core.aged (id int)',
      'do $$ begin for i in 1..5000 loop begin insert into core.aged values (i); exception when division_by_zero then null; end; end loop; end $$',
    ],
    identity: 'frozen_age core.aged',
    limits: { frozenAge: 4_000 },
  },
  {
    check: 'sequence_near_end',
    make: [
      'create table core.numbered (id integer generated always as identity)',
      "select setval('core.numbered_id_seq', 2000000000)",
    ],
    identity: 'sequence_near_end core.numbered_id_seq',
  },
  {
    check: 'dead_rows',
    make: [
      'create table core.churned (id int) with (autovacuum_enabled = false)',
      'insert into core.churned select generate_series(1, 500); delete from core.churned; select pg_stat_force_next_flush()',
    ],
    identity: 'dead_rows core.churned',
    limits: { deadRows: 400 },
  },
  {
    check: 'partitions_running_out',
    make: [
      `do $$ declare part text; begin
        for part in
          select inhrelid::regclass::text from pg_inherits
          where inhparent = 'audit.logs'::regclass order by 1 desc limit 3
        loop execute 'drop table ' || part; end loop;
      end $$`,
    ],
    identity: 'partitions_running_out audit.logs',
  },
  {
    check: 'table_without_row_security',
    make: ['alter table core.presence disable row level security'],
    identity: 'table_without_row_security core.presence',
  },
  {
    check: 'function_open_to_public',
    make: ['grant execute on function core.require_member() to public'],
    identity: 'function_open_to_public core.require_member()',
  },
  {
    check: 'function_without_search_path',
    make: ['alter function core.require_member() reset search_path'],
    identity: 'function_without_search_path core.require_member()',
  },
  {
    check: 'policy_for_public',
    make: ['alter policy read_public on core.presence to public'],
    identity: 'policy_for_public core.presence: read_public',
  },
  {
    check: 'foreign_key_without_index',
    make: ['drop index core.settings_updated_by_idx'],
    identity: 'foreign_key_without_index core.settings: settings_updated_by_fkey',
  },
  {
    check: 'duplicate_index',
    make: [
      'create index settings_twice_idx on core.settings (updated_by)',
      'create index settings_thrice_idx on core.settings (updated_by)',
    ],
    identity: 'duplicate_index core.settings_thrice_idx',
  },
  {
    check: 'invalid_index',
    make: [
      'create index settings_broken_idx on core.settings (type)',
      "update pg_index set indisvalid = false where indexrelid = 'core.settings_broken_idx'::regclass",
    ],
    identity: 'invalid_index core.settings_broken_idx',
  },
  {
    // As a build leaves it that failed early, where only looking at indisvalid and indisready together misses it.
    check: 'invalid_index',
    make: [
      'create index settings_unready_idx on core.settings (type)',
      "update pg_index set indisvalid = false, indisready = false where indexrelid = 'core.settings_unready_idx'::regclass",
    ],
    identity: 'invalid_index core.settings_unready_idx',
  },
  {
    check: 'sequence_within_reach',
    make: ['grant usage on sequence ops.pgmigrations_id_seq to stoa_member'],
    identity: 'sequence_within_reach ops.pgmigrations_id_seq',
  },
  {
    check: 'object_of_another_owner',
    make: ['alter table core.presence owner to stoa_worker'],
    identity: 'object_of_another_owner core.presence',
  },
];
