create or replace function auth.register(
  p_email text,
  p_password_hash text,
  p_username text,
  p_display_name text default null,
  p_ip inet default null
)
returns uuid
language plpgsql
volatile
-- The tables of this schema are granted to nobody.
security definer
set search_path = ''
as $$
declare
  address constant text := auth.checked_email(p_email);
  hash constant text := auth.checked_password_hash(p_password_hash);
  new_id uuid;
  violated text;
begin
  perform auth.count_attempt('registration_address', auth.network_key(p_ip), 'registration.too_many');
  perform auth.count_attempt('mail', auth.name_key(address), 'mail.too_many');
  if p_username is null then
    perform core.fail('username.malformed');
  end if;

  begin
    -- The address comes last: whether it is taken or not, the work up to here is the same.
    new_id := auth.create_user(p_username, p_display_name, p_is_anonymous => false);
    insert into auth.accounts (user_id, email, password_hash, password_changed_at, registration_ip)
    values (new_id, address::extensions.citext, hash, now(), p_ip);
    perform auth.queue_mail('verify_email', new_id);
    return new_id;
  exception
    when unique_violation then
      get stacked diagnostics violated = constraint_name;
      if violated <> 'accounts_email_key' then
        raise;
      end if;
  end;

  perform auth.queue_mail('already_registered', account.user_id)
  from auth.accounts as account
  where account.email operator(extensions.=) address::extensions.citext;
  return null;
end
$$;

comment on function auth.register(text, text, text, text, inet) is
  'Registers an account by e-mail: user, profile, settings, credentials, and the mail that verifies the address, all or nothing. Takes the argon2id hash, never the password. An address that is taken gives the same answer to the client (here null instead of an id, which the gateway keeps to itself), and its owner gets a mail. What cannot be hidden is that the username appears among the users: the limit by network address is what keeps that from being used to try addresses in bulk. Refuses email.malformed, password.not_hashed, username.malformed, username.reserved, username.taken, registration.too_many, mail.too_many.';

revoke all on function auth.register(text, text, text, text, inet) from public;
grant execute on function auth.register(text, text, text, text, inet) to stoa_auth;
