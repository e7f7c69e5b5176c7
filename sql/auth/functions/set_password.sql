create or replace function auth.set_password(p_user_id uuid, p_password_hash text)
returns void
language plpgsql
volatile
set search_path = ''
as $$
begin
  update auth.accounts
  set
    password_hash = auth.checked_password_hash(p_password_hash),
    password_changed_at = now(),
    failed_login_count = 0,
    locked_until = null
  where user_id = p_user_id;

  delete from auth.one_time_tokens
  where user_id = p_user_id
    and purpose in ('reset_password', 'unlock')
    and used_at is null;
  perform auth.queue_mail('password_changed', p_user_id);
end
$$;

comment on function auth.set_password(uuid, text) is
  'Stores the hash of a new password, lifts the lock, voids tokens for another one and tells the owner by mail. Sessions are the caller''s business. Refuses password.not_hashed.';

revoke all on function auth.set_password(uuid, text) from public;
