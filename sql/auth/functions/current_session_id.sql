create or replace function auth.current_session_id()
returns uuid
language sql
stable
parallel safe
begin atomic
  select nullif(current_setting('stoa.session_id', true), '')::uuid;
end;

comment on function auth.current_session_id() is
  E'@behavior -*\nThe session by which this request came, or null. Set by the API for the length of one transaction.';

revoke all on function auth.current_session_id() from public;
