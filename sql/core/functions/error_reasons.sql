create or replace function core.error_reasons()
returns table (reason text, sqlstate text)
language sql
stable
-- The registry itself has no grants.
security definer
set search_path = ''
begin atomic
  select e.reason, e.sqlstate from core.error_codes as e;
end;

comment on function core.error_reasons() is
  E'@internal\nEvery reason that a procedure may refuse with, and its SQLSTATE: the descriptions of the API list them. One scan of a small table.';

revoke all on function core.error_reasons() from public;
grant execute on function core.error_reasons() to stoa_anonymous;
