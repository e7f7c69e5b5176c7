create or replace function tracker.grant_freeleech(p_user_id uuid, p_count integer, p_use_before timestamptz default null)
returns boolean
language plpgsql
volatile
-- Tokens are written by procedures only.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_role('admin');
begin
  if not exists (
    select from core.users as person
    where person.id = p_user_id and person.deleted_at is null and person.erased_at is null
  ) then
    perform core.fail('user.unknown');
  end if;
  perform tracker.grant_tokens(p_user_id, p_count, 'staff', p_use_before);
  perform audit.record(
    'grant_freeleech', 'core.users', p_user_id, null, jsonb_build_object('count', p_count, 'use_before', p_use_before)
  );
  perform notifications.notify(
    p_user_id, 'bonus', 'You were given freeleech tokens', null, jsonb_build_object('count', p_count), me
  );
  return true;
end
$$;

comment on function tracker.grant_freeleech(uuid, integer, timestamptz) is
  E'@argument count How many tokens: 1 to 100.\nAdministrators only: gives somebody 1 to 100 freeleech tokens, which may lapse. Refuses user.unknown and freeleech_token.count_invalid. Audited; the person is told.';

revoke all on function tracker.grant_freeleech(uuid, integer, timestamptz) from public;
grant execute on function tracker.grant_freeleech(uuid, integer, timestamptz) to stoa_admin;
