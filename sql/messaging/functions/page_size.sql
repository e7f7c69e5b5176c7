create or replace function messaging.page_size(p_first integer, p_default integer)
returns integer
language sql
immutable
begin atomic
  select least(greatest(coalesce(p_first, p_default), 1), 100);
end;

comment on function messaging.page_size(integer, integer) is
  E'@internal\n@behavior -*\nHow many rows a page has: what was asked for, from 1 to 100.';

revoke all on function messaging.page_size(integer, integer) from public;
grant execute on function messaging.page_size(integer, integer) to stoa_member;
