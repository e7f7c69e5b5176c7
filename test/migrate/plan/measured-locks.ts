import type { LockMode } from '../../../src/migrate/plan/lock-modes.ts';

export interface MeasuredLocks {
  readonly sql: string;
  readonly setup?: string;
  /** Relation of schema app to the strongest mode. */
  readonly locks: Readonly<Record<string, LockMode>>;
  readonly rewrites?: readonly string[];
  /** Where another major than 15 takes other locks. */
  readonly locks18?: Readonly<Record<string, LockMode>>;
}

/** Measured on PostgreSQL 15.18: begin, statement, read pg_locks, roll back. */
export const measuredLocks: readonly MeasuredLocks[] = [
  { sql: 'alter table app.t add column z int', locks: { t: 'AccessExclusive' } },
  { sql: 'alter table app.t add column z int default 5', locks: { t: 'AccessExclusive' } },
  {
    sql: 'alter table app.t add column z float default random()',
    locks: { t: 'AccessExclusive' },
    rewrites: ['app.t'],
  },
  { sql: 'alter table app.t add column z bigserial', locks: { t: 'AccessExclusive' }, rewrites: ['app.t'] },
  {
    sql: 'alter table app.t add column z int generated always as (a+1) stored',
    locks: { t: 'AccessExclusive' },
    rewrites: ['app.t'],
  },
  {
    sql: 'alter table app.t add column z bigint references app.o(id)',
    locks: { o: 'ShareRowExclusive', t: 'AccessExclusive' },
  },
  { sql: 'alter table app.t alter column b set not null', locks: { t: 'AccessExclusive' } },
  {
    sql: 'alter table app.t alter column nm set not null',
    setup: 'alter table app.t add constraint nm_set check (nm is not null)',
    locks: { t: 'AccessExclusive' },
  },
  { sql: 'alter table app.t alter column nm type varchar', locks: { t: 'AccessExclusive' } },
  { sql: 'alter table app.t alter column b set default 5', locks: { t: 'AccessExclusive' } },
  { sql: 'alter table app.t rename column b to bb', locks: { t: 'AccessExclusive' } },
  { sql: 'alter table app.t rename to t2', locks: { t: 'AccessExclusive' } },
  { sql: 'alter table app.t add constraint u unique (a)', locks: { t: 'AccessExclusive' } },
  {
    sql: 'alter table app.t add constraint u unique using index i',
    setup: 'create unique index i on app.t (a)',
    locks: { t: 'AccessExclusive' },
  },
  { sql: 'alter table app.t add constraint pk primary key (a)', locks: { t: 'AccessExclusive' } },
  { sql: 'alter table app.t add constraint c check (b>0)', locks: { t: 'AccessExclusive' } },
  { sql: 'alter table app.t add constraint c check (b>0) not valid', locks: { t: 'AccessExclusive' } },
  {
    sql: 'alter table app.chk validate constraint c0',
    setup: 'alter table app.chk add constraint c0 check (b > 0) not valid',
    locks: { chk: 'ShareUpdateExclusive' },
  },
  {
    sql: 'alter table app.t add constraint e exclude using gist (r with &&) where (a>900000)',
    locks: { t: 'AccessExclusive' },
  },
  {
    sql: 'alter table app.t add foreign key (o) references app.o(id)',
    locks: { o: 'ShareRowExclusive', t: 'ShareRowExclusive' },
  },
  {
    sql: 'alter table app.t add foreign key (o) references app.o(id) not valid',
    locks: { o: 'ShareRowExclusive', t: 'ShareRowExclusive' },
  },
  {
    sql: 'alter table app.t validate constraint fk0',
    setup: 'alter table app.t add constraint fk0 foreign key (o) references app.o (id) not valid',
    locks: { o: 'RowShare', t: 'ShareUpdateExclusive' },
  },
  {
    sql: 'alter table app.t drop constraint fk0',
    setup: 'alter table app.t add constraint fk0 foreign key (o) references app.o (id)',
    locks: { o: 'AccessExclusive', t: 'AccessExclusive' },
  },
  { sql: 'create index ix on app.t(b)', locks: { t: 'Share' } },
  { sql: 'drop index app.idrop', setup: 'create index idrop on app.t (b)', locks: { t: 'AccessExclusive' } },
  { sql: 'reindex table app.t', locks: { t: 'Share' } },
  {
    sql: 'refresh materialized view app.mv',
    locks: { mv: 'AccessExclusive', o: 'AccessShare' },
    rewrites: ['app.mv'],
  },
  {
    sql: 'cluster app.t',
    setup: 'create index t_a on app.t (a); alter table app.t cluster on t_a',
    locks: { t: 'AccessExclusive' },
    rewrites: ['app.t'],
  },
  {
    sql: 'alter table app.pt attach partition app.np for values in (3)',
    locks: { np: 'AccessExclusive', pt: 'ShareUpdateExclusive', ptd: 'AccessExclusive' },
  },
  {
    sql: 'alter table app.pt detach partition app.pt1',
    locks: { pt: 'AccessExclusive', pt1: 'AccessExclusive', ptd: 'AccessExclusive' },
  },
  {
    sql: 'create table app.pt4 partition of app.pt for values in (4)',
    locks: { pt: 'AccessExclusive', ptd: 'AccessExclusive' },
  },
  {
    sql: 'drop table app.pt1',
    locks: { pt: 'AccessExclusive', ptd: 'AccessExclusive', pt1: 'AccessExclusive' },
  },
  { sql: 'truncate app.t', locks: { t: 'AccessExclusive' }, rewrites: ['app.t'] },
  {
    sql: 'create trigger x before insert on app.t for each row execute function app.tf()',
    locks: { t: 'ShareRowExclusive' },
  },
  {
    sql: 'drop trigger x0 on app.t',
    setup: 'create trigger x0 before insert on app.t for each row execute function app.tf()',
    locks: { t: 'AccessExclusive' },
  },
  {
    sql: 'alter table app.t disable trigger x0',
    setup: 'create trigger x0 before insert on app.t for each row execute function app.tf()',
    locks: { t: 'ShareRowExclusive' },
  },
  { sql: 'alter table app.t enable row level security', locks: { t: 'AccessExclusive' } },
  { sql: 'create policy p on app.t using (true)', locks: { t: 'AccessExclusive' } },
  {
    sql: 'drop policy p0 on app.t',
    setup: 'create policy p0 on app.t using (a > 0)',
    locks: { t: 'AccessExclusive' },
  },
  { sql: 'grant select on app.t to stoa_worker', locks: {}, locks18: { t: 'AccessShare' } },
  {
    sql: 'create or replace view app.v0 as select a,b,b as b2 from app.t',
    setup: 'create view app.v0 as select a, b from app.t',
    locks: { t: 'AccessShare', v0: 'AccessExclusive' },
  },
  { sql: 'create view app.v9 as select * from app.t', locks: { t: 'AccessShare' } },
  {
    sql: 'drop view app.v0',
    setup: 'create view app.v0 as select a, b from app.t',
    locks: { v0: 'AccessExclusive' },
  },
  { sql: "comment on table app.t is 'x'", locks: { t: 'ShareUpdateExclusive' } },
  { sql: 'alter table app.t set (fillfactor=50)', locks: { t: 'ShareUpdateExclusive' } },
  { sql: 'alter table app.t set unlogged', locks: { t: 'AccessExclusive' }, rewrites: ['app.t'] },
  { sql: 'alter table app.t replica identity full', locks: { t: 'AccessExclusive' } },
  { sql: 'alter table app.t owner to stoa_worker', locks: { t: 'AccessExclusive' } },
  { sql: 'analyze app.t', locks: { t: 'ShareUpdateExclusive' } },
  { sql: 'create statistics app.st on a,b from app.t', locks: { t: 'ShareUpdateExclusive' } },
  { sql: 'create rule rr as on delete to app.t do instead nothing', locks: { t: 'AccessExclusive' } },
  {
    sql: 'do $$ begin alter table app.t alter column b set not null; end $$',
    locks: { t: 'AccessExclusive' },
  },
  { sql: 'update app.t set b=1 where a=1', locks: { t: 'RowExclusive' } },
  { sql: 'create table app.n(id bigint references app.o(id))', locks: { o: 'ShareRowExclusive' } },
  { sql: "alter type app.e add value 'y'", locks: {} },
  { sql: 'drop type app.e cascade', locks: { o: 'AccessExclusive' } },
];
