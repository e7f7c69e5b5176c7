create or replace function auth.create_user(p_username text, p_display_name text, p_is_anonymous boolean)
returns uuid
language plpgsql
volatile
set search_path = ''
as $$
declare
  new_id uuid;
  violated text;
begin
  begin
    insert into core.users (username, display_name, is_anonymous, class_id, role)
    select
      case when p_username is not null then core.check_username(p_username) end,
      core.clean_text(p_display_name, 100, p_required => false),
      p_is_anonymous,
      class.id,
      class.role
    from core.user_classes as class
    where class.is_default
    returning id into strict new_id;
  exception
    when unique_violation then
      get stacked diagnostics violated = constraint_name;
      if violated <> 'users_username_key' then
        raise;
      end if;
      perform core.fail('username.taken');
  end;

  insert into core.profiles (user_id) values (new_id) on conflict do nothing;
  insert into core.user_settings (user_id) values (new_id) on conflict do nothing;
  return new_id;
end
$$;

comment on function auth.create_user(text, text, boolean) is
  'The public half of a new account, with profile and settings. What other modules keep for each account they add by a trigger on core.users. Refuses a username that is malformed, reserved or taken (username.malformed, username.reserved, username.taken).';

revoke all on function auth.create_user(text, text, boolean) from public;
