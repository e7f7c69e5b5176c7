create or replace trigger count_insert
after insert on tracker.torrent_tag_votes
referencing new table as added
for each statement
execute function tracker.count_tag_votes();

comment on trigger count_insert on tracker.torrent_tag_votes is 'Keeps the score of the tag on the torrent.';
