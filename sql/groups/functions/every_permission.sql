create or replace function groups.every_permission()
returns bigint
language sql
immutable
parallel safe
begin atomic
  select 8589934591;
end;

comment on function groups.every_permission() is
  'Internal. All bits that exist, 0 to 32: what owners and administrators of a group hold.';

revoke all on function groups.every_permission() from public;
