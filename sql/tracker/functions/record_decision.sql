create or replace function tracker.record_decision(
  p_torrent_id uuid,
  p_action text,
  p_reason text default null,
  p_changes jsonb default '{}'
)
returns void
language sql
volatile
set search_path = ''
begin atomic
  insert into tracker.torrent_moderation (torrent_id, moderator_id, action, reason, changes)
  values (p_torrent_id, core.current_user_id(), p_action, p_reason, p_changes);
end;

comment on function tracker.record_decision(uuid, text, text, jsonb) is
  'Internal. Adds a row to the history of a torrent: what the caller did, why, and what it changed.';

revoke all on function tracker.record_decision(uuid, text, text, jsonb) from public;
