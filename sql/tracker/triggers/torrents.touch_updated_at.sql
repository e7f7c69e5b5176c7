create or replace trigger touch_updated_at
before update on tracker.torrents
for each row
execute function core.touch_updated_at();

comment on trigger touch_updated_at on tracker.torrents is 'Keeps updated_at.';
