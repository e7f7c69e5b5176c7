create or replace trigger mark_attached
after insert on tracker.torrents
for each row
when (new.torrent_upload_id is not null)
execute function tracker.mark_metainfo_attached();

comment on trigger mark_attached on tracker.torrents is 'Keeps media.uploads.attached_at.';
