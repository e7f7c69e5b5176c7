create or replace trigger count_update
after update on tracker.torrent_tag_votes
referencing old table as removed new table as added
for each statement
execute function tracker.count_tag_votes();

comment on trigger count_update on tracker.torrent_tag_votes is 'Keeps the score of the tag on the torrent.';
