create or replace function auth.resend_verification(p_user_id uuid, p_ip inet default null)
returns void
language plpgsql
volatile
-- The tables of this schema are granted to nobody.
security definer
set search_path = ''
as $$
declare
  account auth.accounts;
begin
  select * into account from auth.accounts where user_id = p_user_id;
  if account.pending_email is not null then
    perform auth.count_attempt('mail', auth.name_key(account.pending_email::text), 'mail.too_many');
    perform auth.count_attempt('mail_address', auth.network_key(p_ip), 'mail.too_many');
    perform auth.queue_mail('change_email', p_user_id);
    return;
  end if;
  if account.email is null then
    perform core.fail('email.missing');
  end if;
  if account.email_verified_at is not null then
    perform core.fail('email.already_verified');
  end if;
  perform auth.count_attempt('mail', auth.name_key(account.email::text), 'mail.too_many');
  perform auth.count_attempt('mail_address', auth.network_key(p_ip), 'mail.too_many');
  perform auth.queue_mail('verify_email', p_user_id);
end
$$;

comment on function auth.resend_verification(uuid, inet) is
  'Mails the token for the address that waits for its proof once more: a pending one first, else the one of the account. The newer token replaces the older. Refuses email.missing, email.already_verified, mail.too_many.';

revoke all on function auth.resend_verification(uuid, inet) from public;
grant execute on function auth.resend_verification(uuid, inet) to stoa_auth;
