create or replace function auth.request_email_change(p_user_id uuid, p_email text, p_ip inet default null)
returns void
language plpgsql
volatile
-- The tables of this schema are granted to nobody.
security definer
set search_path = ''
as $$
declare
  address constant text := auth.checked_email(p_email);
  account auth.accounts;
begin
  perform auth.count_attempt('mail', auth.name_key(address), 'mail.too_many');
  perform auth.count_attempt('mail_address', auth.network_key(p_ip), 'mail.too_many');

  select * into account from auth.accounts where user_id = p_user_id for no key update;
  if account.email is null then
    perform core.fail('email.missing');
  end if;

  update auth.accounts
  set pending_email = address::extensions.citext
  where user_id = p_user_id;
  perform auth.queue_mail('change_email', p_user_id);
  perform auth.queue_mail('email_change_requested', p_user_id);
end
$$;

comment on function auth.request_email_change(uuid, text, inet) is
  'Notes an address that takes the place of the present one once it is proven by a mailed token; the present one is told. The answer is the same for an address that is taken. Refuses email.malformed, email.missing (complete the account instead), mail.too_many.';

revoke all on function auth.request_email_change(uuid, text, inet) from public;
grant execute on function auth.request_email_change(uuid, text, inet) to stoa_auth;
