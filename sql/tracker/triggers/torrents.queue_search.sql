create or replace trigger queue_search
after update of name, description, category_id, moderation_status, is_active, deleted_at on tracker.torrents
for each row
when (old.moderation_status = 'approved' or new.moderation_status = 'approved')
execute function tracker.queue_torrent_search();

comment on trigger queue_search on tracker.torrents is 'What an external search engine knows of a torrent follows its row.';
