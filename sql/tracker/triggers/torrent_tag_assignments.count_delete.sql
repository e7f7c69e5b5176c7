create or replace trigger count_delete
after delete on tracker.torrent_tag_assignments
referencing old table as changed
for each statement
execute function tracker.count_tag_usage();

comment on trigger count_delete on tracker.torrent_tag_assignments is 'Keeps usage_count of the tags.';
