create or replace function core.current_user_id()
returns uuid
language sql
stable
parallel safe
begin atomic
  select nullif(current_setting('stoa.user_id', true), '')::uuid;
end;

comment on function core.current_user_id() is
  E'@internal\nThe account that this request acts for, or null for a visitor. Set by the API for the length of one transaction. In a policy, write (select core.current_user_id()) so that it is computed once a statement.';

revoke all on function core.current_user_id() from public;
grant execute on function core.current_user_id() to stoa_anonymous, stoa_worker;
