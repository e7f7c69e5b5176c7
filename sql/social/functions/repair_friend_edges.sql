create or replace function social.repair_friend_edges()
returns integer
language plpgsql
volatile
-- Nobody has grants on the edges.
security definer
set search_path = ''
as $$
declare
  repaired integer;
begin
  with truth as (
    select user_id, friend_id, accepted_at as since from social.friendships where status = 'accepted'
    union all
    select friend_id, user_id, accepted_at from social.friendships where status = 'accepted'
  ),
  drift as (
    select user_id, friend_id, truth.since, edge.user_id is not null as is_kept, truth.user_id is not null as is_true
    from social.friend_edges as edge
    full join truth using (user_id, friend_id)
    where edge.user_id is null
       or truth.user_id is null
  ),
  removed as (
    delete from social.friend_edges as edge
    using drift
    where edge.user_id = drift.user_id
      and edge.friend_id = drift.friend_id
      and not drift.is_true
  ),
  added as (
    insert into social.friend_edges (user_id, friend_id, since)
    select user_id, friend_id, since
    from drift
    where is_true
    on conflict do nothing
  )
  insert into ops.counter_repairs (counter, row_key, cached_value, true_value)
  select
    'social.friend_edges',
    jsonb_build_object('user_id', user_id, 'friend_id', friend_id),
    is_kept::integer,
    is_true::integer
  from drift;

  get diagnostics repaired = row_count;
  return repaired;
end
$$;

comment on function social.repair_friend_edges() is
  'Worker, nightly: compares the edges with the friendships they are derived from, mends what differs and writes it to ops.counter_repairs. Returns how many edges differed; more than none means that a trigger was bypassed. Reads both tables whole.';

revoke all on function social.repair_friend_edges() from public;
grant execute on function social.repair_friend_edges() to stoa_worker;
