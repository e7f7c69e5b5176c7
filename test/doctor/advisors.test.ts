import { beforeAll, describe, expect, it } from 'vitest';
import type { Limits } from '../../src/doctor/advisors/advisor.ts';
import { examine, type Fault, liveAdvisors } from '../../src/doctor/examine.ts';
import { connect } from '../../src/postgres/connect.ts';
import { type TestDatabase, testDatabase } from '../harness/index.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
});

async function faultsOf(name: string, limits: Partial<Limits>): Promise<readonly Fault[]> {
  const client = await connect(db.url, 'test doctor');
  try {
    return (await examine(client, { only: [name], limits })).faults;
  } finally {
    await client.end();
  }
}

interface Fault1 {
  readonly name: string;
  /** Makes the fault; statements run one by one, as superuser. */
  readonly make: readonly string[];
  readonly identity: string;
  readonly limits?: Partial<Limits>;
}

/** What lies in one database. What lies in sessions and the server is in server-advisors.test.ts. */
const made: readonly Fault1[] = [
  {
    name: 'unused_index',
    make: ['create index users_spare_idx on core.users (is_bot)'],
    identity: 'unused_index core.users_spare_idx',
    limits: { unusedIndexBytes: 1, statisticsDays: 0 },
  },
  {
    name: 'unvalidated_constraint',
    make: ['alter table core.users add constraint users_bots check (is_bot is not null) not valid'],
    identity: 'unvalidated_constraint core.users: users_bots',
  },
  {
    name: 'policy_always_true',
    make: ['create policy anybody on core.presence for update to stoa_member using (true) with check (true)'],
    identity: 'policy_always_true core.presence: anybody',
  },
  {
    name: 'frozen_age',
    make: [
      'create table core.aged (id int)',
      'do $$ begin for i in 1..5000 loop begin insert into core.aged values (i); exception when division_by_zero then null; end; end loop; end $$',
    ],
    identity: 'frozen_age core.aged',
    limits: { frozenAge: 4_000 },
  },
  {
    name: 'sequence_near_end',
    make: [
      'create table core.numbered (id integer generated always as identity)',
      "select setval('core.numbered_id_seq', 2000000000)",
    ],
    identity: 'sequence_near_end core.numbered_id_seq',
  },
  {
    name: 'dead_rows',
    make: [
      'create table core.churned (id int) with (autovacuum_enabled = false)',
      'insert into core.churned select generate_series(1, 500); delete from core.churned; select pg_stat_force_next_flush()',
    ],
    identity: 'dead_rows core.churned',
    limits: { deadRows: 400 },
  },
  {
    name: 'partitions_running_out',
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
    name: 'table_without_row_security',
    make: ['alter table core.presence disable row level security'],
    identity: 'table_without_row_security core.presence',
  },
  {
    name: 'function_open_to_public',
    make: ['grant execute on function core.require_member() to public'],
    identity: 'function_open_to_public core.require_member()',
  },
  {
    name: 'function_without_search_path',
    make: ['alter function core.require_member() reset search_path'],
    identity: 'function_without_search_path core.require_member()',
  },
  {
    name: 'policy_for_public',
    make: ['alter policy read_public on core.presence to public'],
    identity: 'policy_for_public core.presence: read_public',
  },
  {
    name: 'foreign_key_without_index',
    make: ['drop index core.settings_updated_by_idx'],
    identity: 'foreign_key_without_index core.settings: settings_updated_by_fkey',
  },
  {
    name: 'duplicate_index',
    make: [
      'create index settings_twice_idx on core.settings (updated_by)',
      'create index settings_thrice_idx on core.settings (updated_by)',
    ],
    identity: 'duplicate_index core.settings_thrice_idx',
  },
  {
    name: 'invalid_index',
    make: [
      'create index settings_broken_idx on core.settings (type)',
      "update pg_index set indisvalid = false where indexrelid = 'core.settings_broken_idx'::regclass",
    ],
    identity: 'invalid_index core.settings_broken_idx',
  },
  {
    // As a build leaves it that failed early, where only looking at indisvalid and indisready together misses it.
    name: 'invalid_index',
    make: [
      'create index settings_unready_idx on core.settings (type)',
      "update pg_index set indisvalid = false, indisready = false where indexrelid = 'core.settings_unready_idx'::regclass",
    ],
    identity: 'invalid_index core.settings_unready_idx',
  },
  {
    name: 'sequence_within_reach',
    make: ['grant usage on sequence ops.pgmigrations_id_seq to stoa_member'],
    identity: 'sequence_within_reach ops.pgmigrations_id_seq',
  },
  {
    name: 'object_of_another_owner',
    make: ['alter table core.presence owner to stoa_worker'],
    identity: 'object_of_another_owner core.presence',
  },
];

/** One by one, because some may not be inside a transaction. */
async function mend(cure: string): Promise<void> {
  for (const sql of cure.split(/;\s*/)) if (sql !== '') await db.query(sql);
}

/**
 * What VACUUM mends it may have to mend twice: it leaves what any session may still see, and a session that is
 * only being opened, to whatever database, counts as one that sees all of it.
 */
const isVacuumed = (name: string): boolean => name === 'dead_rows' || name === 'frozen_age';

describe('a fault of a database', () => {
  it.each(
    made.map((fault) => [`${fault.name} (${fault.identity.split(' ').slice(1).join(' ')})`, fault] as const),
  )('is seen, and gone after its cure: %s', async (_, { name, make, identity, limits = {} }) => {
    for (const sql of make) await db.query(sql);
    const found = (await faultsOf(name, limits)).filter((fault) => fault.identity === identity);
    expect(found.length).toBeGreaterThan(0);
    for (const fault of found) {
      expect(fault.why).toMatch(/\.$/);
      expect(fault.cure).toMatch(/;$/);
      await mend(fault.cure);
    }
    await expect
      .poll(async () => {
        const left = (await faultsOf(name, limits)).filter((fault) => fault.identity === identity);
        if (isVacuumed(name)) for (const { cure } of left) await mend(cure);
        return left;
      })
      .toEqual([]);
  });

  it('is not seen in a database that nobody touched', async () => {
    const fresh = await testDatabase();
    const client = await connect(fresh.url, 'test doctor');
    try {
      const { faults } = await examine(client);
      // Others use this server at the same time.
      const ofServer =
        /^(long_transaction|idle_in_transaction|replication_slot|connections_used|statements_not_measured|cache_misses) /;
      expect(faults.filter(({ identity }) => !ofServer.test(identity))).toEqual([]);
    } finally {
      await client.end();
    }
  });
});

describe('the checks', () => {
  it('have names of their own, which no check of the catalog has', () => {
    const names = liveAdvisors.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names).toEqual([...names].sort());
  });
});
