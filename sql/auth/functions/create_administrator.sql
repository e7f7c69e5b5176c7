create or replace function auth.create_administrator(p_username text, p_email text, p_token_hash bytea)
returns timestamptz
language plpgsql
volatile
set search_path = ''
as $$
declare
  address constant text := auth.checked_email(p_email);
  new_id constant uuid := auth.create_user(p_username, null, p_is_anonymous => false);
begin
  update core.users
  set
    class_id = class.id,
    role = class.role
  from core.user_classes as class
  where core.users.id = new_id
    and class.slug = 'administrator';

  begin
    insert into auth.accounts (user_id, email) values (new_id, address::extensions.citext);
  exception
    when unique_violation then
      perform core.fail('email.taken');
  end;
  perform audit.record('create_administrator', 'core.users', new_id);
  return auth.issue_one_time_token(
    new_id, 'reset_password', p_token_hash, interval '24 hours', jsonb_build_object('email', address)
  );
end
$$;

comment on function auth.create_administrator(text, text, bytea) is
  'Makes an administrator without a password; the token sets one, within 24 hours. For the owner of the database, who types the command: granted to nobody. Refuses username.malformed, username.reserved, username.taken, email.malformed, email.taken.';

revoke all on function auth.create_administrator(text, text, bytea) from public;
