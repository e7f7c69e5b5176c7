create or replace trigger count_insert
after insert on tracker.torrent_tag_assignments
referencing new table as changed
for each statement
execute function tracker.count_tag_usage();

comment on trigger count_insert on tracker.torrent_tag_assignments is 'Keeps usage_count of the tags.';
