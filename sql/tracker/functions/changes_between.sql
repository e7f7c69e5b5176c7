create or replace function tracker.changes_between(p_before tracker.torrents, p_after tracker.torrents)
returns jsonb
language sql
stable
set search_path = ''
begin atomic
  select coalesce(jsonb_object_agg(old.key, jsonb_build_array(old.value, new.value)), '{}')
  from jsonb_each(to_jsonb(p_before) - 'search' - 'updated_at' - 'public_uploader_id') as old (key, value)
  join jsonb_each(to_jsonb(p_after)) as new (key, value) on new.key = old.key
  where old.value <> new.value;
end;

comment on function tracker.changes_between(tracker.torrents, tracker.torrents) is
  'Internal. The fields in which two states of a torrent differ, each with the old and the new value.';

revoke all on function tracker.changes_between(tracker.torrents, tracker.torrents) from public;
