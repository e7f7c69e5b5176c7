create or replace function moderation.user_addresses(p_user_id uuid, p_reason text)
returns table (ip_address inet, session_count integer, first_seen_at timestamptz, last_seen_at timestamptz)
language plpgsql
volatile
rows 10
-- Sessions are granted to nobody.
security definer
set search_path = ''
as $$
declare
  me constant uuid := core.require_role('moderator');
  why constant text := core.clean_text(p_reason, 500);
begin
  if not exists (select from core.users as person where person.id = p_user_id and person.erased_at is null) then
    perform core.fail('user.unknown');
  end if;
  perform audit.record('user_addresses', 'core.users', p_user_id, p_reason => why);

  return query
    select session.ip_address, count(*)::integer, min(session.inserted_at), max(session.last_active_at)
    from auth.sessions as session
    where session.user_id = p_user_id
      and session.ip_address is not null
    group by session.ip_address
    order by max(session.last_active_at) desc;
end
$$;

comment on function moderation.user_addresses(uuid, text) is
  E'@column first_seen_at When a session first came from there.\n@column last_seen_at When one last did.\n@column ip_address The address.\n@column session_count How many sessions came from there.\nModerators only: the network addresses of somebody''s sessions, latest first. Audited with its reason (at most 500 characters). Refuses user.unknown and an empty reason.';

revoke all on function moderation.user_addresses(uuid, text) from public;
grant execute on function moderation.user_addresses(uuid, text) to stoa_moderator;
