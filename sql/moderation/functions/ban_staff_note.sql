create or replace function moderation.ban_staff_note(p_ban_id uuid)
returns text
language plpgsql
stable
-- The notes are granted to nobody.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_role('admin');
  remark text;
begin
  select ban.staff_note into remark
  from moderation.bans as ban
  where ban.id = p_ban_id
    and ban.user_id <> me;
  if not found then
    perform core.fail('user_ban.unknown');
  end if;
  return remark;
end
$$;

comment on function moderation.ban_staff_note(uuid) is
  'Administrators only: what staff noted beside a ban. Refuses one that is not there or concerns the caller (user_ban.unknown). One look-up by key.';

revoke all on function moderation.ban_staff_note(uuid) from public;
grant execute on function moderation.ban_staff_note(uuid) to stoa_admin;
