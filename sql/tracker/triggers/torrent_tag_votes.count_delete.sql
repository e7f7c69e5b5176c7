create or replace trigger count_delete
after delete on tracker.torrent_tag_votes
referencing old table as removed
for each statement
execute function tracker.count_tag_votes();

comment on trigger count_delete on tracker.torrent_tag_votes is 'Keeps the score of the tag on the torrent.';
