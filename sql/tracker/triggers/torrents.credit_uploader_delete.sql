create or replace trigger credit_uploader_delete
after delete on tracker.torrents
referencing old table as removed
for each statement
execute function tracker.credit_uploader();

comment on trigger credit_uploader_delete on tracker.torrents is 'An approved upload counts for its uploader.';
