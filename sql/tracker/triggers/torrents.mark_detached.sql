create or replace trigger mark_detached
after delete on tracker.torrents
for each row
when (old.torrent_upload_id is not null)
execute function tracker.mark_metainfo_attached();

comment on trigger mark_detached on tracker.torrents is 'Hands the metainfo file of a purged torrent to the sweep.';
