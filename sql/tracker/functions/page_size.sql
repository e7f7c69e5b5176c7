create or replace function tracker.page_size(p_first integer)
returns integer
language plpgsql
immutable
set search_path = ''
as $$
begin
  return least(greatest(coalesce(p_first, 25), 1), 50);
end
$$;

comment on function tracker.page_size(integer) is
  'Internal. How many rows a page has: what was asked for, from 1 to 50; 25 when nothing was.';

revoke all on function tracker.page_size(integer) from public;
