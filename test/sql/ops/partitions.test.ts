import type { PoolClient } from 'pg';
import { beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { type TestDatabase, testDatabase } from '../../harness/index.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
});

/** A partitioned table of its own, registered and owned like those of the modules. */
async function register(name: string, policy: string, key: 'uuid' | 'timestamptz' = 'uuid'): Promise<void> {
  await db.query(`
    create table core.${name} (
      id uuid not null default core.uuidv7(),
      at timestamptz not null default now(),
      owner_id uuid references core.users (id),
      word text not null default '' check (length(word) < 10)
    ) partition by range (${key === 'uuid' ? 'id' : 'at'});
    create index ${name}_word_idx on core.${name} (word);
    alter table core.${name} enable row level security, owner to stoa_owner;
    insert into ops.partition_policies ${policy};
  `);
}

async function ensure(parent: string, now: string): Promise<string[]> {
  const { rows } = await db.query<{ made: string }>(
    'select made from ops.ensure_partitions($1, $2) as made',
    [parent, now],
  );
  return rows.map(({ made }) => made);
}

async function partitionOf(table: string, moment: string): Promise<string | undefined> {
  const { rows } = await db.query<{ partition: string }>(
    `insert into ${table} (id, at) values (core.uuidv7_floor($1), $1) returning tableoid::regclass::text as partition`,
    [moment],
  );
  return rows[0]?.partition;
}

describe('ops.ensure_partitions', () => {
  it('makes a history, the current month and as many ahead as the policy says, then nothing more', async () => {
    await register('letters', "(parent, key_kind, ahead) values ('core.letters', 'uuidv7', 2)");
    expect(await ensure('core.letters', '2026-11-15T12:00:00Z')).toEqual([
      'parts.core_letters_history',
      'parts.core_letters_2026_11',
      'parts.core_letters_2026_12',
      'parts.core_letters_2027_01',
    ]);
    expect(await ensure('core.letters', '2026-11-30T23:59:59Z')).toEqual([]);
  });

  it('adds the next month in the first second of a month, of UTC, and across a year', async () => {
    expect(await ensure('core.letters', '2026-12-01T00:00:00Z')).toEqual(['parts.core_letters_2027_02']);
    expect(await ensure('core.letters', '2027-01-01T00:00:00+01:00')).toEqual([]);
    expect(await ensure('core.letters', '2027-01-01T00:00:00Z')).toEqual(['parts.core_letters_2027_03']);
  });

  it('closes the gap when it did not run for months', async () => {
    expect(await ensure('core.letters', '2027-05-10T00:00:00Z')).toEqual([
      'parts.core_letters_2027_04',
      'parts.core_letters_2027_05',
      'parts.core_letters_2027_06',
      'parts.core_letters_2027_07',
    ]);
  });

  it('draws each border exactly between two months, 29 February included', async () => {
    await ensure('core.letters', '2028-01-01T00:00:00Z');
    for (const [moment, partition] of [
      ['1999-01-01T00:00:00Z', 'parts.core_letters_history'],
      ['2026-10-31T23:59:59.999Z', 'parts.core_letters_history'],
      ['2026-11-01T00:00:00Z', 'parts.core_letters_2026_11'],
      ['2026-12-31T23:59:59.999Z', 'parts.core_letters_2026_12'],
      ['2027-01-01T00:00:00Z', 'parts.core_letters_2027_01'],
      ['2028-02-29T23:59:59.999Z', 'parts.core_letters_2028_02'],
      ['2028-03-01T00:00:00Z', 'parts.core_letters_2028_03'],
    ] as const) {
      expect(await partitionOf('core.letters', moment)).toBe(partition);
    }
  });

  it('refuses rows beyond the last partition loudly instead of keeping them aside', async () => {
    await expect(partitionOf('core.letters', '2040-01-01T00:00:00Z')).rejects.toThrow(
      /no partition of relation/,
    );
  });

  it('gives partitions what the parent has: checks, foreign keys, indexes, comments, row security, no grants', async () => {
    const { rows } = await db.query(`
      select
        relrowsecurity as has_row_security,
        relacl is null as has_no_grants,
        pg_get_userbyid(relowner) as owner,
        obj_description(part.oid, 'pg_class') as comment,
        (select count(*)::integer from pg_index where indrelid = part.oid) as indexes,
        (select count(*)::integer from pg_constraint where conrelid = part.oid and contype in ('c', 'f')) as constraints
      from pg_class as part
      where part.oid = 'parts.core_letters_2026_12'::regclass
    `);
    expect(rows).toEqual([
      {
        has_row_security: true,
        has_no_grants: true,
        owner: 'stoa_owner',
        comment: 'Partition of core.letters: rows before 2027-01-01 00:00:00 UTC.',
        indexes: 1,
        constraints: 2,
      },
    ]);
  });

  it.each([
    ['week', '2026-12-30T00:00:00Z', ['2026_12_28', '2027_01_04', '2027_01_11']],
    ['day', '2028-02-28T10:00:00Z', ['2028_02_28', '2028_02_29', '2028_03_01']],
  ])('cuts time itself by the %s, without a history', async (period, now, days) => {
    const name = `${period}ly`;
    await register(
      name,
      `(parent, key_kind, period, ahead) values ('core.${name}', 'timestamptz', '${period}', 2)`,
      'timestamptz',
    );
    expect(await ensure(`core.${name}`, now)).toEqual(days.map((day) => `parts.core_${name}_${day}`));
    expect(await ensure(`core.${name}`, now)).toEqual([]);
  });

  it('makes each partition once when two managers start together', async () => {
    await register('races', "(parent, key_kind) values ('core.races', 'uuidv7')");
    const made = await Promise.all([
      ensure('core.races', '2026-11-15T00:00:00Z'),
      ensure('core.races', '2026-11-15T00:00:00Z'),
    ]);
    expect(made.map(({ length }) => length).sort()).toEqual([0, 5]);
  });

  it('does not wait for readers and writers of the table, nor they for it', async () => {
    const other = await db.pool.connect();
    try {
      await other.query('begin');
      await other.query("insert into core.letters (id) values (core.uuidv7_floor('2026-11-02T00:00:00Z'))");
      expect(await ensure('core.letters', '2028-02-01T00:00:00Z')).toHaveLength(1);
    } finally {
      await other.query('rollback');
      other.release();
    }
  });

  it('draws a leap day into its own year and month, and the turn of the year between two', async () => {
    await register(
      'leaps',
      "(parent, key_kind, period, ahead) values ('core.leaps', 'timestamptz', 'day', 2)",
      'timestamptz',
    );
    await ensure('core.leaps', '2027-12-31T23:59:59Z');
    expect(await ensure('core.leaps', '2028-01-01T00:00:00Z')).toEqual(['parts.core_leaps_2028_01_03']);
    await ensure('core.leaps', '2028-02-28T00:00:00Z');
    for (const [moment, day] of [
      ['2027-12-31T23:59:59.999999Z', '2027_12_31'],
      ['2028-01-01T00:00:00Z', '2028_01_01'],
      ['2028-02-29T00:00:00Z', '2028_02_29'],
      ['2028-03-01T00:00:00Z', '2028_03_01'],
    ] as const) {
      expect(await partitionOf('core.leaps', moment)).toBe(`parts.core_leaps_${day}`);
    }
  });

  it('does all registered tables when none is named, and refuses one without a policy', async () => {
    const { rows } = await db.query<{ made: string }>(
      "select made from ops.ensure_partitions(null, '2028-03-01T00:00:00Z') as made order by made",
    );
    expect(rows.map(({ made }) => made)).toEqual(
      expect.arrayContaining(['parts.audit_logs_2028_03', 'parts.core_letters_2028_05']),
    );
    await expect(ensure('core.users', '2028-03-01T00:00:00Z')).rejects.toThrow(/no partition policy/);
  });

  it('may be called by the worker and by nobody else', async () => {
    await expect(
      db.as({ role: 'stoa_admin' }, (client) => client.query('select ops.ensure_partitions()')),
    ).rejects.toMatchObject({ code: '42501' });
    const { rows } = await db.query<{ grantee: string }>(`
      select grantee::regrole::text as grantee
      from pg_proc, aclexplode(proacl)
      where oid = 'ops.ensure_partitions(text, timestamptz)'::regprocedure and grantee <> proowner
    `);
    expect(rows).toEqual([{ grantee: 'stoa_worker' }]);
  });
});

/** Its locks are held until it is ended. */
async function open(statements: string): Promise<{ client: PoolClient; end(): Promise<void> }> {
  const client = await db.pool.connect();
  let isOver = false;
  const end = async (): Promise<void> => {
    if (isOver) return;
    isOver = true;
    await client.query('rollback');
    client.release();
  };
  onTestFinished(end);
  await client.query(`begin; ${statements}`);
  return { client, end };
}

describe('ops.make_partition', () => {
  // Beyond everything that was made above.
  const later = "'2029-01-15T00:00:00Z'";
  const make = (parent: string, patience = '1 minute') =>
    db.query<{ made: string | null }>(`select ops.make_partition($1, ${later}, $2) as made`, [
      parent,
      patience,
    ]);

  it.each([
    ['audit.logs', "insert into audit.logs (actor_role, action, resource_type) values ('x', 'y', 'z')"],
    ['tracker.announces', 'lock table tracker.announces in row exclusive mode'],
    ['messaging.messages', 'select from messaging.messages'],
    ['messaging.messages', 'select from core.users for key share'],
  ])('makes one of %s while a transaction is open that did: %s', async (parent, statement) => {
    const other = await open(statement);
    // It would fail after no time at all if it had to wait.
    expect((await make(parent, '0')).rows[0]?.made).toMatch(/^parts\./);
    await other.end();
  });

  it('lets writers through while it waits for one that its foreign keys make it wait for', async () => {
    const writer = 'lock table messaging.messages, core.users in row exclusive mode';
    const first = await open(writer);
    let isMade = false;
    const making = make('messaging.messages').then(({ rows }) => {
      isMade = true;
      return rows[0]?.made;
    });
    // Whoever waits for a lock stands in the way of those who come later: only until its patience for a lock is over.
    for (let n = 0; n < 3; n += 1) {
      await vi.waitFor(async () => {
        const { rows } = await db.query(
          `select from pg_catalog.pg_locks
           where not granted and mode = 'ShareRowExclusiveLock' and database = (select oid from pg_database where datname = current_database())`,
        );
        expect(rows).toHaveLength(1);
      });
      await (await open(writer)).end();
      expect(isMade).toBe(false);
    }
    await first.end();
    expect(await making).toMatch(/^parts\.messaging_messages_/);
  });

  it('gives up when its patience is over, and leaves nothing behind', async () => {
    const before = await db.query("select from ops.partition_bounds('messaging.messages')");
    const other = await open('lock table messaging.messages in row exclusive mode');
    await expect(make('messaging.messages', '0')).rejects.toMatchObject({ code: '55P03' });
    await other.end();
    expect((await db.query("select from ops.partition_bounds('messaging.messages')")).rowCount).toBe(
      before.rowCount,
    );
    const { rows } = await db.query(
      "select relname from pg_class where relnamespace = 'parts'::regnamespace and relkind = 'r' and not relispartition",
    );
    expect(rows).toEqual([]);
  });

  it('makes one at a time, the next after the newest, and null when nothing is missing', async () => {
    await register('steps', "(parent, key_kind, ahead) values ('core.steps', 'uuidv7', 2)");
    const made: (string | null | undefined)[] = [];
    for (let n = 0; n < 5; n += 1) {
      const { rows } = await db.query<{ made: string | null }>(
        "select ops.make_partition('core.steps', '2026-12-31T23:59:59Z') as made",
      );
      made.push(rows[0]?.made);
    }
    expect(made).toEqual([
      'parts.core_steps_history',
      'parts.core_steps_2026_12',
      'parts.core_steps_2027_01',
      'parts.core_steps_2027_02',
      null,
    ]);
  });

  it('refuses a table without a policy', async () => {
    await expect(make('core.users')).rejects.toThrow(/no partition policy/);
  });
});

describe('ops.watch_partitions', () => {
  const watch = async (now: string): Promise<readonly unknown[]> => {
    await db.query('select ops.watch_partitions($1)', [now]);
    const { rows } = await db.query(
      `select level, detail ->> 'ahead' as ahead from ops.alerts
       where name = 'partitions_low' and subject = 'core.watched' and resolved_at is null`,
    );
    return rows;
  };

  it('alerts below two ahead, worse when no row can be written, until it is mended', async () => {
    await register('watched', "(parent, key_kind, ahead) values ('core.watched', 'uuidv7', 3)");
    await ensure('core.watched', '2026-01-15T00:00:00Z');
    expect(await watch('2026-02-28T23:59:59Z')).toEqual([]);
    expect(await watch('2026-03-01T00:00:00Z')).toEqual([{ level: 'error', ahead: '1' }]);
    expect(await watch('2026-05-01T00:00:00Z')).toEqual([{ level: 'critical', ahead: '0' }]);
    await ensure('core.watched', '2026-05-01T00:00:00Z');
    expect(await watch('2026-05-01T00:00:00Z')).toEqual([]);
  });

  it('alerts of a registered table that is not there', async () => {
    await db.query("insert into ops.partition_policies (parent, key_kind) values ('core.nowhere', 'uuidv7')");
    await db.query('select ops.watch_partitions()');
    const { rows } = await db.query("select level from ops.alerts where subject = 'core.nowhere'");
    expect(rows).toEqual([{ level: 'critical' }]);
    await db.query("delete from ops.partition_policies where parent = 'core.nowhere'");
  });
});

describe('the invariants of partitions', () => {
  const complaints = async (change: string): Promise<readonly string[]> => {
    const client = await db.pool.connect();
    try {
      await client.query(`begin; ${change}`);
      const { rows: invariants } = await client.query<{ name: string; query: string }>(
        "select name, query from ops.invariants where name like 'ops.partitions.%' and name <> 'ops.partitions.ahead' order by name",
      );
      const found: string[] = [];
      for (const { name, query } of invariants) {
        const { rows } = await client.query<{ subject: string }>(query);
        found.push(...rows.map(({ subject }) => `${name.replace('ops.partitions.', '')}: ${subject}`));
      }
      return found;
    } finally {
      await client.query('rollback');
      client.release();
    }
  };

  it('hold of all that the functions made, days and weeks included', async () => {
    expect(await complaints('')).toEqual([]);
  });

  const last = 'parts.core_watched_2026_08';
  const fresh = `
    create table parts.%s (like core.watched including all);
    alter table parts.%s enable row level security;
    alter table core.watched attach partition parts.%s
      for values from (core.uuidv7_floor('%l')) to (core.uuidv7_floor('%u'));`;
  const attach = (name: string, from: string, to: string): string =>
    fresh.replaceAll('%s', name).replace('%l', from).replace('%u', to);

  it.each([
    [
      'a name of another period',
      `alter table ${last} rename to core_watched_2031_01`,
      ['named: parts.core_watched_2031_01'],
    ],
    [
      'a period that is too long',
      attach('core_watched_2026_10', '2026-09-01T00:00Z', '2026-11-01T00:00Z'),
      ['bounds: parts.core_watched_2026_10'],
    ],
    [
      'a border in another time zone',
      attach('core_watched_2026_09', '2026-09-01T00:00Z', '2026-10-01T00:00+02'),
      ['bounds: parts.core_watched_2026_09', 'named: parts.core_watched_2026_09'],
    ],
    [
      'a gap',
      attach('core_watched_2026_10', '2026-10-01T00:00Z', '2026-11-01T00:00Z'),
      ['contiguous: parts.core_watched_2026_10'],
    ],
    [
      'a partition outside of its schema',
      `alter table ${last} set schema core`,
      ['contiguous: core.core_watched_2026_08', 'named: core.core_watched_2026_08'],
    ],
    [
      'a partition without row security',
      `alter table ${last} disable row level security`,
      [`contiguous: ${last}`],
    ],
    [
      'a table that was detached and left',
      `alter table core.watched detach partition ${last}`,
      [`attached: ${last}`],
    ],
    [
      'a table that nobody registered',
      "delete from ops.partition_policies where parent = 'core.watched'",
      ['registered: core.watched'],
    ],
    [
      'a registry row about no table',
      "insert into ops.partition_policies (parent, key_kind) values ('core.nowhere', 'uuidv7')",
      ['policies: core.nowhere'],
    ],
    [
      'a registry row about a table without partitions',
      "insert into ops.partition_policies (parent, key_kind) values ('core.users', 'uuidv7')",
      ['policies: core.users'],
    ],
  ])('see %s', async (_what, change, expected) => {
    expect(await complaints(change)).toEqual(expected);
  });

  it('see a key of another kind than the registry says, before anything is made', async () => {
    await register('mistaken', "(parent, key_kind) values ('core.mistaken', 'timestamptz')");
    expect(await complaints('')).toEqual(['policies: core.mistaken']);
    await db.query(
      "delete from ops.partition_policies where parent = 'core.mistaken'; drop table core.mistaken",
    );
  });
});

describe('ops.partition_status', () => {
  it('says how many partitions lie ahead and how many are past their retention', async () => {
    await register('papers', "(parent, key_kind, retain) values ('core.papers', 'uuidv7', '90 days')");
    await ensure('core.papers', '2026-01-15T00:00:00Z');
    const { rows } = await db.query(
      "select partitions, ahead, ahead_wanted, expired, covered_until from ops.partition_status('2026-06-15T00:00:00Z') where parent = 'core.papers'",
    );
    expect(rows).toEqual([
      {
        partitions: 5,
        ahead: 0,
        ahead_wanted: 3,
        expired: 3,
        covered_until: new Date('2026-05-01T00:00:00Z'),
      },
    ]);
  });
});

describe('ops.drop_expired_partitions', () => {
  it('drops what is wholly past its retention, and nothing else', async () => {
    const { rows } = await db.query(
      "select dropped from ops.drop_expired_partitions('core.papers', '2026-06-15T00:00:00Z') as dropped",
    );
    expect(rows.map(({ dropped }) => dropped)).toEqual([
      'parts.core_papers_history',
      'parts.core_papers_2026_01',
      'parts.core_papers_2026_02',
    ]);
  });

  it('keeps rows that are exported first until an export was read back', async () => {
    await register(
      'ledgers',
      "(parent, key_kind, retain, export_before_drop) values ('core.ledgers', 'uuidv7', '1 month', true)",
    );
    await ensure('core.ledgers', '2026-01-15T00:00:00Z');
    await partitionOf('core.ledgers', '2026-01-20T00:00:00Z');
    const drop = async (): Promise<string[]> => {
      const { rows } = await db.query<{ dropped: string }>(
        "select dropped from ops.drop_expired_partitions('core.ledgers', '2026-03-15T00:00:00Z') as dropped",
      );
      return rows.map(({ dropped }) => dropped);
    };
    expect(await drop()).toEqual(['parts.core_ledgers_history']);

    await db.query(`
      insert into ops.archive_exports (parent, partition, row_count, location, sha256)
      values ('core.ledgers', 'parts.core_ledgers_2026_01', 1, 'archive/1', '\\x00')
    `);
    expect(await drop()).toEqual([]);

    await db.query('update ops.archive_exports set verified_at = now()');
    expect(await drop()).toEqual(['parts.core_ledgers_2026_01']);
    const { rows } = await db.query('select dropped_at from ops.archive_exports');
    expect(rows).toEqual([{ dropped_at: new Date('2026-03-15T00:00:00Z') }]);
  });
});
