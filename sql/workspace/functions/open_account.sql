create or replace function workspace.open_account(p_user_id uuid)
returns void
language plpgsql
stable
set search_path = ''
as $$
begin
  if not exists (
    select
    from core.users as person
    where person.id = p_user_id
      and person.is_active
      and not person.is_system
      and person.deleted_at is null
      and person.erased_at is null
      and (person.banned_until is null or person.banned_until <= now())
  ) or social.is_blocked(core.current_user_id(), p_user_id)
  then
    perform core.fail('user.unknown');
  end if;
end
$$;

comment on function workspace.open_account(uuid) is
  'Internal. Refuses (user.unknown) an account that is not there, closed, disabled or banned, and one between which and the caller there is a block. Three look-ups by primary key.';

revoke all on function workspace.open_account(uuid) from public;
