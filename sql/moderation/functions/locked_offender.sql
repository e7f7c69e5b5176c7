create or replace function moderation.locked_offender(p_user_id uuid)
returns core.users
language plpgsql
volatile
set search_path = ''
as $$
declare
  person core.users;
begin
  -- Whatever is done to one person is done one after another: of two warnings at once the second counts the first.
  select * into person from core.users as candidate where candidate.id = p_user_id for no key update;
  if not found or person.erased_at is not null then
    perform core.fail('user.unknown');
  end if;
  if person.id = core.current_user_id()
    or person.is_system
    or (case person.role when 'admin' then 3 when 'moderator' then 2 else 1 end) >= core.current_role_rank()
  then
    perform core.fail('sanction.protected');
  end if;
  return person;
end
$$;

comment on function moderation.locked_offender(uuid) is
  'Internal. Somebody whom the caller may punish, locked. Refuses user.unknown, and the caller, the platform itself and people of the caller''s role or a higher one (sanction.protected).';

revoke all on function moderation.locked_offender(uuid) from public;
