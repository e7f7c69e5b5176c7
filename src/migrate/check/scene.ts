import { splitStatements } from '../split.ts';
import { World } from './world.ts';

/**
 * The world in which examples and corpus are run: a few tables with rows in them. A statement that is harmless on an
 * empty table shows here what it does to a filled one.
 */
export const sceneSql = `
create schema app;

create table app.users (
  id bigint primary key,
  name text not null,
  email varchar(200)
);
insert into app.users select g, 'user ' || g, 'u' || g || '@example.org' from generate_series(1, 100) as g;

create table app.posts (
  id bigint primary key,
  author_id bigint,
  title text,
  body text,
  score integer,
  state text default 'open'
);
insert into app.posts select g, 1 + g % 100, 'post ' || g, 'text', g % 50, 'open' from generate_series(1, 1000) as g;
create index posts_author_idx on app.posts (author_id);
alter table app.posts enable row level security;
create policy readable on app.posts for select to stoa_member using (state = 'open');
create view app.titles as select id, title from app.posts;
create materialized view app.top_posts as select id, author_id from app.posts order by id desc limit 10;
create unique index top_posts_key on app.top_posts (id);

create table app.events (id bigint not null, at date not null, primary key (at, id)) partition by range (at);
create table app.events_2030 partition of app.events for values from ('2030-01-01') to ('2031-01-01');
insert into app.events select g, date '2030-01-01' + (g % 300)::integer from generate_series(1, 300) as g;

create function app.tf() returns trigger language plpgsql as $$ begin return new; end $$;
create function app.rank(p_score integer) returns integer language sql immutable return p_score * 2;
create type app.e as enum ('a', 'x');
create sequence app.s;

create table app.o (id bigint primary key, mood app.e);
insert into app.o select g, 'a' from generate_series(1, 100) as g;
create materialized view app.mv as select id from app.o;
create table app.t (a integer, b integer, nm varchar(20), o bigint, r int4range);
insert into app.t select g, g, 'n' || g, 1 + g % 100, int4range(g, g + 1) from generate_series(1, 1000) as g;
create table app.big (like app.t);
insert into app.big select * from app.t;
create table app.chk (b integer);
insert into app.chk select g from generate_series(1, 100) as g;

create table app.pt (k integer not null) partition by list (k);
create table app.pt1 partition of app.pt for values in (1);
create table app.pt2 partition of app.pt for values in (2);
create table app.ptd partition of app.pt default;
insert into app.pt select 1 + g % 2 from generate_series(1, 100) as g;
create table app.np (k integer not null);
insert into app.np select 3 from generate_series(1, 10);
`;

/** What the files say of the scene, as though it had been released long ago. */
export async function sceneWorld(): Promise<World> {
  const world = new World();
  for (const { node } of await splitStatements(sceneSql, { path: 'scene', line: 1 }))
    world.learn(node, false);
  return world;
}
