create or replace function auth.request_password_reset(p_email text, p_ip inet default null)
returns void
language plpgsql
volatile
-- The tables of this schema are granted to nobody.
security definer
set search_path = ''
as $$
declare
  address constant text := auth.checked_email(p_email);
  owner_id uuid;
begin
  perform auth.count_attempt('mail', auth.name_key(address), 'mail.too_many');
  perform auth.count_attempt('mail_address', auth.network_key(p_ip), 'mail.too_many');

  select account.user_id into owner_id
  from auth.accounts as account
  where account.email operator(extensions.=) address::extensions.citext;

  -- An address that nobody has gets a job as well, for an account that does not exist: the same work, no mail.
  perform auth.queue_mail('reset_password', coalesce(owner_id, core.uuidv7()));
end
$$;

comment on function auth.request_password_reset(text, inet) is
  'Mails a token for a new password, if the address belongs to an account; answers and works the same if not. Refuses email.malformed, mail.too_many.';

revoke all on function auth.request_password_reset(text, inet) from public;
grant execute on function auth.request_password_reset(text, inet) to stoa_auth;
