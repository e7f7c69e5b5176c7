create or replace function auth.register_anonymous(p_display_name text default null, p_ip inet default null)
returns uuid
language plpgsql
volatile
-- The tables of this schema are granted to nobody.
security definer
set search_path = ''
as $$
declare
  new_id uuid;
begin
  perform auth.count_attempt('registration_address', auth.network_key(p_ip), 'registration.too_many');
  new_id := auth.create_user(null, p_display_name, p_is_anonymous => true);
  insert into auth.accounts (user_id, registration_ip) values (new_id, p_ip);
  return new_id;
end
$$;

comment on function auth.register_anonymous(text, inet) is
  'Registers an account that has nothing but its session; auth.complete_account gives it a name, an address and a password later. Refuses registration.too_many.';

revoke all on function auth.register_anonymous(text, inet) from public;
grant execute on function auth.register_anonymous(text, inet) to stoa_auth;
