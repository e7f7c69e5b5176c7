create or replace function tracker.mark_metainfo_attached()
returns trigger
language plpgsql
-- The uploads belong to another module, whose rows nobody may update directly.
security definer
set search_path = ''
as $$
begin
  if tg_op = 'DELETE' then
    -- Nothing refers to it any more: the sweep of deleted files removes its bytes.
    update media.uploads as upload
    set deleted_at = coalesce(upload.deleted_at, now())
    where upload.id = old.torrent_upload_id;
  else
    update media.uploads as upload
    set attached_at = coalesce(upload.attached_at, now())
    where upload.id = new.torrent_upload_id;
  end if;
  return null;
end
$$;

comment on function tracker.mark_metainfo_attached() is
  'Trigger. Tells the metainfo file that a torrent refers to it, and when the torrent is purged, that nothing does.';

revoke all on function tracker.mark_metainfo_attached() from public;
