create or replace trigger credit_uploader_update
after update on tracker.torrents
referencing old table as removed new table as added
for each statement
execute function tracker.credit_uploader();

comment on trigger credit_uploader_update on tracker.torrents is 'An approved upload counts for its uploader.';
