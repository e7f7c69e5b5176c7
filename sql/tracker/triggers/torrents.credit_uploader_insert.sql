create or replace trigger credit_uploader_insert
after insert on tracker.torrents
referencing new table as added
for each statement
execute function tracker.credit_uploader();

comment on trigger credit_uploader_insert on tracker.torrents is 'An approved upload counts for its uploader.';
