create or replace function core.member_tag(p_number bigint)
returns text
language sql
immutable
strict
parallel safe
begin atomic
  select '#' || lpad(p_number::text, greatest(4, length(p_number::text)), '0');
end;

comment on function core.member_tag(bigint) is
  E'@internal\n@behavior -*\nA member number as people read it: # and at least four digits, longer numbers whole.';

revoke all on function core.member_tag(bigint) from public;
grant execute on function core.member_tag(bigint) to stoa_anonymous, stoa_worker;
