create or replace function insight.groups_after(p_after uuid default null, p_limit integer default 500)
returns setof uuid
language sql
stable
rows 500
-- The worker has no grant on the groups.
security definer
set search_path = ''
begin atomic
  select home.id
  from groups.groups as home
  where home.deleted_at is null
    and home.id > coalesce(p_after, '00000000-0000-0000-0000-000000000000')
  order by home.id
  limit p_limit;
end;

comment on function insight.groups_after(uuid, integer) is
  'For the worker: the live groups that follow one, in the order of their identifiers. A range of the primary key.';

revoke all on function insight.groups_after(uuid, integer) from public;
grant execute on function insight.groups_after(uuid, integer) to stoa_worker;
