create or replace function auth.issue_password_link(p_name text, p_token_hash bytea)
returns table (username text, expires_at timestamptz)
language plpgsql
volatile
set search_path = ''
as $$
declare
  person_id uuid;
  address text;
begin
  select person.id, person.username::text, account.email::text
  into person_id, username, address
  from core.users as person
  left join auth.accounts as account on account.user_id = person.id
  where person.username operator(extensions.=) btrim(p_name)::extensions.citext
    or account.email operator(extensions.=) btrim(p_name)::extensions.citext;
  if not found then
    perform core.fail('user.unknown');
  end if;
  if address is null then
    perform core.fail('email.missing');
  end if;

  expires_at := auth.issue_one_time_token(
    person_id, 'reset_password', p_token_hash, interval '24 hours', jsonb_build_object('email', address)
  );
  perform audit.record('issue_password_link', 'core.users', person_id);
  return next;
end
$$;

comment on function auth.issue_password_link(text, bytea) is
  'A token that sets a new password within 24 hours, for an operator to hand over to somebody whose mail does not arrive. Granted to nobody; leaves a trace in the audit log. Refuses user.unknown, email.missing.';

revoke all on function auth.issue_password_link(text, bytea) from public;
