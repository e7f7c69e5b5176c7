create or replace function tracker.guard_movement()
returns trigger
language plpgsql
set search_path = ''
as $$
declare
  -- What goes away elsewhere may be forgotten here: a purged torrent or request, and words of an erased person.
  loose constant text[] := array['torrent_id', 'request_id', 'description'];
begin
  if tg_op = 'UPDATE'
    and to_jsonb(new) - loose = to_jsonb(old) - loose
    and (new.torrent_id is null or new.torrent_id is not distinct from old.torrent_id)
    and (new.request_id is null or new.request_id is not distinct from old.request_id)
    and (new.description is null or new.description is not distinct from old.description)
  then
    return new;
  end if;
  raise exception 'the ledger of points only grows: % on %.% is refused', tg_op, tg_table_schema, tg_table_name
    using errcode = 'restrict_violation';
end
$$;

comment on function tracker.guard_movement() is
  'Trigger of the ledger of points: refuses every change and removal, of the owner too, but for references and words that are set to null.';

revoke all on function tracker.guard_movement() from public;
