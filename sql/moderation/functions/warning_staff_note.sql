create or replace function moderation.warning_staff_note(p_warning_id uuid)
returns text
language plpgsql
stable
-- The notes are granted to nobody.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_role('moderator');
  remark text;
begin
  select warning.staff_note into remark
  from moderation.warnings as warning
  where warning.id = p_warning_id
    and warning.user_id <> me;
  if not found then
    perform core.fail('warning.unknown');
  end if;
  return remark;
end
$$;

comment on function moderation.warning_staff_note(uuid) is
  'Moderators only: what staff noted beside a warning. Refuses one that is not there or concerns the caller (warning.unknown). One look-up by key.';

revoke all on function moderation.warning_staff_note(uuid) from public;
grant execute on function moderation.warning_staff_note(uuid) to stoa_moderator;
