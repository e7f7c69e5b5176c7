create or replace function auth.complete_account(
  p_user_id uuid,
  p_email text,
  p_password_hash text,
  p_username text default null,
  p_display_name text default null,
  p_ip inet default null
)
returns void
language plpgsql
volatile
-- The tables of this schema are granted to nobody.
security definer
set search_path = ''
as $$
declare
  address constant text := auth.checked_email(p_email);
  hash constant text := auth.checked_password_hash(p_password_hash);
  person core.users;
begin
  perform auth.count_attempt('mail', auth.name_key(address), 'mail.too_many');
  perform auth.count_attempt('mail_address', auth.network_key(p_ip), 'mail.too_many');

  select * into person from core.users where id = p_user_id for no key update;
  if not found then
    perform core.fail('user.unknown');
  end if;
  if not person.is_anonymous then
    perform core.fail('account.complete');
  end if;
  if person.username is null and p_username is null then
    perform core.fail('username.malformed');
  end if;

  begin
    update core.users
    set
      username = coalesce(username, core.check_username(p_username)::extensions.citext),
      display_name = coalesce(core.clean_text(p_display_name, 100, p_required => false), display_name)
    where id = p_user_id;
  exception
    when unique_violation then
      perform core.fail('username.taken');
  end;

  insert into auth.accounts (user_id, pending_email, pending_password_hash)
  values (p_user_id, address::extensions.citext, hash)
  on conflict (user_id) do update
  set
    pending_email = excluded.pending_email,
    pending_password_hash = excluded.pending_password_hash;
  perform auth.queue_mail('change_email', p_user_id);
end
$$;

comment on function auth.complete_account(uuid, text, text, text, text, inet) is
  'Gives an anonymous account a username at once, and an address and a password as soon as the address is proven by the mailed token (auth.change_email). So the answer is the same for an address that is taken. Refuses account.complete, email.malformed, password.not_hashed, username.malformed, username.reserved, username.taken, mail.too_many.';

revoke all on function auth.complete_account(uuid, text, text, text, text, inet) from public;
grant execute on function auth.complete_account(uuid, text, text, text, text, inet) to stoa_auth;
