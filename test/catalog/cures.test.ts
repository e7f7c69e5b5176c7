import type { ClientBase } from 'pg';
import { beforeAll, describe, expect, it } from 'vitest';
import { advise, advisors } from '../../src/catalog/advise.ts';
import type { Blank, Finding } from '../../src/catalog/advisors/advisor.ts';
import { mend } from '../doctor/cure.ts';
import { type TestDatabase, testDatabase } from '../harness/index.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await testDatabase();
});

interface Fault {
  readonly check: string;
  readonly what: string;
  /** Run as stoa_owner, who owns the empty schema `scratch`. */
  readonly make: string;
  /** What is written in the blanks, where it depends on the table. */
  readonly fill?: Partial<Record<Blank, string>>;
  /** Run afterwards: it raises where the cure did harm. */
  readonly after?: string;
}

const examples: readonly Fault[] = advisors.map(({ name, examples: { bad } }) => ({
  check: name,
  what: 'its example',
  make: bad,
}));

const notes = 'create table scratch.notes (id integer, body text)';

/** Faults of the same kind whose cure is another one. */
const variants: readonly Fault[] = [
  {
    check: 'column_without_comment',
    what: 'a column with an odd name',
    make: 'create view scratch."Odd View" with (security_invoker = true) as select 1 as "an odd; name"',
  },
  {
    check: 'duplicate_index',
    what: 'of a partitioned table',
    make: `create table scratch.events (id integer not null) partition by range (id);
      create index events_first_idx on scratch.events (id);
      create index events_second_idx on scratch.events (id)`,
  },
  {
    check: 'enum_type',
    what: 'with a column, a default and rows',
    make: `create type scratch.mood as enum ('calm', 'it''s cross');
      create table scratch.people (id integer, mood scratch.mood not null default 'it''s cross');
      insert into scratch.people (id) values (1)`,
    after: `insert into scratch.people (id) values (2);
      do $$ begin
        assert (select array_agg(mood) = '{it''s cross,it''s cross}' from scratch.people);
        begin
          insert into scratch.people values (3, 'merry');
          raise 'a mood that never was';
        exception when check_violation then null;
        end;
      end $$`,
  },
  {
    check: 'exposed_table_without_name',
    what: 'with a comment, which is kept',
    make: `${notes};
      comment on table scratch.notes is 'What people jot down, "quoted" and with a \\ in it.';
      grant select on scratch.notes to stoa_member`,
    after: `do $$ begin
        assert obj_description('scratch.notes'::regclass) = E'@name note\\nWhat people jot down, "quoted" and with a \\\\ in it.';
      end $$`,
  },
  {
    check: 'exposed_table_without_name',
    what: 'a materialized view',
    make: 'create materialized view scratch.days as select 1 as day; grant select on scratch.days to stoa_member',
  },
  {
    check: 'foreign_key_without_index',
    what: 'of a partitioned table',
    make: `create table scratch.books (id integer primary key);
      create table scratch.pages (book_id integer references scratch.books) partition by range (book_id)`,
  },
  {
    check: 'function_open_to_public',
    what: 'a procedure',
    make: `create procedure scratch.act() language sql begin atomic select 1; end;
      grant execute on procedure scratch.act() to public`,
  },
  {
    check: 'function_without_comment',
    what: 'a procedure and an aggregate',
    make: `create procedure scratch.act() language sql begin atomic select 1; end;
      create aggregate scratch.total (integer) (sfunc = int4pl, stype = integer)`,
  },
  {
    check: 'function_without_search_path',
    what: 'a procedure',
    make: "create procedure scratch.act() language sql as 'select 1'",
  },
  {
    check: 'grant_without_policy',
    what: 'of a column, inherited from another role',
    make: `${notes};
      alter table scratch.notes enable row level security;
      grant update (body) on scratch.notes to public;
      create policy staff on scratch.notes for update to stoa_moderator using (true)`,
    after: `do $$ begin
        assert has_column_privilege('stoa_moderator', 'scratch.notes', 'body', 'update');
        assert not has_table_privilege('stoa_moderator', 'scratch.notes', 'update');
        assert not has_column_privilege('stoa_member', 'scratch.notes', 'body', 'update');
      end $$`,
  },
  {
    check: 'index_unusable_under_row_security',
    what: 'of a numeric column',
    make: `create table scratch.pages (id integer, price numeric);
      create index pages_price_idx on scratch.pages (price);
      insert into scratch.pages values (1, 2.50);
      grant select on scratch.pages to stoa_member;
      create policy later on scratch.pages for select to stoa_member using (id > 10)`,
    fill: { '<type>': 'bigint', '<expression>': 'price * 100' },
    after: 'do $$ begin assert (select price = 250 from scratch.pages); end $$',
  },
  {
    check: 'invalid_index',
    what: 'a unique one of a partitioned table, of which one part is there, one attached, one missing',
    make: `create table scratch.events (id integer not null, kind text) partition by range (id);
      create table scratch.events_first partition of scratch.events for values from (0) to (10);
      create table scratch.events_second partition of scratch.events for values from (10) to (20);
      create table scratch.events_third partition of scratch.events for values from (20) to (30) partition by range (id);
      create table scratch.events_third_a partition of scratch.events_third for values from (20) to (25);
      create unique index events_id_idx on only scratch.events (id) where kind <> 'x';
      create unique index events_first_id_idx on scratch.events_first (id) where kind <> 'x';
      alter index scratch.events_id_idx attach partition scratch.events_first_id_idx`,
  },
  {
    check: 'invalid_index',
    what: 'a partitioned one whose parts are all attached',
    make: `create table scratch.events (id integer not null) partition by range (id);
      create table scratch.events_first partition of scratch.events for values from (0) to (10);
      create index events_id_idx on only scratch.events (id);
      create index events_first_id_idx on scratch.events_first (id);
      reset role;
      update pg_index set indisvalid = false where indexrelid = 'scratch.events_first_id_idx'::regclass;
      alter index scratch.events_id_idx attach partition scratch.events_first_id_idx`,
  },
  {
    check: 'object_of_another_owner',
    what: 'a table with a numbered column, and a procedure',
    make: `create table scratch.notes (id integer generated always as identity);
      create procedure scratch.act() language sql begin atomic select 1; end;
      grant create on schema scratch to stoa_worker;
      alter table scratch.notes owner to stoa_worker;
      alter procedure scratch.act() owner to stoa_worker`,
  },
  {
    check: 'partition_within_reach',
    what: 'for two roles, one of them by a column',
    make: `create table scratch.events (id integer not null) partition by range (id);
      create table scratch.events_first partition of scratch.events for values from (0) to (10);
      grant select (id) on scratch.events_first to stoa_anonymous;
      grant insert on scratch.events_first to stoa_admin`,
    after: 'do $$ begin assert to_regclass($x$parts.events_first$x$) is not null; end $$',
  },
  {
    check: 'partitioned_table_without_policy',
    what: 'by time',
    make: 'create table scratch.events (at timestamptz not null) partition by range (at)',
  },
  {
    check: 'policy_calls_function_of_row',
    what: 'for writing too',
    make: `create table scratch.notes (author_id uuid);
      create function scratch.is_mine(p_author uuid) returns boolean language sql stable
        return p_author = core.current_user_id();
      create policy own on scratch.notes for update to stoa_member
        using (scratch.is_mine(author_id)) with check (scratch.is_mine(author_id))`,
    fill: { '<condition>': 'author_id = (select core.current_user_id())' },
  },
  {
    check: 'policy_computes_per_row',
    what: 'beside calls that are right',
    make: `create table scratch.notes (author_id uuid, reader_id uuid);
      create policy own on scratch.notes for all to stoa_member
        using (author_id = core.current_user_id() or reader_id = (select core.current_user_id()))
        with check (author_id = core.current_user_id())`,
    after: `do $$ begin
        assert (
          select lower(pg_get_expr(polqual, polrelid)) like '%author_id = ( select core.current_user_id%or%reader_id = ( select core%'
          from pg_policy where polrelid = 'scratch.notes'::regclass
        );
      end $$`,
  },
  {
    check: 'policy_without_grant',
    what: 'for two roles, of which one has it',
    make: `${notes};
      create policy staff on scratch.notes for delete to stoa_member, stoa_admin using (true);
      grant delete on scratch.notes to stoa_admin`,
    after: `do $$ begin
        assert (select polroles = array['stoa_admin'::regrole::oid] from pg_policy where polrelid = 'scratch.notes'::regclass);
      end $$`,
  },
  {
    check: 'registry_names_unknown_object',
    what: 'of a column, beside one that is right',
    make: `${notes};
      insert into ops.personal_data_rules (table_name, column_name, action, reason)
      values ('scratch.notes', 'author_id', 'keep', 'A test.'), ('scratch.notes', 'body', 'keep', 'A test.')`,
    after: `do $$ begin
        assert (select count(*) = 1 from ops.personal_data_rules where table_name = 'scratch.notes');
      end $$`,
  },
  {
    check: 'sequence_within_reach',
    what: 'of two roles, and of everybody',
    make: `create sequence scratch.numbers;
      grant select on sequence scratch.numbers to stoa_admin, public`,
  },
  {
    check: 'table_without_comment',
    what: 'with tags, which are kept',
    make: `${notes}; comment on table scratch.notes is '@name note'`,
    after: `do $$ begin
        assert obj_description('scratch.notes'::regclass) = E'@name note\\nWhat it is.';
      end $$`,
  },
  {
    check: 'timestamp_without_time_zone',
    what: 'in an array',
    make: `create table scratch.notes (seen timestamp[]);
      insert into scratch.notes values ('{2030-01-01 12:00}')`,
    after: `do $$ begin assert (select seen[1] = '2030-01-01 12:00Z' from scratch.notes); end $$`,
  },
  {
    check: 'trigger_function_without_trigger',
    what: 'without any trigger',
    make: 'create function scratch.refuse() returns trigger language plpgsql as $$ begin return null; end $$',
  },
  {
    check: 'updated_at_without_touch_trigger',
    what: 'with a trigger that is disabled',
    make: `create table scratch.notes (id integer, updated_at timestamptz not null default now());
      create trigger touch before update on scratch.notes for each row execute function core.touch_updated_at();
      alter table scratch.notes disable trigger touch`,
  },
];

async function findingsOf(client: ClientBase, check: string): Promise<readonly Finding[]> {
  const findings = await advise(client, {
    checks: advisors.filter(({ name }) => name === check),
    schemas: ['scratch'],
  });
  return findings.filter(({ object }) => object.includes('scratch'));
}

/** As the migrations leave the registries; what a cure moved into `parts` goes too. */
const cleanUp = `
  reset role;
  drop schema scratch cascade;
  drop table if exists parts.events_first;
  delete from core.error_codes where reason like 'scratch.%';
  delete from ops.backup_tiers where table_name like 'scratch.%';
  delete from ops.partition_policies where parent like 'scratch.%';
  delete from ops.personal_data_rules where table_name like 'scratch.%'`;

describe('a fault of the schema', () => {
  it.each([...examples, ...variants].map((fault) => [fault.check, fault.what, fault] as const))(
    'is gone after its cure was run as it was printed: %s, %s',
    async (_, __, { check, make, fill = {}, after }) => {
      const client = await db.pool.connect();
      try {
        await client.query('create schema scratch authorization stoa_owner; set role stoa_owner');
        await client.query(make);
        await client.query('reset role');
        const findings = await findingsOf(client, check);
        expect(findings).not.toEqual([]);
        for (const { remediation } of findings) {
          expect(remediation).toMatch(/;$/);
          // It is printed in lines of whatever width, where a comment would swallow what follows it or end too early.
          expect(remediation).not.toMatch(/--|\/\*/);
          await mend(client, remediation, fill);
        }
        expect(await findingsOf(client, check)).toEqual([]);
        if (after !== undefined) await client.query(after);
      } finally {
        await client.query(cleanUp);
        client.release();
      }
    },
  );

  it('has a case here, whichever check finds it', () => {
    const checked = new Set([...examples, ...variants].map(({ check }) => check));
    expect(advisors.map(({ name }) => name).filter((name) => !checked.has(name))).toEqual([]);
    // A variant of a check that is gone proves nothing.
    const known = new Set(advisors.map(({ name }) => name));
    expect(variants.map(({ check }) => check).filter((check) => !known.has(check))).toEqual([]);
  });
});
