create or replace function forums.page_size(p_first integer)
returns integer
language plpgsql
immutable
set search_path = ''
as $$
begin
  return least(greatest(coalesce(p_first, 25), 1), 50);
end
$$;

comment on function forums.page_size(integer) is E'@behavior -*\nInternal. How many rows a page of a feed has: what was asked for, from 1 to 50; 25 when nothing was.';

revoke all on function forums.page_size(integer) from public;
grant execute on function forums.page_size(integer) to stoa_anonymous;
