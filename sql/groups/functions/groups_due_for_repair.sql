create or replace function groups.groups_due_for_repair(p_since timestamptz, p_sample integer default 100)
returns setof uuid
language sql
stable
-- The worker has no grant on the groups.
security definer
set search_path = ''
begin atomic
  select community.id
  from groups.groups as community
  where exists (
    select
    from groups.channels as channel
    where channel.group_id = community.id
      and channel.last_message_at >= p_since
  )
  union
  select community.id
  from groups.groups as community
  where exists (
    select
    from groups.group_members as membership
    where membership.group_id = community.id
      and membership.joined_at >= p_since
  )
  union
  (
    select community.id
    from groups.groups as community
    -- A sample without sorting the table: what follows a random identifier.
    where community.id >= (
      select core.uuidv7_floor(oldest.made_at + random() * (now() - oldest.made_at))
      from (select core.uuidv7_time(first.id) as made_at from groups.groups as first order by first.id limit 1) as oldest
    )
    order by community.id
    limit p_sample
  );
end;

comment on function groups.groups_due_for_repair(timestamptz, integer) is
  'For the worker: the groups in which something was said or somebody joined since a time, and some others that lie together at a random place. Scans channels and members once.';

revoke all on function groups.groups_due_for_repair(timestamptz, integer) from public;
grant execute on function groups.groups_due_for_repair(timestamptz, integer) to stoa_worker;
