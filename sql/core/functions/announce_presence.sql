create or replace function core.announce_presence()
returns trigger
language plpgsql
volatile
-- Fires for whoever writes; only the owner may announce.
security definer
set search_path = ''
as $$
declare
  people text[];
begin
  if tg_op = 'INSERT' then
    people := array(select changed.user_id::text from changed);
  else
    people := array(
      select changed.user_id::text
      from changed
      join before_change on before_change.user_id = changed.user_id
      where changed.status <> before_change.status
        or changed.visibility <> before_change.visibility
        -- Shown as offline for silence, whether or not the sweep has come by.
        or changed.last_seen_at > before_change.last_seen_at + interval '1 minute'
    );
  end if;
  perform core.announce('presence', people);
  return null;
end
$$;

comment on function core.announce_presence() is
  'Trigger of core.presence, once a statement: whose status or visibility changed, and who is back after a silence. A beat that changes neither announces nothing.';

revoke all on function core.announce_presence() from public;
