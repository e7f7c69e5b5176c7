create or replace function core.set_class(p_user_id uuid, p_class_id smallint, p_reason text)
returns core.users
language plpgsql
volatile
-- Members may not write their class.
security definer
set search_path = ''
as $$
declare
  me uuid := core.require_role('admin');
  cause text := core.clean_text(p_reason, 500);
  wanted core.user_classes;
  earlier core.users;
  account core.users;
begin
  select * into wanted from core.user_classes where id = p_class_id;
  if not found then
    perform core.fail('class.unknown');
  end if;

  select * into earlier from core.users where id = p_user_id and erased_at is null for no key update;
  if not found then
    perform core.fail('user.unknown');
  end if;

  update core.users
  set class_id = wanted.id,
      role = wanted.role
  where id = p_user_id
  returning * into account;

  perform audit.record(
    p_action => 'user.set_class',
    p_resource_type => 'core.users',
    p_resource_id => p_user_id,
    p_old_values => jsonb_build_object('class_id', earlier.class_id, 'role', earlier.role),
    p_new_values => jsonb_build_object('class_id', account.class_id, 'role', account.role),
    p_reason => cause
  );

  return account;
end
$$;

comment on function core.set_class(uuid, smallint, text) is
  'Administrators only: gives somebody an account class, and with it the role of that class, from their next request on. Refuses user.unknown, class.unknown and an empty reason (input.empty). Audited.';

revoke all on function core.set_class(uuid, smallint, text) from public;
grant execute on function core.set_class(uuid, smallint, text) to stoa_admin;
