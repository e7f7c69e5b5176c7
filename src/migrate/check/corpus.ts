/** A statement against a table that exists and is filled, and what linters said of it. */
export interface CorpusStatement {
  readonly sql: string;
  /** What must be there first. */
  readonly setup?: string;
  /** Why it is not run by the tests. */
  readonly notRun?: string;
  /** Rules that fired: squawk 2.66, pgfence 0.1.5, Postgres Language Server 0.25.5. */
  readonly squawk: readonly string[];
  readonly pgfence: readonly string[];
  readonly pgls: readonly string[];
}

/**
 * The yardstick of `stoa migrate check`: statements that a DBA writes, harmless ones among them.
 *
 * What the linters said was measured once, each statement in a file of its own after `set lock_timeout` and
 * `set statement_timeout`; rules about those two and about IF NOT EXISTS are left out.
 */
export const corpus: readonly CorpusStatement[] = [
  { sql: 'alter table app.t add column j json', squawk: [], pgfence: ['add-column-json'], pgls: [] },
  {
    sql: 'alter table app.t add column j int default random()',
    squawk: ['prefer-bigint-over-int', 'adding-field-with-default'],
    pgfence: ['add-column-non-constant-default', 'prefer-bigint-over-int'],
    pgls: ['addingFieldWithDefault'],
  },
  {
    sql: 'alter table app.t add column s bigserial',
    squawk: ['prefer-identity'],
    pgfence: ['add-column-serial'],
    pgls: ['addSerialColumn'],
  },
  {
    sql: 'alter table app.t add column g int generated always as (a+1) stored',
    squawk: ['prefer-bigint-over-int', 'adding-field-with-default'],
    pgfence: ['add-column-stored-generated', 'prefer-bigint-over-int'],
    pgls: ['addSerialColumn', 'addingFieldWithDefault'],
  },
  {
    sql: 'alter table app.t alter column a set not null',
    squawk: ['adding-not-nullable-field'],
    pgfence: ['alter-column-set-not-null'],
    pgls: ['addingNotNullField'],
  },
  {
    sql: 'alter table app.t alter column a type bigint',
    squawk: ['changing-column-type'],
    pgfence: ['alter-column-type'],
    pgls: [],
  },
  {
    sql: 'alter table app.t rename column a to b',
    setup: 'alter table app.t drop column b',
    squawk: ['renaming-column'],
    pgfence: ['rename-column'],
    pgls: [],
  },
  { sql: 'alter table app.t rename to t2', squawk: ['renaming-table'], pgfence: ['rename-table'], pgls: [] },
  {
    sql: 'alter table app.t drop column a',
    squawk: ['ban-drop-column'],
    pgfence: ['drop-column'],
    pgls: ['banDropColumn'],
  },
  { sql: 'drop table app.t', squawk: ['ban-drop-table'], pgfence: ['drop-table'], pgls: ['banDropTable'] },
  { sql: 'truncate app.t', squawk: [], pgfence: ['truncate'], pgls: ['banTruncate'] },
  {
    sql: 'alter table app.t add constraint u unique (a)',
    squawk: ['constraint-missing-not-valid', 'disallowed-unique-constraint'],
    pgfence: ['add-constraint-unique'],
    pgls: [],
  },
  {
    sql: 'alter table app.t add constraint u primary key using index i',
    setup: 'create unique index i on app.t (a); alter table app.t alter column a set not null',
    squawk: [],
    pgfence: ['add-pk-using-index'],
    pgls: [],
  },
  {
    sql: 'alter table app.t add constraint c check (a>0)',
    squawk: ['constraint-missing-not-valid'],
    pgfence: ['add-constraint-check-no-not-valid'],
    pgls: [],
  },
  {
    sql: 'alter table app.t add constraint e exclude using gist (r with &&)',
    squawk: ['constraint-missing-not-valid'],
    pgfence: ['add-constraint-exclude'],
    pgls: ['avoidAddingExclusionConstraint'],
  },
  {
    sql: 'alter table app.t add foreign key (o) references app.o(id)',
    squawk: ['constraint-missing-not-valid', 'adding-foreign-key-constraint'],
    pgfence: ['add-constraint-fk-no-not-valid'],
    pgls: ['addingForeignKeyConstraint'],
  },
  {
    sql: 'alter table app.t add foreign key (o) references app.o(id) not valid',
    squawk: [],
    pgfence: [],
    pgls: [],
  },
  {
    sql: 'create index i on app.t(a)',
    squawk: ['require-concurrent-index-creation'],
    pgfence: ['create-index-not-concurrent'],
    pgls: [],
  },
  {
    sql: 'drop index app.i',
    setup: 'create index i on app.t (a)',
    squawk: ['require-concurrent-index-deletion'],
    pgfence: ['drop-index-not-concurrent'],
    pgls: [],
  },
  {
    sql: 'reindex table app.t',
    squawk: ['require-concurrent-reindex'],
    pgfence: [],
    pgls: ['requireConcurrentReindex'],
  },
  {
    sql: 'refresh materialized view app.mv',
    squawk: [],
    pgfence: [],
    pgls: ['requireConcurrentRefreshMatview'],
  },
  { sql: 'vacuum full app.t', squawk: [], pgfence: ['vacuum-full'], pgls: ['banVacuumFull'] },
  {
    sql: 'cluster app.t',
    setup: 'create index t_a on app.t (a); alter table app.t cluster on t_a',
    squawk: [],
    pgfence: [],
    pgls: [],
  },
  { sql: 'lock table app.t in access exclusive mode', squawk: [], pgfence: [], pgls: [] },
  {
    sql: 'alter table app.t attach partition app.p for values in (1)',
    setup:
      'drop table app.t; create table app.t (a integer not null) partition by list (a); create table app.p (a integer not null); insert into app.p select 1 from generate_series(1, 10)',
    squawk: [],
    pgfence: [],
    pgls: ['avoidAttachingPartition'],
  },
  {
    sql: 'alter table app.t detach partition app.p',
    setup:
      'drop table app.t; create table app.t (a integer not null) partition by list (a); create table app.p (a integer not null); insert into app.p select 1 from generate_series(1, 10); alter table app.t attach partition app.p for values in (1)',
    squawk: ['require-concurrent-partition-detach'],
    pgfence: [],
    pgls: ['requireConcurrentDetachPartition'],
  },
  {
    sql: 'create table app.p2 partition of app.t for values in (2)',
    setup:
      'drop table app.t; create table app.t (a integer not null) partition by list (a); create table app.p (a integer not null); insert into app.p select 1 from generate_series(1, 10)',
    squawk: [],
    pgfence: [],
    pgls: [],
  },
  {
    sql: 'update app.t set a=1',
    squawk: [],
    pgfence: ['update-in-migration'],
    pgls: ['banUpdateWithoutWhere'],
  },
  {
    sql: 'delete from app.t',
    squawk: [],
    pgfence: ['delete-without-where'],
    pgls: ['banDeleteWithoutWhere'],
  },
  {
    sql: 'create trigger x before insert on app.t for each row execute function app.tf()',
    squawk: [],
    pgfence: [],
    pgls: [],
  },
  {
    sql: 'drop trigger x on app.t',
    setup: 'create trigger x before insert on app.t for each row execute function app.tf()',
    squawk: [],
    pgfence: [],
    pgls: [],
  },
  { sql: 'alter table app.t disable trigger all', squawk: [], pgfence: [], pgls: [] },
  { sql: 'alter table app.t enable row level security', squawk: [], pgfence: [], pgls: [] },
  {
    sql: 'alter table app.t disable row level security',
    setup: 'alter table app.t enable row level security',
    squawk: [],
    pgfence: [],
    pgls: [],
  },
  { sql: 'create policy p on app.t using (true)', squawk: [], pgfence: [], pgls: [] },
  {
    sql: 'drop policy p on app.t',
    setup: 'create policy p on app.t using (a > 0)',
    squawk: [],
    pgfence: [],
    pgls: [],
  },
  { sql: 'grant all on app.t to public', squawk: [], pgfence: [], pgls: [] },
  {
    sql: "create function app.f() returns int language sql security definer as 'select 1'",
    squawk: [],
    pgfence: [],
    pgls: [],
  },
  {
    sql: 'create or replace view app.v as select * from app.t',
    setup: 'create view app.v as select * from app.t',
    squawk: [],
    pgfence: [],
    pgls: [],
  },
  { sql: 'drop schema app cascade', squawk: [], pgfence: [], pgls: ['banDropSchema'] },
  {
    sql: 'drop function app.f()',
    setup: 'create function app.f() returns integer language sql return 1',
    squawk: [],
    pgfence: [],
    pgls: [],
  },
  {
    sql: 'drop view app.v cascade',
    setup: 'create view app.v as select * from app.t; create view app.w as select * from app.v',
    squawk: [],
    pgfence: [],
    pgls: [],
  },
  { sql: 'drop type app.e cascade', squawk: [], pgfence: [], pgls: [] },
  {
    sql: "alter type app.e add value 'x'",
    setup: "drop type app.e cascade; create type app.e as enum ('a')",
    squawk: ['require-enum-value-ordering'],
    pgfence: [],
    pgls: [],
  },
  { sql: "alter type app.e rename value 'x' to 'y'", squawk: [], pgfence: [], pgls: [] },
  {
    sql: "create type app.e as enum ('a')",
    setup: 'drop type app.e cascade',
    squawk: [],
    pgfence: [],
    pgls: [],
  },
  {
    sql: 'alter table app.t set logged',
    setup: 'alter table app.t set unlogged',
    squawk: [],
    pgfence: [],
    pgls: [],
  },
  {
    sql: 'alter table app.t set tablespace x',
    notRun: 'needs a second disk',
    squawk: [],
    pgfence: [],
    pgls: [],
  },
  { sql: 'alter table app.t alter column a set default 5', squawk: [], pgfence: [], pgls: [] },
  {
    sql: 'alter table app.t alter column a drop not null',
    setup: 'alter table app.t alter column a set not null',
    squawk: ['ban-drop-not-null'],
    pgfence: [],
    pgls: ['banDropNotNull'],
  },
  { sql: "comment on table app.t is 'x'", squawk: [], pgfence: [], pgls: [] },
  { sql: 'create extension postgis', notRun: 'not part of the server', squawk: [], pgfence: [], pgls: [] },
  {
    sql: "alter system set work_mem='1GB'",
    notRun: 'changes the server, outside of any transaction',
    squawk: [],
    pgfence: [],
    pgls: [],
  },
  { sql: 'set session_replication_role = replica', squawk: [], pgfence: [], pgls: [] },
  { sql: 'alter table app.t replica identity full', squawk: [], pgfence: [], pgls: [] },
  { sql: 'alter table app.t set (fillfactor=50)', squawk: [], pgfence: [], pgls: [] },
  {
    sql: 'do $$ begin alter table app.t alter column a set not null; end $$',
    squawk: [],
    pgfence: [],
    pgls: [],
  },
  {
    sql: 'create function app.g() returns int language plpgsql as $$ begin selec 1; end $$',
    notRun: 'the server refuses it',
    squawk: [],
    pgfence: [],
    pgls: ['syntax'],
  },
  {
    sql: "copy app.t from program 'rm -rf /'",
    notRun: 'runs a program on the server',
    squawk: [],
    pgfence: [],
    pgls: [],
  },
  { sql: 'alter role x superuser', notRun: 'roles belong to the server', squawk: [], pgfence: [], pgls: [] },
  { sql: "select setval('app.s', 1)", squawk: [], pgfence: [], pgls: [] },
  {
    sql: 'create table app.n (id int, ts timestamp, c char(3), v varchar(10), m money)',
    squawk: ['prefer-bigint-over-int', 'prefer-timestamp-tz', 'ban-char-field', 'prefer-text-field'],
    pgfence: ['prefer-bigint-over-int', 'prefer-timestamptz', 'prefer-text-field'],
    pgls: [],
  },
  { sql: 'create table app.nopk (a text)', squawk: [], pgfence: [], pgls: [] },
  { sql: 'insert into app.t select * from app.big', squawk: [], pgfence: [], pgls: [] },
  {
    sql: 'create index concurrently i1 on app.t(a); create index concurrently i2 on app.t(b)',
    squawk: [],
    pgfence: [],
    pgls: ['banConcurrentIndexCreationInTransaction'],
  },
  {
    sql: 'alter table app.t add constraint c check (a>0) not valid; alter table app.t validate constraint c',
    squawk: [],
    pgfence: ['validate-constraint'],
    pgls: [
      'multipleAlterTable',
      'requireSeparateConstraintValidation',
      'runningStatementWhileHoldingAccessExclusive',
    ],
  },
];
