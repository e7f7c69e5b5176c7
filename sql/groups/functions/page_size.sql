create or replace function groups.page_size(p_first integer)
returns integer
language sql
immutable
begin atomic
  select least(greatest(coalesce(p_first, 25), 1), 100);
end;

comment on function groups.page_size(integer) is
  'Internal. How many rows a page has: what was asked for, from 1 to 100; 25 when nothing was.';

revoke all on function groups.page_size(integer) from public;
