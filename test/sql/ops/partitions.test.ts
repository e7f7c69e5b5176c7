import { beforeAll, describe, expect, it } from 'vitest';
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
