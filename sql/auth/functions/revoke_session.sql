create or replace function auth.revoke_session(p_id uuid)
returns void
language plpgsql
volatile
-- The tables of this schema are granted to nobody.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_member();
begin
  update auth.sessions
  set revoked_at = coalesce(revoked_at, now())
  where id = p_id
    and user_id = me;
  if not found then
    perform core.fail('session.unknown');
  end if;
end
$$;

comment on function auth.revoke_session(uuid) is
  'Signs one device of the caller out. Refuses a session that is not the caller''s (session.unknown). One row by its key.';

revoke all on function auth.revoke_session(uuid) from public;
grant execute on function auth.revoke_session(uuid) to stoa_member;
